"""Entries into segments and exits from them: what they are called, as lines of a log and as rows of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import orjson
import pyarrow as pa

from flows.visitors.rows import TIME

Reason = Literal["event", "time", "merge", "edit", "current", "created", "late", "deleted"]


@dataclass(frozen=True)
class Transition:
    """A person entered a segment or left it. `at`, `since`: epoch ms; `since` of an exit is when he had entered.

    `entry` is the number of the entry, from 1; 0 if a merge brought him in. Only what `fires` is told to hooks.
    """

    id: str
    type: Literal["entered", "exited"]
    site_id: str
    segment_id: str
    segment_version: int
    person_id: str
    member_id: str
    visitor_id: str
    entry: int
    at: int
    since: int
    reason: Reason
    fires: bool

    @property
    def key(self) -> str:
        """Says its partition in the log of transitions."""
        return f"{self.site_id}/{self.person_id}"

    @property
    def line(self) -> bytes:
        """It as a record of the log."""
        return orjson.dumps(asdict(self))


def transition_id(*parts: str | int) -> str:
    """The id of what these say: the same in every run."""
    text = "\0".join(str(part) for part in parts)
    return "tr_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def rows_of_transitions(transitions: Sequence[Transition], shard: int) -> pa.Table:
    """Rows of table `transitions`."""
    texts = ("type", "site_id", "segment_id", "person_id", "member_id", "visitor_id", "reason")
    columns = {name: pa.array([getattr(one, name) for one in transitions], pa.string()) for name in texts}
    columns["transition_id"] = pa.array([one.id for one in transitions], pa.string())
    for name in ("segment_version", "entry"):
        columns[name] = pa.array([getattr(one, name) for one in transitions], pa.uint32())
    for name in ("at", "since"):
        columns[name] = pa.array([getattr(one, name) for one in transitions], pa.int64()).cast(TIME)
    columns["fires"] = pa.array([one.fires for one in transitions], pa.bool_())
    columns["shard"] = pa.array([shard] * len(transitions), pa.uint16())
    return pa.table(columns)

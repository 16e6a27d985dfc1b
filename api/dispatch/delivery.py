"""A delivery: what one hook is told of one transition, and how far that is. Pure; times are epoch ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from api.dispatch.transition import body_of, event_of, webhook_id
from flows.membership.transitions import Transition
from sql.hooks import Hook

Status = Literal["waiting", "delivered", "failed", "skipped"]
Key = tuple[str, str]  # hook id, webhook id

LEASE_MS = 60_000
"""A delivery in the memory of a process is due for another one so long after it was written."""

_MOMENT = pa.timestamp("ms", "UTC")
_SCHEMA = pa.schema(
    [
        ("site_id", pa.string()), ("hook_id", pa.string()), ("webhook_id", pa.string()), ("version", pa.uint64()),
        ("partition", pa.uint16()), ("transition_id", pa.string()), ("type", pa.string()), ("segment_id", pa.string()),
        ("person_id", pa.string()), ("member_id", pa.string()), ("visitor_id", pa.string()), ("entry", pa.uint32()), ("at", _MOMENT),
        ("status", pa.string()), ("reason", pa.string()), ("recheck", pa.bool_()), ("attempts", pa.uint16()),
        ("next_attempt_at", _MOMENT), ("last_status", pa.uint16()), ("last_error", pa.string()), ("body", pa.string()),
        ("created_at", _MOMENT), ("changed_at", _MOMENT),
    ]
)  # fmt: skip


@dataclass(slots=True)
class Delivery:
    """A row of the ledger. `body` never changes. `reason`: why it was skipped, or failed early. `forgotten`: its person is being erased,
    so it is neither sent nor written."""

    site_id: str
    hook_id: str
    webhook_id: str
    partition: int
    transition_id: str
    type: str
    segment_id: str
    person_id: str
    member_id: str
    visitor_id: str
    entry: int
    at: int
    body: str
    created_at: int
    changed_at: int
    next_attempt_at: int
    status: Status = "waiting"
    reason: str = ""
    recheck: bool = False
    attempts: int = 0
    last_status: int = 0
    last_error: str = ""
    version: int = 0
    forgotten: bool = field(default=False, compare=False)

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.hook_id, self.webhook_id

    def row(self, now: int) -> dict[str, Any]:
        """The next version of its row."""
        self.version = max(self.version + 1, now * 1000)
        return {name: getattr(self, name) for name in _SCHEMA.names}


def new_delivery(transition: Transition, hook: Hook, partition: int, now: int) -> Delivery:
    """Of a transition that was just read; due now, or after the hook's delay."""
    delay = hook.terms.delay_seconds * 1000
    return Delivery(
        site_id=transition.site_id,
        hook_id=hook.hook_id,
        webhook_id=webhook_id(transition.id, hook.hook_id),
        partition=partition,
        transition_id=transition.id,
        type=event_of(transition),
        segment_id=transition.segment_id,
        person_id=transition.person_id,
        member_id=transition.member_id,
        visitor_id=transition.visitor_id,
        entry=transition.entry,
        at=transition.at,
        body=body_of(transition).decode(),
        created_at=now,
        changed_at=now,
        next_attempt_at=transition.at + delay if delay else now,
        recheck=delay > 0,
    )


def delivery_of(row: dict[str, Any]) -> Delivery:
    """A delivery as `dispatch_rows.sql` and `deliveries.sql` tell it."""
    times = {"at": "at_ms", "next_attempt_at": "next_ms", "created_at": "created_ms", "changed_at": "changed_ms"}
    values = {name: row[times.get(name, name)] for name in _SCHEMA.names}
    return Delivery(**{**values, "recheck": bool(values["recheck"])})


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows for table `deliveries`."""
    return pa.table({one.name: pa.array([row[one.name] for row in rows], one.type) for one in _SCHEMA}, _SCHEMA)

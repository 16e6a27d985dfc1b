"""The values that the steps of the door hand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ingest.vocabulary import DEPTH_MAX, REJECTED_TEXT_CHARACTERS, Reason


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What the door must know of a site: its id, the currency (ISO 4217) of amounts that name none, the time zone (IANA) of its
    days, and the types of the traits it has declared, by name."""

    site_id: str
    currency: str
    timezone: str = "UTC"
    traits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a batch came in: the same for all its items. `received_at` is epoch milliseconds."""

    site: SiteRules
    received_at: int
    server: bool
    history: bool
    user_agent: str
    ip: str


class Draft:
    """One event on its way through the steps.

    `raw` is what came; `told` holds canonical field -> value as sent; `extra` what has no column; `record` is the line
    for the log, filled field by field.
    """

    __slots__ = ("extra", "raw", "record", "told")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.told: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.record: dict[str, Any] = {}


class Refused(Exception):
    """Raised by a step: the event is rejected for `reason`; `detail` names the place and what was found there."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands in a batch where an item could not even be read; the door turns it into a rejection at its index."""

    reason: Reason
    detail: str
    text: str


class Accepted(NamedTuple):
    """A record for the log: its key `site/visitor` or `site/member` (UTF-8), `crc32(key)`, and the JSON line without a newline."""

    key: bytes
    key_hash: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused item: its index in the batch, why, where, and the item as it came (cut at 10,000 characters)."""

    index: int
    reason: Reason
    detail: str
    event_text: str


@dataclass(slots=True)
class Verdict:
    """Every item of a batch is in exactly one of `accepted` and `rejected`; both keep the order of the batch. `members`: what the
    accepted ones tell of members besides."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    members: list[Accepted] = field(default_factory=list)

    def records(self, partitions: int) -> Sequence[tuple[int, bytes]]:
        """The accepted events, and what they tell of members, as the log takes them: (partition, line)."""
        return [(one.key_hash % partitions, one.line) for one in (*self.accepted, *self.members)]


def as_text(item: object) -> str:
    """The item as JSON for `rejected_events`, cut at 10,000 characters. Never raises for JSON values."""
    if isinstance(item, str):
        text = item
    else:
        try:
            text = orjson.dumps(_shallow(item, DEPTH_MAX)).decode()
        except TypeError:  # half a surrogate pair
            text = repr(_shallow(item, DEPTH_MAX))
    return text[:REJECTED_TEXT_CHARACTERS].encode("utf-8", "replace").decode()


def deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep in `value`; a plain value has none. No recursion."""
    layer: list[Any] = [value] if isinstance(value, dict | list) else []
    while layer:
        if levels == 0:
            return True
        levels -= 1
        below: list[Any] = []
        for holder in layer:
            for inner in holder.values() if isinstance(holder, dict) else holder:
                if isinstance(inner, dict | list):
                    below.append(inner)
        layer = below
    return False


def _shallow(value: object, levels: int) -> object:
    """The value with everything below `levels`, and numbers that JSON writers refuse, replaced by a word on them."""
    if isinstance(value, dict):
        return {str(key): _shallow(inner, levels - 1) for key, inner in value.items()} if levels else "…"
    if isinstance(value, list):
        return [_shallow(inner, levels - 1) for inner in value] if levels else "…"
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a whole number of {value.bit_length()} bits"
    return value

"""The people of members: the parts that visitors' shards told of, united into rows (docs/architecture.md, "People"), and the
profiles that shops told of (docs/members.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from flows.visitors.batch import DEVICE
from flows.visitors.limits import HORIZON, HOUR
from flows.visitors.load import append
from flows.visitors.profiles import COLUMNS as PROFILE
from flows.visitors.profiles import NOTHING, MemberRecord, after
from flows.visitors.profiles import columns as profile_columns
from flows.visitors.rows import ENTRY_COLUMNS, TIME, united
from flows.visitors.seen import kept_elsewhere, key_hashes
from flows.visitors.shard import Shard
from flows.visitors.strings import Interner
from flows.visitors.tables import HashIndex, Ints, Table

_NUMBERS = (
    "version", "first_seen", "last_seen", "device_at", "page_at", "last_viewed_at", "last_carted_at", "visits", "pageviews", "stay_ms",
    "cart_adds", "stint_start", "stint_end", "login_at", "logout_at", "latest_seen",
)  # fmt: skip
_TEXTS = (
    "member_id", "device_event", "page_event", "page_url", "page_title", "page_item", *DEVICE, *("first_" + c for c in ENTRY_COLUMNS),
)  # fmt: skip
_LISTS = {
    "visit": (("start", "end", "pageviews", "cart_adds", "entry_at"), ("entry_event", *ENTRY_COLUMNS)),
    "product": (("category_at", "views", "viewed_at", "adds", "carted_at"), ("item", "category")),
    "search": (("at",), ("term",)),
    "op": (("at", "kind", "delta", "price"), ("item", "event")),
    "order": (("at", "version", "counted", "units", "revenue"), ("id",)),
    "bought": (("order", "units"), ("item", "category")),
    "segment": (("version", "since", "entries"), ("id",)),  # what the visitor was in while he was nobody's
}
"""Columns by prefix: numbers, texts. Those of one prefix have one length."""

PART = pa.schema(
    [(name, pa.int64()) for name in _NUMBERS]
    + [(name, pa.string()) for name in _TEXTS]
    + [(f"{prefix}_{name}", pa.list_(pa.int64())) for prefix, (numbers, _) in _LISTS.items() for name in numbers]
    + [(f"{prefix}_{name}", pa.list_(pa.string())) for prefix, (_, texts) in _LISTS.items() for name in texts]
)
"""The columns of a stint's row that its state is made of: what a part tells. Times are epoch ms."""

_ABSENT: dict[str, Any] = {
    f.name: [] if pa.types.is_list(f.type) else 0 if pa.types.is_int64(f.type) else "" for f in PART
}

_OF_TEXT = {f.name for f in PART if pa.types.is_string(f.type.value_type if pa.types.is_list(f.type) else f.type)}
_INT64 = 1 << 63

Row = Mapping[str, Any]


class PartRecord(NamedTuple):
    """What a member has of one visitor, on its way to his person (`key`: site_id/member_id); whole, so a repeat changes nothing."""

    key: str
    offset: int  # in the log of the member's shard
    visitor_id: str
    version: int  # in the log of the visitor's shard
    rows: Mapping[int, Row]  # by the stint's begin: the columns of PART that are not empty
    at: int = 0  # end of the tick it tells of, epoch ms; 0: not told
    open: bool = False  # more of that tick is on its way
    fresh: bool = True  # not all that changed was late


PersonRecord = PartRecord | MemberRecord
"""What a person is made of."""


class _Row(NamedTuple):
    begin: int
    last_seen: int
    text: bytes  # JSON


class _Part(NamedTuple):
    version: int
    rows: tuple[_Row, ...]  # by begin; none if nothing is left of it

    @property
    def nbytes(self) -> int:
        return sum(len(row.text) for row in self.rows)


@dataclass
class _Person:
    parts: dict[str, _Part] = field(default_factory=dict)  # by visitor id
    version: int = 0
    latest_seen: int = 0  # the greatest that any row of his ever said
    touched_at: int = 0
    place: int = -1  # in the table of the people
    profile: bytes = NOTHING

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self.parts.values()) + len(self.profile)

    @property
    def empty(self) -> bool:
        """Whether nothing is known of him (any more)."""
        return not self.profile and not any(part.rows for part in self.parts.values())


class Joined(NamedTuple):
    """The keys of those who changed; the segments that visitors brought along who are theirs now, as (id, version, since); and who had
    been another person before."""

    news: set[str]
    brought: dict[str, list[tuple[str, int, int]]]
    merged: list[str]


def _brought(rows: Mapping[int, Row], known: _Part | None) -> list[tuple[str, int, int]]:
    """Segments that the stints of a part were in and that are news."""
    told = {row.begin for row in known.rows if b'"segment_id"' in row.text} if known is not None else ()
    return [
        (segment_id, version, since)
        for begin, row in rows.items()
        if begin not in told
        for segment_id, version, since in zip(
            row.get("segment_id", ()), row.get("segment_version", ()), row.get("segment_since", ()), strict=True
        )
        if since
    ]


def rows_for_parts(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of stints as parts tell them: their columns of PART that are not empty."""
    told = [f for f in PART if f.name in table.column_names]  # of segments only where there are any
    columns = [_plain(table[f.name].combine_chunks(), f.type).to_pylist() for f in told]
    return [
        {f.name: value for f, value in zip(told, values, strict=True) if value} for values in zip(*columns, strict=True)
    ]


def _plain(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column with its times as epoch ms."""
    told = column.type.value_type if pa.types.is_list(column.type) else column.type
    if pa.types.is_timestamp(told):
        column = column.cast(pa.list_(TIME) if pa.types.is_list(column.type) else TIME)
    return column.cast(kind)


def check_row(row: Any) -> Row:
    """A part's row if it is one. Raises ValueError or TypeError for what a shard could not have sent."""
    if not isinstance(row, dict):
        raise TypeError("row: an object is needed")
    for name, value in row.items():
        if name not in _ABSENT or type(value) is not type(_ABSENT[name]):
            raise TypeError(f"row: {name[:40]!r} cannot be {value!r:.80}")
        wanted = str if name in _OF_TEXT else int
        for one in value if isinstance(value, list) else [value]:
            if type(one) is not wanted or (isinstance(one, int) and not -_INT64 <= one < _INT64):
                raise TypeError(f"row: {name} cannot hold {one!r:.80}")
    for prefix, (numbers, texts) in _LISTS.items():
        lengths = {len(row.get(f"{prefix}_{name}", ())) for name in (*numbers, *texts)}
        if len(lengths) > 1:
            raise ValueError(f"row: columns {prefix}_ have different lengths")
    orders = len(row.get("order_id", ()))
    if any(not 0 <= order < orders for order in row.get("bought_order", ())):
        raise ValueError("row: a line of an order that is not there")
    return row


class People:
    """The people of the members of one shard. Memory holds who was seen in the last 8 days, and who was told of in the last hour, as
    the JSON of their parts and profiles."""

    def __init__(self) -> None:
        self.dormant = HashIndex()  # key hashes of people that have a row but are not in memory
        self._people: dict[str, _Person] = {}
        self._table = Table(site=("i4", 0), last_seen=("i8", 0))
        self._sites = Interner()
        self._changed: dict[str, None] = {}
        self._bytes = 0  # of parts and profiles

    def __len__(self) -> int:
        return len(self._people)

    def __contains__(self, key: object) -> bool:
        return key in self._people

    def keys(self) -> Iterable[str]:
        """Those in memory, as site_id/member_id."""
        return self._people.keys()

    def seen_at(self, keys: Sequence[str]) -> Ints:
        """When some people in memory were seen last (epoch ms, 0: never), shape (len(keys),)."""
        places = np.array([self._people[key].place for key in keys], np.int64)
        seen: Ints = self._table["last_seen"][places]
        return seen

    def touch(self, key: str) -> None:
        """Have the row of one of them written."""
        self._changed[key] = None

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of `keys` (site_id/member_id) whose rows must be loaded first: known, but not in memory."""
        return kept_elsewhere(dict.fromkeys(keys), self._people, self.dormant)

    def apply(self, records: Iterable[PersonRecord], now: int) -> Joined:
        """Take parts and members' data in, in the order of the log; older versions of what is known change nothing."""
        joined = Joined(set(), {}, [])
        for record in records:
            person = self._people.get(record.key) or self._met(record.key, _Person())
            if isinstance(record, MemberRecord):
                if self._tell(person, record, now):
                    joined.news.add(record.key)
                continue
            known = person.parts.get(record.visitor_id)
            if record.offset <= person.version or (known is not None and known.version >= record.version):
                continue
            rows = (
                _Row(begin, row.get("last_seen", 0), orjson.dumps(row)) for begin, row in sorted(record.rows.items())
            )
            part = person.parts[record.visitor_id] = _Part(record.version, tuple(rows))
            person.version, person.touched_at = record.offset, now
            self._bytes += part.nbytes - (known.nbytes if known else 0)
            self._count(person)
            self._changed[record.key] = None
            joined.news.add(record.key)
            if brought := _brought(record.rows, known):
                joined.brought.setdefault(record.key, []).extend(brought)
            if known is None and len(person.parts) > 1:
                joined.merged.append(record.key)
        return joined

    def _tell(self, person: _Person, record: MemberRecord, now: int) -> bool:
        """Take a member's data in; whether it was news. Who gets none keeps his version: his row has the record in it."""
        person.touched_at = now
        if record.offset <= person.version:
            return False
        profile = after(person.profile, record.as_of, record.told)
        if profile is person.profile:
            return False
        self._bytes += len(profile) - len(person.profile)
        person.profile, person.version = profile, record.offset
        self._changed[record.key] = None
        return True

    def load(self, rows: pa.Table, now: int) -> None:
        """Take rows of people into memory (those who are there already are left alone)."""
        names = ("site_id", "person", "version", "part_visitor", "part_version", "part_row", "profile")
        table = pa.table({name: rows[name] for name in names})
        table = table.append_column("latest_seen", _plain(rows["latest_seen"].combine_chunks(), pa.int64()))
        table = table.append_column("part_start", _plain(rows["part_start"].combine_chunks(), pa.list_(pa.int64())))
        for row in table.to_pylist():
            key = f"{row['site_id']}/{row['person']}"
            if key in self._people:
                continue
            parts: dict[str, _Part] = {}
            told = zip(row["part_visitor"], row["part_start"], row["part_version"], row["part_row"], strict=True)
            for visitor_id, begin, version, text in told:
                kept = _Row(begin, orjson.loads(text).get("last_seen", 0), text.encode())
                known = parts.get(visitor_id)
                parts[visitor_id] = _Part(version, (*(known.rows if known else ()), kept))
            profile = row["profile"].encode()
            person = self._met(key, _Person(parts, row["version"], row["latest_seen"], now, profile=profile))
            self._count(person)
            self._bytes += person.nbytes

    def _met(self, key: str, person: _Person) -> _Person:
        person.place = int(self._table.append(site=self._sites.codes([key.partition("/")[0]]))[0])
        self._people[key] = person
        return person

    def _count(self, person: _Person) -> None:
        seen = max((row.last_seen for part in person.parts.values() for row in part.rows), default=0)
        person.latest_seen = max(person.latest_seen, seen)
        self._table["last_seen"][person.place] = seen

    def forget(self, key: str, offset: int) -> None:
        """Drop what is known of a person up to an offset of the log; his next row says that he is gone."""
        person = self._people.get(key)
        if person is not None and person.version < offset:
            person.version = offset
            self._bytes -= person.nbytes
            person.parts.clear()
            person.profile = NOTHING
            self._count(person)
            self._changed[key] = None

    def take_changed(self) -> list[str]:
        """Keys of those who changed since the last call."""
        changed, self._changed = list(self._changed), {}
        return changed

    def rows(self, keys: Sequence[str], number: int, wanted: frozenset[str] | None = None) -> pa.Table:
        """Rows of some people, shape (len(keys),); `number` is the shard's. `wanted`: only these columns are sure to be there."""
        scratch, people = Shard(), [self._people[key] for key in keys]
        told: list[dict[str, Any]] = []
        visitors: list[str] = []
        owner: list[int] = []
        for i, (key, person) in enumerate(zip(keys, people, strict=True)):
            for visitor_id, row in _rows_of(person):
                told.append({**_ABSENT, **orjson.loads(row.text)})
                visitors.append(f"{key.partition('/')[0]}/{visitor_id}")
                owner.append(i)
        slots = append(scratch, pa.Table.from_pylist(told, PART), visitors, 0) if told else np.empty(0, np.int64)
        unseen = sorted(set(range(len(keys))) - set(owner))
        for i in unseen:
            scratch.leave(keys[i], 0, 0, 0)
        owners = np.r_[np.array(owner, np.int64), unseen].astype(np.int64)
        order = np.argsort(owners, kind="stable")
        slots = np.r_[slots, len(slots) + np.arange(len(unseen))].astype(np.int64)
        table = united(scratch, slots[order], owners[order], as_one=False, wanted=wanted)
        logins = np.zeros(len(keys), np.int64)
        np.maximum.at(logins, np.array(owner, np.int64), np.array([row["login_at"] for row in told], np.int64))
        own = {**_own_columns(keys, people, number), "login_at": pa.array(logins).cast(TIME)}
        profiles = [person.profile for person in people]
        return with_columns(table, own | profile_columns(profiles, PROFILE.names if wanted is None else wanted))

    def drop_empty(self, keys: Iterable[str]) -> None:
        """Forget those of whom nothing is left; their last rows are made."""
        empty = [key for key in keys if key in self._people and self._people[key].empty]
        self._drop(empty)

    def _drop(self, keys: Iterable[str]) -> None:
        for key in keys:
            person = self._people.pop(key)
            self._table["last_seen"][person.place] = 0
            self._table.free(np.array([person.place]))
            self._bytes -= person.nbytes

    def seen_since(self, time: int) -> dict[str, int]:
        """How many were seen at or after a time (epoch ms, not 0), by site."""
        sites = self._table["site"][self._table["last_seen"] >= time]
        return dict(zip(self._sites.strings, np.bincount(sites, minlength=len(self._sites)).tolist(), strict=True))

    def let_go(self, keys: Iterable[str]) -> None:
        """Say that people need not stay in memory: nothing came of them lately."""
        for key in keys:
            if key in self._people:
                self._people[key].touched_at = 0

    def evict(self, now: int, steady: int) -> int:
        """Forget people who can be in no window any more (their rows stay in the store); returns how many. As `Shard.evict`."""
        last_seen = self._table["last_seen"]
        gone = [
            key
            for key, person in self._people.items()
            if last_seen[person.place] < now - HORIZON
            and person.touched_at < steady - HOUR
            and key not in self._changed
        ]
        self.dormant.insert(key_hashes(gone))
        self._drop(gone)
        return len(gone)

    @property
    def nbytes(self) -> int:
        """Bytes of the parts, profiles, columns and the index held."""
        return self.dormant.nbytes + self._table.nbytes + self._bytes


def _rows_of(person: _Person) -> list[tuple[str, _Row]]:
    """The rows of all parts, with their visitors, in the order they count."""
    return [(visitor_id, row) for visitor_id, part in sorted(person.parts.items()) for row in part.rows]


def _own_columns(keys: Sequence[str], people: Sequence[_Person], number: int) -> dict[str, pa.Array]:
    """The columns of people's rows that are not made of their parts' columns."""
    n = len(keys)
    members = [key.partition("/")[2] for key in keys]
    parts = [
        [(visitor_id, person.parts[visitor_id].version, row) for visitor_id, row in _rows_of(person)]
        for person in people
    ]

    def lists(kind: pa.DataType, of: Any) -> pa.Array:
        return pa.array([[of(*part) for part in held] for held in parts], pa.list_(kind))

    return {
        "site_id": pa.array([key.partition("/")[0] for key in keys], pa.string()),
        "visitor_id": pa.array([""] * n, pa.string()),
        "person": pa.array(members, pa.string()),
        "member_id": pa.array(members, pa.string()),
        "gone": pa.array([person.empty for person in people], pa.bool_()),
        "shard": pa.array(np.full(n, number, np.uint16)),
        "key_hash": pa.array(key_hashes(keys)),
        "version": pa.array([person.version for person in people], pa.uint64()),
        "latest_seen": pa.array([person.latest_seen for person in people], pa.int64()).cast(TIME),
        "part_visitor": lists(pa.string(), lambda visitor_id, version, row: visitor_id),
        "part_start": lists(pa.int64(), lambda visitor_id, version, row: row.begin).cast(pa.list_(TIME)),
        "part_version": lists(pa.uint64(), lambda visitor_id, version, row: version),
        "part_row": lists(pa.string(), lambda visitor_id, version, row: row.text.decode()),
    }


def people_keys_of(rows: pa.Table) -> list[str]:
    """`site_id/member_id` of each row of a person."""
    return [f"{s}/{m}" for s, m in zip(rows["site_id"].to_pylist(), rows["person"].to_pylist(), strict=True)]


def with_columns(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """A table with some columns more, or in the place of its own."""
    return pa.table({**columns, **{name: table[name] for name in table.column_names if name not in columns}})

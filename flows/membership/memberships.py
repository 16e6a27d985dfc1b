"""Which segments people are in, as columns: one row a person, one a segment he is or was in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.membership.definitions import NEVER
from flows.visitors.batch import Bools
from flows.visitors.load import numbers_of
from flows.visitors.rows import TIME
from flows.visitors.strings import Interner
from flows.visitors.tables import NONE, Ints, Table, chain, walk

NEW = -1
"""As `basis`: met just now, by an event."""

ENDED = -2
"""As `basis`: no person any more, because the visitor logged in; what he was in goes with him."""

COLUMNS = (
    "in_segments", "segment_id", "segment_version", "segment_since", "segment_entries", "segments_at", "segments_basis", "segments_due",
)  # fmt: skip
"""The columns of `visitors` that this is kept in (sql/migrations/0032_memberships.sql)."""


class Memberships:
    """The people of one shard, visitors or members, by key (site_id/visitor_id or site_id/member_id).

    `people`: `due`, when time makes a difference; `pending`, end of the tick in which something changed; `at`, judged last;
    `basis`, definitions applied; `held_until` (wall clock), not judged before because an answer is on its way; `fresh`, something
    changed that is not late; `merged`, two people became one. `held`: a row a person and segment; `since` is 0 if he is not in it.
    All times epoch ms.
    """

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.keys: list[str] = []  # by place
        self.segments = Interner()
        self.people = Table(
            due=("i8", NEVER), pending=("i8", NEVER), at=("i8", 0), basis=("i8", NEW), begin=("i8", 0), held_until=("i8", 0),
            fresh=("?", False), merged=("?", False), head=("i4", NONE), site=("i4", 0),
        )  # fmt: skip
        self.held = Table(
            place=("i4", 0),
            segment=("i4", 0),
            version=("i4", 0),
            since=("i8", 0),
            entries=("i4", 0),
            before=("i4", NONE),
        )
        self.sites = Interner()

    def __len__(self) -> int:
        return len(self.places)

    def known(self, keys: Sequence[str]) -> Ints:
        """The place of each person, NONE if he has none, shape (len(keys),)."""
        return np.fromiter(map(self.places.get, keys, repeat(NONE)), np.int64, len(keys))

    def place(self, keys: Sequence[str]) -> Ints:
        """The place of each person (keys are different), shape (len(keys),); who is new gets one."""
        found = self.known(keys)
        strangers = np.flatnonzero(found == NONE)
        if len(strangers):
            names = [keys[i] for i in strangers.tolist()]
            new = self.people.append(site=self.sites.codes(name.partition("/")[0] for name in names))
            for name, place in zip(names, new.tolist(), strict=True):
                self.places[name] = place
                if place == len(self.keys):
                    self.keys.append(name)
                else:
                    self.keys[place] = name
            found[strangers] = new
        return found

    def forget(self, keys: Iterable[str]) -> None:
        """Drop what is known of some people."""
        gone = np.array([self.places.pop(key) for key in keys if key in self.places], np.int64)
        if len(gone):
            self.clear(gone)
            p = self.people
            p["due"][gone] = p["pending"][gone] = NEVER
            p["basis"][gone] = ENDED
            p.free(gone)

    def clear(self, places: Ints) -> None:
        """Empty the lists of segments of some people."""
        rows, _ = walk(self.held, self.people["head"][places].astype(np.int64))
        self.held["since"][rows] = 0
        self.held["segment"][rows] = 0
        self.held.free(rows)
        self.people["head"][places] = NONE

    def put(self, place: Ints, segment: Ints, version: Ints, since: Ints, entries: Ints) -> Ints:
        """Add rows of `held`, sorted by place."""
        rows = self.held.append(place=place, segment=segment, version=version, since=since, entries=entries)
        chain(self.held, self.people["head"], place, rows)
        return rows

    def add(self, place: int, segment_id: str) -> int:
        """A row of `held` for a person who never was in a segment."""
        code = self.segments.codes([segment_id])
        return int(self.put(np.array([place]), code, *(np.zeros(1, np.int64) for _ in range(3)))[0])

    def bring(self, place: int, brought: Sequence[tuple[str, int, int]]) -> None:
        """Have a person in segments, as (id, version, since), that he was in as another one: he has not entered them. Until he is judged
        their `version` is negative."""
        held = self.held_by(place)
        for segment_id, version, since in brought:
            row = held.get(segment_id)
            if row is None:
                row = self.add(place, segment_id)
            if self.held["since"][row] == 0:
                self.held["since"][row], self.held["version"][row] = since, -version

    def settle_brought(self, rows: Ints, truth: Bools) -> Bools:
        """Judge the rows that were brought along: where a person is not in the segment as the one he is now he never was. Returns who
        is in, shape of `rows`."""
        brought = self.held["version"][rows] < 0
        self.held["version"][rows[brought]] *= -1
        self.held["since"][rows[brought & ~truth]] = 0
        return ~(brought & ~truth)

    def held_by(self, place: int) -> dict[str, int]:
        """The rows of `held` of one person, by segment."""
        rows, _ = walk(self.held, self.people["head"][[place]].astype(np.int64))
        codes = self.held["segment"][rows].tolist()
        return {self.segments.strings[code]: row for code, row in zip(codes, rows.tolist(), strict=True)}

    # -- rows of `visitors`

    def load(self, keys: Sequence[str], rows: pa.Table, begins: Ints | None = None, ended: Bools | None = None) -> None:
        """Take in what rows of `visitors` say (`keys`: whose); who is here already is left alone. `begins`: of stints; `ended`: where the
        stint is a member's."""
        if not len(rows) or "segments_basis" not in rows.column_names:
            return
        told = numbers_of(rows["segments_basis"]), numbers_of(rows["segments_at"]), numbers_of(rows["segments_due"])
        wanted = np.array([key not in self.places for key in keys], np.bool_)
        wanted &= (told[0] > 0) | (told[1] > 0)
        picked = np.flatnonzero(wanted)
        if begins is not None and len(picked):  # of a visitor's stints the last one counts
            picked = picked[np.argsort(begins[picked], kind="stable")]
            picked = np.array(sorted({keys[i]: i for i in picked.tolist()}.values()), np.int64)
        if not len(picked):
            return
        places = self.place([keys[i] for i in picked.tolist()])
        p = self.people
        p["basis"][places], p["at"][places] = told[0][picked], told[1][picked]
        p["due"][places] = np.where(told[2][picked] > 0, told[2][picked], NEVER)
        if begins is not None:
            p["begin"][places] = begins[picked]
        if ended is not None:
            p["basis"][places[ended[picked]]] = ENDED
            p["due"][places[ended[picked]]] = NEVER
        part = rows.select(["segment_id", "segment_version", "segment_since", "segment_entries"]).take(pa.array(picked))
        lists = {name: part[name].combine_chunks() for name in part.column_names}
        owner = np.repeat(places, numbers_of(pc.list_value_length(lists["segment_id"])))
        order = np.argsort(owner, kind="stable")
        self.put(
            owner[order],
            self.segments.codes_of(lists["segment_id"].flatten())[order],
            *(numbers_of(lists[f"segment_{name}"].flatten())[order] for name in ("version", "since", "entries")),
        )

    def columns(
        self, keys: Sequence[str], begins: Ints | None = None, persons: Bools | None = None
    ) -> dict[str, pa.Array]:
        """COLUMNS for rows of `visitors` of some keys, empty for who has no place, or (`begins`) is known for another stint.
        Where a row is not in `persons`, nothing is in `in_segments`."""
        places = self.known(keys)
        p = self.people
        there = places != NONE
        if begins is not None:
            there[there] &= p["begin"][places[there]] == begins[there]
        heads = np.where(there, p["head"][places] if p.size else NONE, NONE)
        rows, position = walk(self.held, heads.astype(np.int64))
        order = np.lexsort((self.held["segment"][rows], position))
        rows, position = rows[order], position[order]
        n = len(keys)
        since = self.held["since"][rows]
        inside = since > 0
        if persons is not None:
            inside &= persons[position]

        def lists(where: Ints, values: pa.Array) -> pa.Array:
            offsets = np.r_[0, np.cumsum(np.bincount(where, minlength=n))].astype(np.int32)
            return pa.ListArray.from_arrays(pa.array(offsets), values)

        ids = self.segments.take(self.held["segment"][rows].astype(np.int64))

        def times(name: str) -> pa.Array:
            told = p[name][places] if p.size else np.zeros(n, np.int64)
            return pa.array(np.where(there & (told > 0) & (told < NEVER), told, 0)).cast(TIME)

        due = (
            np.where(there, np.minimum(p["due"][places], p["pending"][places]), 0) if p.size else np.zeros(n, np.int64)
        )
        return {
            "in_segments": lists(position[inside], ids.filter(pa.array(inside))),
            "segment_id": lists(position, ids),
            "segment_version": lists(position, pa.array(np.abs(self.held["version"][rows]).astype(np.uint32))),
            "segment_since": lists(position, pa.array(since).cast(TIME)),
            "segment_entries": lists(position, pa.array(self.held["entries"][rows].astype(np.uint32))),
            "segments_at": times("at"),
            "segments_basis": times("basis"),
            "segments_due": pa.array(np.where(due < NEVER, due, 0)).cast(TIME),
        }

    # -- figures

    def counts(self) -> dict[tuple[str, str], int]:
        """How many are in each segment, by site and segment."""
        rows = np.flatnonzero((self.held["since"] > 0) & (self.people["basis"][self.held["place"]] != ENDED))
        if not len(rows):
            return {}
        site = self.people["site"][self.held["place"][rows]].astype(np.int64)
        pairs, counts = np.unique((site << 32) | self.held["segment"][rows], return_counts=True)
        return {
            (self.sites.strings[pair >> 32], self.segments.strings[pair & 0xFFFFFFFF]): count
            for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
        }

    def bases(self, site_id: str) -> Ints:
        """`basis` of each person of a site."""
        code = int(self.sites.codes([site_id])[0])
        p = self.people
        found: Ints = p["basis"][(p["site"] == code) & (p["basis"] != ENDED)]
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of the columns held."""
        return self.people.nbytes + self.held.nbytes

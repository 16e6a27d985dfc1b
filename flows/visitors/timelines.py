"""Events -> the stints they belong to, in a shard's tables: what logins and logouts do to its rows (docs/architecture.md, "People")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from flows.visitors.batch import LOGOUT, Batch, intern_used
from flows.visitors.load import append
from flows.visitors.rows import TIME, united
from flows.visitors.stints import Stint, TimeLine
from flows.visitors.tables import NONE, Ints

if TYPE_CHECKING:
    from flows.visitors.shard import Shard

History = Callable[[Sequence[str], int], Batch]
"""The events of some visitors (site_id/visitor_id) up to an offset of the log, once each."""


TOLD = ("begin", "member", "end", "login_at", "logout_at")
"""What a row says of its stint, besides when it was seen."""


def stint_of(shard: Shard, last: Ints, at: Ints) -> Ints:
    """The stint, as a slot, that a time lies in for a visitor whose last stint is told, shape of `at`."""
    v = shard.visitors
    slot = last.copy()
    before = np.flatnonzero((at < v["begin"][slot]) & (v["earlier"][slot] != NONE))
    while len(before):
        slot[before] = v["earlier"][slot[before]]
        before = before[(at[before] < v["begin"][slot[before]]) & (v["earlier"][slot[before]] != NONE)]
    return slot


def stints_of(shard: Shard, key: str) -> list[int]:
    """Slots of a visitor's stints, oldest first."""
    earlier, found = shard.visitors["earlier"], [shard.slots[key]]
    while (slot := int(earlier[found[-1]])) != NONE:
        found.append(slot)
    return found[::-1]


def place(shard: Shard, events: Batch, last: Ints, slot: Ints, rows: Ints, now: int) -> tuple[Ints, Ints]:
    """The stints of new events (`rows` of a batch) after their logins and logouts, as slots, shape (n,); and the visitors, codes of
    `events.visitor`, that a late tie cut: nothing was done for them."""
    v, at = shard.visitors, events.occurred_at[rows]
    logout = events.name[rows] == LOGOUT
    login = events.member.present()[rows] & ~logout
    open_until = v["end"][last[rows]]
    beyond = (open_until > 0) & (at >= open_until)
    hard = beyond | logout
    if login.any():
        member = np.zeros(len(rows), np.int64)
        member[login] = intern_used(shard.words, events.member, rows[login])
        same = login & (member == v["member"][last[rows]]) & (at >= v["begin"][last[rows]])
        same &= ~beyond & (open_until != at + 1)
        hard |= login & ~same
    elif not hard.any():
        return slot, np.empty(0, np.int64)
    else:
        member, same = np.zeros(len(rows), np.int64), login
    visitor = events.visitor.codes[rows]
    concerned = np.isin(visitor, np.unique(visitor[hard]))
    np.maximum.at(v["login_at"], last[rows][same & ~concerned], at[same & ~concerned])
    if not concerned.any():
        return slot, np.empty(0, np.int64)
    picked = np.flatnonzero(concerned)
    picked = picked[np.lexsort((logout[picked], at[picked], visitor[picked]))]
    placing = _Placing(shard)
    for i, row in zip(picked.tolist(), rows[picked].tolist(), strict=True):
        placing.take(int(visitor[i]), int(last[row]), row, int(at[i]), int(member[i]), logout=bool(logout[i]))
    placing.finish(events, now)
    slot = slot.copy()
    slot[placing.rows] = placing.slots()
    return slot, np.array(placing.late, np.int64)


class _Placing:
    """Time lines of the visitors of a batch whose stints change."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.late: list[int] = []
        self.rows: list[int] = []
        self._stints: list[Stint] = []
        self._lines: dict[int, TimeLine] = {}
        self._taken: dict[int, list[tuple[int, Stint]]] = {}

    def take(self, visitor: int, last: int, row: int, at: int, member: int, *, logout: bool) -> None:
        """Place an event; those of one visitor come in order of time."""
        line = self._lines.get(visitor)
        if line is None:
            slots = stints_of(self.shard, self.shard.keys[last])
            line = self._lines[visitor] = TimeLine([self._stint(slot) for slot in slots])
            for stint in line.stints:  # whatever becomes of them
                self.shard.tell(self.shard.keys[last], stint.member)
            self._taken[visitor] = []
        if not logout:
            self.shard.tell(self.shard.keys[last], member)
        self._taken[visitor].append((row, line.place(at, member, logout=logout)))

    def _stint(self, slot: int) -> Stint:
        v = self.shard.visitors
        stint = Stint(slot=slot)
        for name in (*TOLD, "first_seen", "last_seen"):
            setattr(stint, name, int(v[name][slot]))
        return stint

    def finish(self, events: Batch, now: int) -> None:
        """Make the tables what the time lines say."""
        together: list[Stint] = []
        lines: list[TimeLine] = []
        for visitor, line in self._lines.items():
            if line.late:
                self.late.append(visitor)
                continue
            lines.append(line)
            self.rows += [row for row, _ in self._taken[visitor]]
            self._stints += [stint for _, stint in self._taken[visitor]]
            together += [stint for stint in line.stints if any(more.slot >= 0 for more in stint.united)]
        if together:
            offsets = dict(zip(map(id, self._stints), events.offset[self.rows].tolist(), strict=True))
            self._unite(together, [offsets[id(stint)] for stint in together], now)
        for line in lines:
            key = self.shard.keys[next(stint.slot for stint in line.stints if stint.slot >= 0)]
            for stint in line.stints:
                if stint.slot < 0:
                    stint.slot = int(self.shard.new_slots([key])[0])
            for stint in line.stints:
                write_stint(self.shard, stint)

    def slots(self) -> list[int]:
        """Of each of `rows`."""
        into = {id(more): stint for line in self._lines.values() for stint in line.stints for more in stint.united}
        return [into.get(id(stint), stint).slot for stint in self._stints]

    def _unite(self, stints: list[Stint], offsets: list[int], now: int) -> None:
        """Make one row of those that turned out to be one stint."""
        shard, v = self.shard, self.shard.visitors
        groups = [[stint.slot, *(more.slot for more in stint.united if more.slot >= 0)] for stint in stints]
        slots, owner = np.concatenate(groups), np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        table = united(shard, slots, owner, as_one=True)
        keys = [shard.keys[group[0]] for group in groups]
        earlier = [int(v["earlier"][group[0]]) for group in groups]
        latest = [int(np.maximum(v["latest_seen"][group], v["last_seen"][group]).max()) for group in groups]
        table = table.append_column("latest_seen", pa.array(latest, pa.int64()).cast(TIME))
        for group, key, offset in zip(groups, keys, offsets, strict=True):
            for slot in group[1:]:
                shard.leave(key, int(v["begin"][slot]), offset, int(max(v["latest_seen"][slot], v["last_seen"][slot])))
        shard.retire(slots)
        new = append(shard, with_stints(table, stints, shard), keys, now)
        shard.visitors["earlier"][new] = earlier
        for stint, slot in zip(stints, new.tolist(), strict=True):
            stint.slot = slot


def write_stint(shard: Shard, stint: Stint) -> None:
    """Write a stint to its slot."""
    v = shard.visitors
    for name in TOLD:
        v[name][stint.slot] = getattr(stint, name)


def with_stints(table: pa.Table, stints: Sequence[Stint], shard: Shard) -> pa.Table:
    """A table with the columns that tell of stints, a row each."""
    told = {"stint_start": "begin", "stint_end": "end", "login_at": "login_at", "logout_at": "logout_at"}
    for name, field in told.items():
        table = table.append_column(name, pa.array([getattr(s, field) for s in stints], pa.int64()).cast(TIME))
    members = [shard.words.strings[stint.member] for stint in stints]
    return table.append_column("member_id", pa.array(members, pa.string()))

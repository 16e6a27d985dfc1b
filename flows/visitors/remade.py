"""Visitors made again from their raw events: where a late login or logout cuts what is summed up, or a part of them is erased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flows.visitors.batch import LOGOUT, Batch
from flows.visitors.load import append
from flows.visitors.rows import rows_of
from flows.visitors.stints import NOBODY, Stint, Tie, cut, stint_at
from flows.visitors.tables import NONE, Ints
from flows.visitors.timelines import History, stints_of, with_stints, write_stint

if TYPE_CHECKING:
    from flows.visitors.shard import Shard


class Erased(NamedTuple):
    """That a visitor's events of some time, up to an offset of the log, were erased: they may still be found for a while."""

    key: str  # site_id/visitor_id
    begin: int
    until: int
    offset: int


def visitors_again(shard: Shard, events: Batch, rows: Ints, again: Ints, history: History | None, now: int) -> None:
    """Make some visitors (codes of `events.visitor`) again from all their events: those of the past, and new ones, `rows` of a batch."""
    if history is None:
        raise ValueError("without its history a visitor cannot be cut")
    keys = [events.visitor.words[code] for code in again.tolist()]
    rows = rows[np.isin(events.visitor.codes[rows], again)]
    new = {(_key(events, row), bytes(events.event_id[row])) for row in rows.tolist()}
    past, old = _past(shard, keys, history)
    old = np.array([row for row in old.tolist() if (_key(past, row), bytes(past.event_id[row])) not in new], np.int64)
    remade = _Remade(shard, keys, [(past, old), (events, rows)], now)
    newest = {_key(events, row): int(events.offset[row]) for row in rows[np.argsort(events.offset[rows])].tolist()}
    for key in keys:
        remade.replace(key, max(newest[key], _applied(shard, key)), now)
    remade.take_folded()


def erase(shard: Shard, key: str, member: str, begin: int, until: int, offset: int, history: History, now: int) -> None:
    """Forget the stints of a visitor that are a member's ('' is nobody) and begin in a range: what is left is as if they had never
    been. `offset`: of the record that says so; stints with later records stay."""
    v = shard.visitors
    before = stints_of(shard, key)
    chosen = [
        i
        for i, slot in enumerate(before)
        if shard.words.strings[v["member"][slot]] == member
        and begin <= v["begin"][slot] < until
        and v["version"][slot] < offset
    ]
    if not chosen:
        return
    begins = [int(v["begin"][slot]) for slot in before]
    for i in chosen:
        end = begins[i + 1] if i + 1 < len(begins) else 1 << 62
        shard.erased.append(Erased(key, begins[i], end, offset))
    told = [_past(shard, [key], history)] if len(chosen) < len(before) else []
    remade = _Remade(shard, [key], told, now)
    remade.replace(key, offset, now, without=[before[i] for i in chosen])
    remade.take_folded()


def _key(batch: Batch, row: int) -> str:
    key: str = batch.visitor.words[batch.visitor.codes[row]]
    return key


def _applied(shard: Shard, key: str) -> int:
    return int(shard.visitors["version"][stints_of(shard, key)].max())


def _past(shard: Shard, keys: Sequence[str], history: History) -> tuple[Batch, Ints]:
    """The events that visitors' rows were made of, as rows of a batch. What is written but in no row yet will be read again."""
    upto = {key: _applied(shard, key) for key in keys}
    past = history(keys, max(upto.values()))
    erased = [one for one in shard.erased if one.key in upto]

    def counts(row: int) -> bool:
        key, at, offset = _key(past, row), past.occurred_at[row], past.offset[row]
        gone = any(one.key == key and one.begin <= at < one.until and offset <= one.offset for one in erased)
        return bool(offset <= upto[key]) and not gone

    return past, np.array([row for row in range(len(past)) if counts(row)], np.int64)


class _Remade:
    """Some visitors in a shard of their own, made from their events."""

    def __init__(self, shard: Shard, keys: Sequence[str], told: Sequence[tuple[Batch, Ints]], now: int) -> None:
        """`told`: their events, as rows of batches."""
        self.shard, self.scratch = shard, type(shard)()
        ties = self._ties(told)
        self.stints: dict[str, list[Stint]] = {key: cut(ties.get(key, ())) for key in keys}
        placed = [(batch, rows, [self._find(batch, row) for row in rows.tolist()]) for batch, rows in told]
        for key, stints in self.stints.items():
            used = {id(stint) for _, _, found in placed for stint in found}
            self.stints[key] = stints = [stint for stint in stints if id(stint) in used]
            for stint, slot in zip(stints, self.scratch.new_slots([key] * len(stints)).tolist(), strict=True):
                stint.slot = slot
                write_stint(self.scratch, replace(stint, member=NOBODY))  # its code is the shard's
        for batch, rows, found in placed:
            if len(rows):
                slot = np.full(len(batch), NONE, np.int64)
                slot[rows] = [stint.slot for stint in found]
                self.scratch.apply_new(batch, slot, rows, now)
        self.moved: dict[int, int] = {}  # slot here -> slot there

    def _ties(self, told: Sequence[tuple[Batch, Ints]]) -> dict[str, list[Tie]]:
        """Logins and logouts by visitor."""
        ties: dict[str, list[Tie]] = {}
        for batch, rows in told:
            for row in rows.tolist():
                logout = bool(batch.name[row] == LOGOUT)
                member = "" if logout else batch.member.words[batch.member.codes[row]]
                if logout or member:
                    code = int(self.shard.words.codes([member])[0]) if member else NOBODY
                    tie = Tie(int(batch.occurred_at[row]), not logout, bytes(batch.event_id[row]), code)
                    ties.setdefault(_key(batch, row), []).append(tie)
        return ties

    def _find(self, batch: Batch, row: int) -> Stint:
        return stint_at(self.stints[_key(batch, row)], int(batch.occurred_at[row]))

    def replace(self, key: str, version: int, now: int, without: Collection[int] = ()) -> None:
        """Put a visitor's stints as they are here in the place of those in the shard; the orders of some slots are not taken over."""
        shard, v = self.shard, self.shard.visitors
        before = stints_of(shard, key)
        stints = self.stints[key]
        self._bring_orders([slot for slot in before if slot not in without], stints)
        slots = np.array([stint.slot for stint in stints], np.int64)
        table = rows_of(self.scratch, slots, 0).drop_columns(
            ["stint_start", "stint_end", "login_at", "logout_at", "member_id"]
        )
        lost: dict[int, int] = {}
        latest = {stint.begin: 0 for stint in stints}
        for slot in before:
            begin, member = int(v["begin"][slot]), int(v["member"][slot])
            seen = int(max(v["latest_seen"][slot], v["last_seen"][slot]))
            if begin in latest:
                latest[begin] = seen
            else:
                lost[begin] = seen
            shard.tell(key, member, version)
        shard.retire(np.array(before))
        del shard.slots[key]
        for begin, seen in lost.items():
            shard.leave(key, begin, version, seen)
        new = append(shard, with_stints(table, stints, shard), [key] * len(stints), now)
        v = shard.visitors
        v["version"][new] = version
        v["latest_seen"][new] = np.maximum(v["latest_seen"][new], [latest[stint.begin] for stint in stints])
        v["changed"][new] = v["untold"][new] = True
        self.moved |= dict(zip(slots.tolist(), new.tolist(), strict=True))

    def _bring_orders(self, before: Sequence[int], stints: Sequence[Stint]) -> None:
        orders = [order for slot in before for order in self.shard.orders_of(slot)]
        placed: list[tuple[int, dict[str, Any]]] = []
        for order in orders:
            placed.append((stint_at(stints, order["occurred_at"]).slot, order))
        if placed:
            placed.sort(key=lambda one: one[0])
            self.scratch.append_orders([slot for slot, _ in placed], [order for _, order in placed])

    def take_folded(self) -> None:
        """Hand on what was folded away of them."""
        folded = self.scratch.take_folded()
        if folded is not None:
            strings = self.scratch.entries.strings
            self.shard.fold_away(
                replace(
                    folded,
                    slot=np.array([self.moved[slot] for slot in folded.slot.tolist()]),
                    entry=self.shard.entries.codes(strings[code] for code in folded.entry.tolist()),
                )
            )

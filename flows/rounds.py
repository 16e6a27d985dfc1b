"""A stretch of the log in rounds: in each of them at most one tick of every visitor. Visitors do not depend on each other, so it does
not matter that rounds mix their times; so a stretch of many ticks takes a few rounds, not one a tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.judge import LATE, tick_of
from flows.visitors.batch import Bools, Words
from flows.visitors.limits import DAY
from flows.visitors.people import PersonRecord
from flows.visitors.profiles import MemberRecord
from flows.visitors.shard import OrderRecord
from flows.visitors.tables import Ints, changed, runs


@dataclass(frozen=True)
class Round:
    """Events with their offsets and orders; whose they are (all different), the end of each one's tick, and whether something of his is
    not late."""

    events: pa.Table
    offsets: Ints
    orders: list[OrderRecord]
    keys: list[str]
    ticks: Ints
    fresh: Bools


def rounds(events: pa.Table, offsets: Ints, orders: Sequence[OrderRecord]) -> Iterator[Round]:
    """Events and orders of a stretch, each visitor's in the order of the log."""
    n = len(events)
    visitor = Words.of(pc.binary_join_element_wise(events["site_id"], events["visitor_id"], "/").combine_chunks())
    words = list(visitor.words)
    places = {word: place for place, word in enumerate(words)}
    for order in orders:
        if places.setdefault(order.key, len(words)) == len(words):
            words.append(order.key)
    received, occurred = (events[name].combine_chunks().to_numpy() for name in ("received_at", "occurred_at"))
    code = np.r_[visitor.codes, np.array([places[order.key] for order in orders], np.int64)].astype(np.int64)
    tick = tick_of(np.r_[received, np.array([order.at for order in orders], np.int64)].astype(np.int64))
    happened = np.r_[occurred, np.array([order.order["occurred_at"] for order in orders], np.int64)]
    offset = np.r_[offsets, np.array([order.offset for order in orders], np.int64)]
    if not len(code):
        return
    by = np.lexsort((offset, code))
    code, tick = code[by], tick[by]
    fresh = happened[by] > tick - LATE
    tick, number = _numbered(code, tick)
    for r in range(int(number.max()) + 1):
        mine = np.flatnonzero(number == r)
        starts = runs(changed(code[mine]))
        heads = mine[starts]
        chosen = np.sort(by[mine])
        of_events = chosen[chosen < n]
        whole = len(of_events) == n
        yield Round(
            events if whole else events.take(pa.array(of_events)).combine_chunks(),
            offsets if whole else offsets[of_events],
            [orders[i - n] for i in chosen[chosen >= n].tolist()],
            [words[c] for c in code[heads].tolist()],
            tick[heads],
            np.logical_or.reduceat(fresh[mine], starts),
        )


def _numbered(code: Ints, tick: Ints) -> tuple[Ints, Ints]:
    """Ticks that never go back within a code (which are sorted), and which of its ticks each is: 0, 1, 2 ..."""
    least, group = int(tick.min()), np.cumsum(changed(code)) - 1
    base = group * (int(tick.max()) - least + 1)
    tick = np.maximum.accumulate(tick - least + base) - base + least
    count = np.cumsum(changed(code, tick))
    start = np.maximum.accumulate(np.where(changed(code), count, 0))
    return tick, count - start


def tick_of_record(record: PersonRecord) -> int:
    """The end of the tick that something told of a member belongs to."""
    return int(tick_of(np.array([record.received_at]))[0]) if isinstance(record, MemberRecord) else record.at


def is_fresh(record: PersonRecord) -> bool:
    """Whether it is not late. Members' data is synchronised once a day in many shops."""
    return record.received_at - record.as_of < DAY if isinstance(record, MemberRecord) else record.fresh


def rounds_of_people(records: Sequence[PersonRecord]) -> Iterator[list[PersonRecord]]:
    """What is told of members, so that in each round all of one member's is of one tick."""
    left = list(records)
    while left:
        this: list[PersonRecord] = []
        later: list[PersonRecord] = []
        tick: dict[str, int] = {}
        shut: set[str] = set()
        for record in left:
            at = tick_of_record(record)
            if record.key in shut or tick.setdefault(record.key, at) != at:
                shut.add(record.key)
                later.append(record)
            else:
                this.append(record)
        yield this
        left = later

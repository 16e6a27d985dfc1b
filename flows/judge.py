"""Keeps the people of one shard in their segments: looks at whom something happened to, and at whom time made a difference.

Log time is cut into ticks by `received_at`. A person is judged at the end of each tick in which something of his changed, on the state
before the next one, and at the moments at which time alone makes a difference. So what he enters and leaves is a function of the log,
whatever the blocks it is read in. No IO, no clock: `wall` is epoch ms of the wall clock, all other times are of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from flows.membership.definitions import NEVER, Registry, SiteDefinitions
from flows.membership.judging import Asked, Person, Problems, ended, judge
from flows.membership.memberships import ENDED, Memberships
from flows.membership.transitions import Reason, Transition
from flows.visitors.batch import Bools
from flows.visitors.limits import HORIZON, HOUR
from flows.visitors.people import Joined, People
from flows.visitors.profiles import NOTHING, columns
from flows.visitors.rows import TIME, columns_of
from flows.visitors.shard import Shard
from flows.visitors.stints import NOBODY
from flows.visitors.tables import NONE, Ints

TICK = 200
"""Milliseconds. What changes and changes back within a tick is not seen."""

LATE = HOUR
"""An event that came so long after it happened, or later, fires nothing."""

AT_ONCE = 5_000
"""People judged in one go."""

ANSWERED_WITHIN = 10_000
"""Milliseconds that a person is not judged at most because an answer is on its way: an order, or the rest of a part."""


COUNTS = pa.schema(
    [
        ("site_id", pa.string()), ("segment_id", pa.string()), ("at", TIME), ("shard", pa.uint16()), ("segment_version", pa.uint32()),
        ("members", pa.uint64()), ("people", pa.uint64()), ("evaluated", pa.uint64()), ("as_of", TIME), ("problem", pa.string()),
    ]
)  # fmt: skip


def tick_of(received_at: Ints) -> Ints:
    """The end of the tick of each time."""
    ticks: Ints = (received_at // TICK + 1) * TICK
    return ticks


class Judge:
    """The people of one shard: visitors nobody knows, and members."""

    def __init__(self, shard: Shard, people: People, number: int) -> None:
        self.visitors, self.members = Memberships(), Memberships()
        self.registry = Registry()
        self._shard, self._people, self._number = shard, people, number
        self._found: list[Transition] = []
        self._problems: Problems = {}
        self._waiting: dict[str, set[str]] = {}  # visitors who have more to tell, by member

    # -- definitions

    def define(self, registry: Registry) -> None:
        """Take new definitions: everybody in memory is judged by them when they begin to count."""
        if registry.number == self.registry.number:
            return
        self.registry = registry
        v = self._shard.visitors
        nobody = np.flatnonzero(v["alive"] & (v["member"] == NOBODY) & (v["last_seen"] > 0))
        self._enroll(self.visitors, [self._shard.keys[slot] for slot in nobody.tolist()], self._seen_visitors)
        self._enroll(self.members, list(self._people.keys()), self._people.seen_at)
        for state in (self.visitors, self.members):
            p = state.people
            for code, site in self._sites(state):
                places = np.flatnonzero((p["site"] == code) & (p["basis"] >= 0))
                p["due"][places] = np.minimum(p["due"][places], site.next_moment(p["basis"][places]))

    def enroll(self, visitors: Sequence[str], members: Sequence[str]) -> None:
        """Judge people who came into memory without anything having happened to them."""
        self._enroll(
            self.visitors,
            [key for key in visitors if key in self._shard.slots and not self._is_members(key)],
            self._seen_visitors,
        )
        self._enroll(self.members, [key for key in members if key in self._people], self._people.seen_at)

    def _sites(self, state: Memberships) -> list[tuple[int, SiteDefinitions]]:
        names = state.sites.strings
        return [(code, self.registry.sites[name]) for code, name in enumerate(names) if name in self.registry.sites]

    def _enroll(self, state: Memberships, keys: Sequence[str], seen_at: Callable[[Sequence[str]], Ints]) -> None:
        """Give those who are in memory and were never judged a place: they match what they match already."""
        sites = self.registry.sites
        keys = [key for key in keys if key not in state.places and key.partition("/")[0] in sites]
        if keys:
            places, p = state.place(keys), state.people
            p["basis"][places], p["at"][places] = 0, seen_at(keys)
            first = {key.partition("/")[0] for key in keys}
            moment = {name: int(sites[name].next_moment(np.zeros(1, np.int64))[0]) for name in first}
            p["due"][places] = [moment[key.partition("/")[0]] for key in keys]
            if state is self.visitors:
                p["begin"][places] = self._shard.visitors["begin"][self._slots(keys)]

    def _seen_visitors(self, keys: Sequence[str]) -> Ints:
        seen: Ints = self._shard.visitors["last_seen"][self._slots(keys)]
        return seen

    def _slots(self, keys: Sequence[str]) -> Ints:
        return np.fromiter((self._shard.slots.get(key, NONE) for key in keys), np.int64, len(keys))

    # -- what happens to people

    def visitors_before(self, keys: Sequence[str], ticks: Ints, wall: int) -> list[str]:
        """Before something of some visitors (all different) is applied: judge who is to be judged before these ticks.

        Returns members' visitors whose last tick has to be told first."""
        self._enroll(self.visitors, [key for key in keys if key in self._shard.slots], self._seen_visitors)
        self._catch_up(self.visitors, keys, ticks, wall)
        state = self.visitors
        places = state.known(keys)
        there = np.flatnonzero(places != NONE)
        untold = there[state.people["pending"][places[there]] < ticks[there]]
        return [keys[i] for i in untold.tolist() if self._is_members(keys[i])]

    def visitors_after(self, keys: Sequence[str], ticks: Ints, fresh: Bools) -> None:
        """After it was applied. `fresh`: whether it was not all late."""
        self._begin_again(keys, ticks)
        self._after(self.visitors, keys, ticks, fresh)

    def _begin_again(self, keys: Sequence[str], ticks: Ints) -> None:
        """Where a member logged out, or a late login cut a time line, another person begins who was never judged."""
        state, v = self.visitors, self._shard.visitors
        p, places, slots = state.people, state.known(keys), self._slots(keys)
        there = np.flatnonzero((places != NONE) & (slots != NONE))
        place, slot = places[there], slots[there]
        other = (p["basis"][place] == ENDED) | (p["begin"][place] != v["begin"][slot])
        for i in there[other & (v["member"][slot] == NOBODY)].tolist():
            self._end(state, int(places[i]), keys[i], int(ticks[i]))
            state.clear(places[[i]])
            p["begin"][places[i]], p["pending"][places[i]] = v["begin"][slots[i]], NEVER
            p["basis"][places[i]] = self.registry.sites[keys[i].partition("/")[0]].basis(ticks[[i]] - TICK)[0]

    def members_before(self, keys: Sequence[str], ticks: Ints, wall: int) -> None:
        """`visitors_before`, for what members' people are told."""
        self._enroll(self.members, [key for key in keys if key in self._people], self._people.seen_at)
        self._catch_up(self.members, keys, ticks, wall)

    def members_after(self, keys: Sequence[str], ticks: Ints, fresh: Bools, joined: Joined) -> None:
        """`visitors_after`. Who was in a segment as a visitor is in it as a member, without entering it."""
        state = self.members
        self._after(state, keys, ticks, fresh)
        for key, brought in joined.brought.items():
            if key in state.places:
                state.bring(state.places[key], brought)
        places = state.known(joined.merged)
        state.people["merged"][places[places != NONE]] = True

    def _after(self, state: Memberships, keys: Sequence[str], ticks: Ints, fresh: Bools) -> None:
        sites = self.registry.sites
        wanted = [i for i, key in enumerate(keys) if key.partition("/")[0] in sites]
        keys, ticks, fresh = [keys[i] for i in wanted], ticks[wanted], fresh[wanted]
        new = [i for i, key in enumerate(keys) if key not in state.places]
        places, p = state.place(keys), state.people
        for i in new:
            p["basis"][places[i]] = sites[keys[i].partition("/")[0]].basis(ticks[[i]] - TICK)[0]
            if state is self.visitors and keys[i] in self._shard.slots:
                p["begin"][places[i]] = self._shard.visitors["begin"][self._shard.slots[keys[i]]]
        pending = p["pending"][places]
        p["pending"][places] = np.where(pending == NEVER, ticks, np.maximum(pending, ticks))
        p["fresh"][places] |= fresh

    def hold(self, key: str, wall: int) -> None:
        """Do not judge a visitor before he is released: an answer is on its way."""
        self._hold(self.visitors, key, wall + ANSWERED_WITHIN)

    def release(self, key: str) -> None:
        """Judge a visitor again."""
        self._hold(self.visitors, key, 0)

    def hold_member(self, key: str, visitor_id: str, wall: int) -> None:
        """Do not judge a member before a visitor of his has told the rest (`wall` 0: he has)."""
        waiting = self._waiting.setdefault(key, set())
        if wall:
            waiting.add(visitor_id)
            self._hold(self.members, key, wall + ANSWERED_WITHIN)
        else:
            waiting.discard(visitor_id)
            if not waiting:
                del self._waiting[key]
                self._hold(self.members, key, 0)

    def _hold(self, state: Memberships, key: str, until: int) -> None:
        if key in state.places:
            state.people["held_until"][state.places[key]] = until

    def is_held(self, key: str, wall: int) -> bool:
        """Whether a visitor waits for an answer."""
        place = self.visitors.places.get(key, NONE)
        return place != NONE and bool(self.visitors.people["held_until"][place] > wall)

    def told(self, key: str) -> tuple[int, bool]:
        """The tick in which a visitor changed last (0 if none is open), and whether that was not all late."""
        place = self.visitors.places.get(key, NONE)
        if place == NONE or self.visitors.people["pending"][place] == NEVER:
            return 0, True
        return int(self.visitors.people["pending"][place]), bool(self.visitors.people["fresh"][place])

    def was_told(self, key: str) -> None:
        """A member's visitor's tick is over and told."""
        place = self.visitors.places.get(key, NONE)
        if place != NONE and self._is_members(key):
            p = self.visitors.people
            self._judge(self.visitors, np.array([place]))
            p["pending"][place], p["fresh"][place] = NEVER, False

    # -- time

    def advance(self, clock: int, settled: int, wall: int) -> bool:
        """Judge everyone whose moment has come. `clock`: everything received until then is applied; `settled`: and what it leads to
        elsewhere, too. Returns whether more are left than are judged at once."""
        left = False
        for state, timers in ((self.visitors, clock), (self.members, settled)):
            p = state.people
            ripe = ((p["pending"] <= clock) | (p["due"] <= timers)) & (p["held_until"] <= wall) & (p["basis"] != ENDED)
            places = np.flatnonzero(ripe)
            left |= len(places) > AT_ONCE
            if len(places):
                self._judge(state, places[:AT_ONCE])
        return left

    def _catch_up(self, state: Memberships, keys: Sequence[str], ticks: Ints, wall: int) -> None:
        places = state.known(keys)
        there = places != NONE
        places, ticks = places[there], ticks[there]
        p = state.people
        while len(places):
            ripe = (p["pending"][places] < ticks) | (p["due"][places] <= ticks - TICK)
            ripe &= (p["held_until"][places] <= wall) & (p["basis"][places] != ENDED)
            places, ticks = places[ripe], ticks[ripe]
            if len(places):
                self._judge(state, places)

    def _judge(self, state: Memberships, places: Ints) -> None:
        people = self._visitors(state, places) if state is self.visitors else self._members(state, places)
        p = state.people
        for site_id, chosen, persons, rows in people:
            due, pending, at = p["due"][chosen], p["pending"][chosen], p["at"][chosen]
            now = np.maximum(np.minimum(due, pending), at)
            reasons: list[Reason] = [
                "time" if by_time else "late" if not fresh else "merge" if merged else "event"
                for by_time, merged, fresh in zip(
                    (due <= pending - TICK).tolist(),
                    p["merged"][chosen].tolist(),
                    p["fresh"][chosen].tolist(),
                    strict=True,
                )
            ]
            asked = Asked(site_id, state, chosen, persons, rows, now, reasons)
            found = judge(asked, self.registry.sites[site_id], self.registry.online_minutes, self._problems)
            over = chosen[pending <= now]
            p["pending"][over], p["fresh"][over], p["merged"][over] = NEVER, False, False
            moved = {one.person_id for one in found}
            self._mark(state, [i for i, person in enumerate(persons) if person.person_id in moved], chosen, now)
            self._found += found

    def _mark(self, state: Memberships, moved: Sequence[int], places: Ints, now: Ints) -> None:
        """Have the rows written of those who moved, and of those who are only here because their time came."""
        keys = [state.keys[place] for place in places.tolist()]
        if state is self.members:
            seen = self._people.seen_at(keys)
            for i in {*moved, *np.flatnonzero(seen < now - HORIZON).tolist()}:
                self._people.touch(keys[i])
        else:
            slots, v = self._slots(keys), self._shard.visitors
            v["changed"][slots[list(moved)]] = True
            v["changed"][slots[v["last_seen"][slots] < now - HORIZON]] = True

    def _visitors(self, state: Memberships, places: Ints) -> list[tuple[str, Ints, list[Person], pa.Table]]:
        """Of some visitors those who are people, by site, with their rows; what became of the others is settled."""
        p, v = state.people, self._shard.visitors
        keys = [state.keys[place] for place in places.tolist()]
        slots = self._slots(keys)
        state.forget(keys[i] for i in np.flatnonzero(slots == NONE).tolist())
        here = slots != NONE
        places, slots, keys = (
            places[here],
            slots[here],
            [key for key, is_here in zip(keys, here, strict=True) if is_here],
        )
        members = v["member"][slots] != NOBODY
        for i in np.flatnonzero(members).tolist():
            moment = min(p["pending"][places[i]], p["due"][places[i]])
            self._end(state, int(places[i]), keys[i], int(moment) if moment < NEVER else 0)
            v["changed"][slots[i]] = True
        persons = ~members
        return self._by_site(
            state,
            places[persons],
            [
                Person("", keys[i].partition("/")[2], int(v["begin"][slots[i]]))
                for i in np.flatnonzero(persons).tolist()
            ],
            lambda chosen, wanted: self._rows(slots[persons][chosen], wanted),
        )

    def _rows(self, slots: Ints, wanted: frozenset[str]) -> pa.Table:
        """Rows of visitors, with the columns that only members have where they are wanted."""
        found, n = columns_of(self._shard, slots, wanted), len(slots)
        lacking = wanted - found.keys()
        of_members = columns([NOTHING] * n, lacking) if lacking else {}
        nothing = dict.fromkeys(lacking - of_members.keys(), pa.array([[]] * n, pa.list_(pa.string())))
        return pa.table({**found, **of_members, **nothing})

    def _end(self, state: Memberships, place: int, key: str, moment: int) -> None:
        """Somebody nobody knew is a member's now."""
        p = state.people
        if p["basis"][place] == ENDED:
            return
        site_id, _, visitor_id = key.partition("/")
        at = max(moment, int(p["at"][place]))
        person = Person("", visitor_id, int(p["begin"][place]))
        self._found += ended(state, place, site_id, person, at, fires=bool(p["fresh"][place]))
        p["basis"][place], p["due"][place], p["at"][place] = ENDED, NEVER, at

    def _members(self, state: Memberships, places: Ints) -> list[tuple[str, Ints, list[Person], pa.Table]]:
        keys = [state.keys[place] for place in places.tolist()]
        here = np.array([key in self._people for key in keys], np.bool_)
        state.forget(keys[i] for i in np.flatnonzero(~here).tolist())
        kept = [key for key, is_here in zip(keys, here, strict=True) if is_here]
        return self._by_site(
            state,
            places[here],
            [Person(key.partition("/")[2], "") for key in kept],
            lambda chosen, wanted: self._people.rows([kept[i] for i in chosen.tolist()], self._number, wanted),
        )

    def _by_site(
        self, state: Memberships, places: Ints, persons: list[Person], rows: Callable[[Ints, frozenset[str]], pa.Table]
    ) -> list[tuple[str, Ints, list[Person], pa.Table]]:
        found = []
        sites = state.people["site"][places]
        for code in np.unique(sites).tolist():
            chosen = np.flatnonzero(sites == code)
            name = state.sites.strings[code]
            if name in self.registry.sites:
                made = rows(chosen, self.registry.sites[name].columns)
                found.append((name, places[chosen], [persons[i] for i in chosen.tolist()], made))
            else:  # its last segment was forgotten
                state.people["due"][places[chosen]] = state.people["pending"][places[chosen]] = NEVER
        return found

    def _is_members(self, key: str) -> bool:
        slot = self._shard.slots.get(key, NONE)
        return slot != NONE and bool(self._shard.visitors["member"][slot] != NOBODY)

    # -- rows

    def load_visitors(self, keys: Sequence[str], rows: pa.Table) -> None:
        """Take in what rows of visitors say of their segments."""
        begins = rows["stint_start"].combine_chunks().cast(TIME).cast(pa.int64()).to_numpy()
        ended = np.array([member != "" for member in rows["member_id"].to_pylist()], np.bool_)
        self.visitors.load(keys, rows, begins, ended)
        self._renew(self.visitors, keys)

    def load_members(self, keys: Sequence[str], rows: pa.Table) -> None:
        """Take in what rows of people say of their segments."""
        self.members.load(keys, rows)
        self._renew(self.members, keys)

    def _renew(self, state: Memberships, keys: Sequence[str]) -> None:
        """Those who were away are judged by what was defined meanwhile."""
        places, p = state.known(list(dict.fromkeys(keys))), state.people
        places = places[places != NONE]
        for code, site in self._sites(state):
            mine = places[(p["site"][places] == code) & (p["basis"][places] >= 0)]
            p["due"][mine] = np.minimum(p["due"][mine], site.next_moment(p["basis"][mine]))

    def visitor_columns(self, slots: Ints) -> dict[str, pa.Array]:
        """Columns of segments for the rows of some stints; none while there was never a segment."""
        if not self.visitors:
            return {}
        v = self._shard.visitors
        keys = [self._shard.keys[slot] for slot in slots.tolist()]
        return self.visitors.columns(keys, v["begin"][slots], v["member"][slots] == NOBODY)

    def member_columns(self, keys: Sequence[str]) -> dict[str, pa.Array]:
        """Columns of segments for the rows of some members' people."""
        return self.members.columns(keys) if self.members else {}

    def forget_gone(self) -> None:
        """Drop those who are in memory no more."""
        self.visitors.forget([key for key in self.visitors.places if key not in self._shard.slots])
        self.members.forget([key for key in self.members.places if key not in self._people])

    def forget_visitor(self, key: str) -> None:
        """Drop what is known of a visitor: he was erased."""
        self.visitors.forget([key])

    def forget_member(self, key: str) -> None:
        """Drop what is known of a member: he was erased."""
        self.members.forget([key])

    def counts(self, at: int, as_of: int) -> pa.Table:
        """Rows of table `segment_counts`: how many people are in each segment, and how far new definitions are applied."""
        inside = [(state, state.counts()) for state in (self.visitors, self.members)]
        rows = []
        for site_id, site in self.registry.sites.items():
            bases = np.concatenate([state.bases(site_id) for state, _ in inside])
            for one in site.definitions:
                if one.deleted or not one.effective_at <= as_of < one.until:
                    continue
                rows.append(
                    {
                        "site_id": site_id,
                        "segment_id": one.segment_id,
                        "at": at,
                        "shard": self._number,
                        "segment_version": one.version,
                        "members": sum(found.get((site_id, one.segment_id), 0) for _, found in inside),
                        "people": len(bases),
                        "evaluated": int((bases >= one.effective_at).sum()),
                        "as_of": as_of,
                        "problem": one.problem or self._problems.get((site_id, one.segment_id, one.version), ""),
                    }
                )
        return pa.Table.from_pylist(rows, COUNTS)

    def take(self) -> list[Transition]:
        """Who entered and left since the last call."""
        found, self._found = self._found, []
        return found

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.visitors.nbytes + self.members.nbytes

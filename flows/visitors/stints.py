"""A visitor's time line, cut into stints: stretches that belong to one person (docs/architecture.md, "People")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from flows.visitors.limits import HORIZON

NOBODY = 0
"""Code of the member '' whom a stint of nobody known belongs to."""


@dataclass(eq=False)
class Stint:
    """One stint; times are epoch ms, 0 is none."""

    begin: int = 0
    member: int = NOBODY  # a code
    end: int = 0  # first millisecond after the logout that ended it
    login_at: int = 0  # last login
    logout_at: int = 0  # last logout that ended nothing, while it is nobody's
    first_seen: int = 0
    last_seen: int = 0
    slot: int = -1  # -1: not in the shard's table yet
    united: list[Stint] = field(default_factory=list)  # with these that came later, at a login of the same member


def stint_at(stints: Sequence[Stint], at: int) -> Stint:
    """The stint a time lies in (oldest first, at least one); the first has what is before it, too: there was another that is erased."""
    return next((stint for stint in reversed(stints) if stint.begin <= at), stints[0])


class TimeLine:
    """The stints of one visitor, oldest first, and how the next event of his changes them.

    `late`: a tie came that cuts what is summed up already. The stints do not hold then: `cut` tells them from all ties.
    """

    def __init__(self, stints: list[Stint]) -> None:
        self.stints, self.late = stints, False

    def _is_beyond(self, stint: Stint, at: int) -> bool:
        return bool(stint is self.stints[-1] and stint.end and at >= stint.end)

    def place(self, at: int, member: int, *, logout: bool) -> Stint:
        """The stint of a new event, as the event leaves it; `member` is its code, NOBODY without."""
        stint = stint_at(self.stints, at)
        if logout:
            stint = self._logged_out(stint, at)
        elif member != NOBODY:
            stint = self._logged_in(stint, at, member)
        elif self._is_beyond(stint, at):
            stint = self._begin(stint.end)
        stint.first_seen = min(stint.first_seen or at, at)
        stint.last_seen = max(stint.last_seen, at)
        return stint

    def _begin(self, begin: int, member: int = NOBODY) -> Stint:
        self.stints.append(Stint(begin, member))
        return self.stints[-1]

    def _logged_out(self, stint: Stint, at: int) -> Stint:
        if self._is_beyond(stint, at):
            stint = self._begin(stint.end)
        if stint.member == NOBODY:
            stint.logout_at = max(stint.logout_at, at)
        elif stint.login_at >= at or stint.end == at + 1:
            pass  # he logged in again, or it is known
        elif stint is self.stints[-1] and not stint.end and at >= stint.last_seen:
            stint.end = at + 1
        else:
            self.late = True
        return stint

    def _logged_in(self, stint: Stint, at: int, member: int) -> Stint:
        if self._is_beyond(stint, at):
            if member == stint.member:
                stint.end = 0
            else:
                stint = self._begin(stint.end, member)
        elif stint.member == NOBODY:
            self.late |= stint.logout_at > at
            stint.member, stint.logout_at = member, 0
            if len(self.stints) > 1 and self.stints[-2].member == member:
                stint = self._unite()
        elif stint.member == member:
            self.late |= stint.end == at + 1  # a login outranks a logout of its millisecond
        elif stint is self.stints[-1] and not stint.end and at > stint.last_seen:
            stint = self._begin(at, member)
        else:
            self.late = True
        stint.login_at = max(stint.login_at, at)
        return stint

    def _unite(self) -> Stint:
        """The last two are one member's after all."""
        stint, more = self.stints[-2], self.stints.pop()
        # what is folded away or counted for good there would be other in one stint with what came before
        self.late |= more.last_seen - more.first_seen > HORIZON
        stint.end, stint.last_seen = more.end, max(stint.last_seen, more.last_seen)
        stint.united += [more, *more.united]
        return stint


class Tie(NamedTuple):
    """A login, or a logout (`member` is NOBODY, `login` false). They sort as they count: the last of a millisecond decides."""

    at: int
    login: bool
    event_id: bytes
    member: int


def cut(ties: Iterable[Tie]) -> list[Stint]:
    """The stints of a visitor with all these ties, in any order, oldest first; which have events is not looked at."""
    stints, logout_at = [Stint()], 0
    for at, together in groupby(sorted(ties), lambda tie: tie.at):
        last, member = stints[-1], list(together)[-1].member  # of several logins the greatest event id's
        if member == NOBODY:
            if last.end or last.member == NOBODY:
                logout_at = at
            else:
                last.end = at + 1
            continue
        if last.member not in (NOBODY, member):
            last = Stint(last.end or at, member)
            stints.append(last)
        last.member, last.end, last.login_at, logout_at = member, 0, at, 0
    if stints[-1].end:
        stints.append(Stint(stints[-1].end))
    if stints[-1].member == NOBODY:
        stints[-1].logout_at = logout_at
    return stints

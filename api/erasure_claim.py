"""What of a shop's data is a person's that is to be erased: by visitor, time and place in the log. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import orjson

from flows.erasure import OPEN, Copy, Range
from flows.visitors.stints import NOBODY, Tie, cut

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
"""Characters that are written the same in JSON, JSON within JSON, and URLs."""


class Erased(NamedTuple):
    """A stretch of a visitor's time that a record erased, as far as the log went then; in which round."""

    visitor_id: str
    begin: int
    until: int
    upto: int  # offset of the record
    round: int


@dataclass
class Claim:
    """A person of a site: a member, or (`member_id` '') a visitor nobody knows; and what was found of him.

    `mark` begins the marks of the records. `stints`: what the records ask to erase. `upto`: the offset of the last record about a visitor,
    `upto_person` of that about the member. `seen`, `sent`: how far the log of each partition went when the erasure was asked for, and after
    the last records. `erased`: what the records did erase. `copies`: purchases and refunds in it, by transaction. `kept`: transactions and
    visitors who sent a copy that was not erased. `shared`: visitors that
    are others' too. Times are epoch ms, a range's `until` is the first moment after it.
    """

    site_id: str
    member_id: str
    visitor_id: str = ""
    mark: str = ""
    stints: list[Range] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    upto: dict[str, int] = field(default_factory=dict)
    upto_person: int = 0
    erased: list[Erased] = field(default_factory=list)
    copies: dict[str, list[Copy]] = field(default_factory=dict)
    kept: list[tuple[str, str]] = field(default_factory=list)

    @property
    def visitors(self) -> list[str]:
        """Every visitor the person had a stint on."""
        return sorted({stint.visitor_id for stint in self.stints})

    @property
    def own(self) -> list[str]:
        """Visitors that were the person's alone."""
        return [visitor for visitor in self.visitors if visitor not in self.shared]

    @property
    def extent(self) -> tuple[int, int, int]:
        """Grows when there is more to tell the flow: of stints, of copies, or of somebody who went on after the first records."""
        return len(self.stints), sum(map(len, self.copies.values())), sum(one.round > 1 for one in self.erased)

    def owns(self, visitor_id: str, at: int) -> bool:
        """Whether what a visitor did at a time was done by the person, as far as was known when it was asked for."""
        return any(stint.holds(visitor_id, at) for stint in self.stints)

    def owns_event(self, visitor_id: str, at: int, offset: int) -> bool:
        """Whether an event was erased."""
        return any(
            one.visitor_id == visitor_id and one.begin <= at < one.until and offset <= one.upto for one in self.erased
        )

    def owns_transition(self, member_id: str, visitor_id: str, at: int) -> bool:
        """Whether an entry or exit of that moment was the person's: the member's, or a visitor's while nobody knew who he was."""
        if member_id:
            return member_id == self.member_id
        return self.owns(visitor_id, at) or (not self.stints and bool(visitor_id) and visitor_id == self.visitor_id)

    def owns_visit(self, visitor_id: str, begin: int, rounds: int) -> bool:
        """Whether a visit was erased in that round."""
        return any(
            one.visitor_id == visitor_id and one.begin <= begin < one.until and one.round == rounds
            for one in self.erased
        )

    def owns_copy(self, transaction_id: str, visitor_id: str, event_id: str) -> bool:
        """Whether a purchase or refund was erased."""
        return (visitor_id, event_id) in self.copies.get(transaction_id, ())

    def owns_order(self, transaction_id: str, visitor_id: str) -> bool:
        """Whether a visitor's copies of an order were erased, all of them."""
        erased = any(visitor_id == visitor for visitor, _ in self.copies.get(transaction_id, ()))
        return erased and (transaction_id, visitor_id) not in self.kept

    def names_only(self, visitor_id: str, at: int, member_id: str, partition: int, offset: int) -> bool:
        """Whether an event is somebody else's and names the member all the same: a logout, a bot's, the lesser of two logins."""
        return bool(
            self.member_id
            and member_id == self.member_id
            and offset <= self.seen[partition]
            and not self.owns_event(visitor_id, at, offset)
        )

    def add_erased(self, visitor_id: str, events: Sequence[Mapping[str, Any]], rounds: int) -> None:
        """Note what the last record about a visitor has erased: the person's stints among those that all events up to it make.

        `events`: those up to the record (`erasure_events.sql`).
        """
        codes, ties = {"": NOBODY}, []
        for row in events:
            login = bool(row["member_id"]) and row["name"] != "logout"
            if not row["bot"] and (login or row["name"] == "logout"):
                code = codes.setdefault(row["member_id"] if login else "", len(codes))
                ties.append(Tie(row["at"], login, row["event_id"].encode(), code))
        cuts = cut(ties)
        for place, stint in enumerate(cuts):
            until = cuts[place + 1].begin if place + 1 < len(cuts) else OPEN
            his = stint.member == codes.get(self.member_id) and self.owns(visitor_id, stint.begin)
            if his and any(stint.begin <= row["at"] < until for row in events):
                self.erased.append(Erased(visitor_id, stint.begin, until, self.upto[visitor_id], rounds))

    def add_copy(self, transaction_id: str, copy: Copy) -> None:
        """Note an erased purchase or refund."""
        copies = self.copies.setdefault(transaction_id, [])
        if copy not in copies:
            copies.append(copy)

    def is_told(self, text: str, at: int) -> bool:
        """Whether a text of that time names the person: an id of his, or the id of a shared visitor while it was his."""
        then = [visitor for visitor in self.shared if self.owns(visitor, at)]
        names = filter(None, (self.member_id, *self.own, *then))
        return any(self._pattern(name).search(text) for name in names)

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {}

    def _pattern(self, name: str) -> re.Pattern[str]:
        if name not in self._patterns:
            forms = sorted(map(re.escape, _forms(name)), key=len, reverse=True)
            self._patterns[name] = re.compile(f"(?<![A-Za-z0-9_])(?:{'|'.join(forms)})(?![A-Za-z0-9_])")
        return self._patterns[name]

    @property
    def needles(self) -> list[str]:
        """Texts of which one at least is in whatever names the person; '' where nothing can be said."""
        names = [*([self.member_id] if self.member_id else []), *self.visitors]
        found = {max(_PLAIN.findall(name), key=len, default="") for name in names}
        return [""] if "" in found else sorted(found)


def stints_of(rows: Iterable[Mapping[str, Any]], member_id: str) -> list[Range]:
    """The stints of a person among the rows of his visitors (`erasure_stints.sql`, in order)."""
    rows = list(rows)
    found = []
    for place, row in enumerate(rows):
        if row["member_id"] == member_id:
            following = [
                other["begin"] for other in rows[place + 1 : place + 2] if other["visitor_id"] == row["visitor_id"]
            ]
            ends = [end for end in (row["ended_at"], *following) if end]
            found.append(Range(row["visitor_id"], row["begin"], min(ends, default=OPEN)))
    return found


def without_id(expression: Any, claim: Claim) -> Any:
    """A segment's expression with the person's ids taken out of conditions on ids; the same object if there is none."""
    if isinstance(expression, list):
        changed = [without_id(one, claim) for one in expression]
        return changed if any(a is not b for a, b in zip(changed, expression, strict=True)) else expression
    if not isinstance(expression, dict):
        return expression
    names = _names(str(expression.get("field")), claim)
    value = expression.get("value")
    if isinstance(value, str) and value in names:
        return {**expression, "value": ERASED_VALUE}
    if isinstance(value, list) and any(isinstance(one, str) and one in names for one in value):
        kept = [one for one in value if not (isinstance(one, str) and one in names)]
        return {**expression, "value": kept or [ERASED_VALUE]}
    changes = {name: without_id(inner, claim) for name, inner in expression.items()}
    return changes if any(changes[name] is not expression[name] for name in changes) else expression


ERASED_VALUE = "(erased)"
"""Stands in a segment where an id stood."""


def _names(field_name: str, claim: Claim) -> set[str]:
    """Values of a field that name the person."""
    members = {claim.member_id} - {""}
    people = {f"member:{one}" for one in members} | {f"visitor:{one}" for one in claim.own}
    return {"member_id": members, "visitor_id": set(claim.own), "person_id": people}.get(field_name, set())


def _forms(name: str) -> set[str]:
    """How an id may be written: plainly, in JSON, in JSON within JSON, in a URL."""
    escaped = {json.dumps(name, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    twice = {json.dumps(one, ensure_ascii=False)[1:-1] for one in escaped}
    slashed = {one.replace("/", "\\/") for one in escaped}
    return {name, *escaped, *twice, *slashed, quote(name, safe=""), quote_plus(name), quote(name)}


def event_text(payload: str) -> tuple[str, str]:
    """Detail and event of a rejection's payload; the payload itself where it cannot be read."""
    try:
        told = orjson.loads(payload)
        return str(told["detail"]), str(told["event"])
    except (ValueError, KeyError, TypeError):
        return payload, ""

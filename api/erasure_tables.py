"""What ClickHouse holds of a person who is erased, and deleting it for good: from every version of every row, and from the files.

Statements that delete name nobody, because ClickHouse keeps their text: they name places in the log, and versions. Of rows with
versions the older ones go first, so that none of them comes to light when the newest, which says `gone`, goes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from api import erasure_transitions
from api.erasure_claim import Claim, stints_of, without_id
from api.people import in_parts
from flows.rebuild import discard
from sql.store import Store

AT_ONCE = 1_000
"""Places in one statement: ClickHouse bounds the size of its parameters."""

Row = dict[str, Any]
Place = tuple[int, ...]


class Stints(NamedTuple):
    """Rows of the person's stints as they are now, and of everyone else's on the same visitors."""

    his: list[Row]
    others: list[Row]


class Rows(NamedTuple):
    """Rows of a table to delete, the first ones before the others; how many keys have none left then; how many are the person's still."""

    first: Sequence[Place]
    then: Sequence[Place]
    emptied: int
    alive: int


def candidates(store: Store, site_id: str, member_id: str) -> list[str]:
    """Visitors that ever were the member's."""
    return [row["visitor_id"] for row in store.rows("erasure_candidates", {"site_id": site_id, "member_id": member_id})]


def stints(store: Store, claim: Claim, visitors: Iterable[str], timezone: str) -> Stints:
    """The stints of some visitors, as they are now."""
    found = list(_asked(store, "erasure_stints", "visitors", visitors, site_id=claim.site_id, timezone=timezone))
    his = [row["member_id"] == claim.member_id for row in found]
    ranges = iter(stints_of(found, claim.member_id))
    mine = [{**row, "range": next(ranges)} for row, is_his in zip(found, his, strict=True) if is_his]
    return Stints(mine, [row for row, is_his in zip(found, his, strict=True) if not is_his])


def events(store: Store, claim: Claim) -> list[Row]:
    """Events of the person's visitors, and those that name the member."""
    about = {"site_id": claim.site_id, "member_id": claim.member_id}
    return list(_asked(store, "erasure_events", "visitors", claim.visitors or [""], **about))


def member_data(store: Store, claim: Claim) -> list[Row]:
    """What was told of the member and erased: `told` is JSON."""
    about = {"site_id": claim.site_id, "member_id": claim.member_id, "upto": claim.upto_person}
    return store.rows("erasure_member_data", about)


def delete(store: Store, claim: Claim, found: Iterable[Row], rounds: int) -> dict[str, int]:
    """Delete all there is of the person, events among those found; returns the rows, by table. What the flow has yet to empty stays."""
    if store.rows("erasure_rebuilds"):
        discard(store)  # a rebuild that runs now must not bring back what it has read; it fails, and changes nothing
    his = [
        (row["shard"], row["log_offset"])
        for row in found
        if claim.owns_event(row["visitor_id"], row["at"], row["log_offset"])
    ]
    removed = {
        "events": _delete(store, "erasure_delete_events", claim, his),
        "visits": _delete(store, "erasure_delete_visits", claim, _visits(store, claim, rounds)),
    }
    told = [(row["shard"], row["log_offset"]) for row in member_data(store, claim)]
    removed["member_data"] = _delete(store, "erasure_delete_member_data", claim, told)
    for table, rows in (("visitors", visitor_rows(store, claim)), ("orders", order_rows(store, claim))):
        for places in (rows.first, rows.then):
            _delete(store, f"erasure_delete_{table}", claim, places)
        removed[table] = rows.emptied
    removed["rejected_events"] = _delete(store, "erasure_delete_rejected", claim, _rejected(store, claim))
    removed |= erasure_transitions.delete(store, claim)
    _rewrite_segments(store, claim)
    return removed


def unname(store: Store, claim: Claim, found: Iterable[Row]) -> None:
    """Take the member's name from others' events among those found. Once all that is the person's is deleted: until then the name
    tells what is."""
    places = [
        (row["shard"], row["log_offset"])
        for row in found
        if claim.names_only(row["visitor_id"], row["at"], row["member_id"], row["shard"], row["log_offset"])
    ]
    _delete(store, "erasure_unname_events", claim, places)


def alive(store: Store, claim: Claim) -> int:
    """Rows that hold the person's state still: the flow has to be told once more."""
    return visitor_rows(store, claim).alive + order_rows(store, claim).alive


def visitor_rows(store: Store, claim: Claim) -> Rows:
    """Rows of `visitors`: all versions of what is gone, and all versions but the last of what is others' now."""
    by_key: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    about = {"site_id": claim.site_id, "member_id": claim.member_id}
    for row in _asked(store, "erasure_rows", "visitors", claim.visitors or [""], **about):
        by_key[row["visitor_id"], row["begin"], row["person"]].append(row)
    first: list[Place] = []
    then: list[Place] = []
    emptied = still = 0
    for (visitor_id, _, person), rows in by_key.items():
        newest = max(row["version"] for row in rows)
        last = [row for row in rows if row["version"] == newest]
        first += [_place(row) for row in rows if row["version"] < newest]
        if any(row["gone"] for row in last):
            then += [_place(row) for row in last]
            emptied += 1
        elif person or last[0]["member_id"] == claim.member_id:
            still += newest <= (claim.upto_person if person else claim.upto.get(visitor_id, 0))
    return Rows(first, then, emptied, still)


def order_rows(store: Store, claim: Claim) -> Rows:
    """Rows of `orders`: all versions of those that nothing is known of any more, and all but the last of the others."""
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in _asked(store, "erasure_orders", "transactions", claim.copies, site_id=claim.site_id):
        by_id[row["transaction_id"]].append(row)
    first: list[Place] = []
    then: list[Place] = []
    emptied = still = 0
    for transaction_id, rows in by_id.items():
        newest = max(row["version"] for row in rows)
        first += [(row["shard"], row["version"], row["tag"]) for row in rows if row["version"] < newest]
        last = [row for row in rows if row["version"] == newest]
        facts = json.loads(last[0]["facts"])
        if not facts:
            then += [(row["shard"], row["version"], row["tag"]) for row in last]
            emptied += 1
        still += any(claim.owns_copy(transaction_id, fact["visitor_id"], fact["event_id"]) for fact in facts)
    return Rows(first, then, emptied, still)


def _place(row: Row) -> Place:
    return row["shard"], row["version"], row["begin"], row["first"], row["last"], row["tag"]


def _visits(store: Store, claim: Claim, rounds: int) -> list[Place]:
    rows = _asked(store, "erasure_visits", "visitors", claim.visitors, site_id=claim.site_id)
    return [
        (row["begin"], row["ended_at"], row["pageviews"], row["tag"])
        for row in rows
        if claim.owns_visit(row["visitor_id"], row["begin"], rounds)
    ]


def _rejected(store: Store, claim: Claim) -> list[Place]:
    rows = _asked(store, "erasure_rejected", "needles", claim.needles, site_id=claim.site_id)
    return [
        (row["shard"], row["log_offset"])
        for row in rows
        if any(claim.is_told(text, row["at"]) for text in (row["event"], row["detail"]))
    ]


def _rewrite_segments(store: Store, claim: Claim) -> None:
    for row in store.rows("erasure_segments", {"site_id": claim.site_id}):
        expression = json.loads(row["expression"])
        changed = without_id(expression, claim)
        if changed is not expression:
            about = {"site_id": claim.site_id, "segment_id": row["segment_id"], "version": row["version"]}
            text = json.dumps(changed, ensure_ascii=False)
            store.command(store.text("erasure_rewrite_segment"), {**about, "expression": text})


def _asked(store: Store, query: str, name: str, values: Iterable[str], **about: object) -> Iterator[Row]:
    """Rows of a query that takes a list, asked in parts."""
    for part in in_parts(values):
        yield from store.rows(query, {**about, name: part})


def _delete(store: Store, statement: str, claim: Claim, places: Sequence[Place]) -> int:
    """Runs a statement for some places; returns how many there are."""
    places = sorted(set(places))
    for first in range(0, len(places), AT_ONCE):
        about = {"site_id": claim.site_id, "places": places[first : first + AT_ONCE]}
        store.command(store.text(statement), about)
    return len(places)

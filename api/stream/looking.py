"""One look: who changed between two positions, who of them is in the question, and their cards. Runs in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from api.asked import Asked, with_segment
from api.cards import read_cards
from api.context import Context
from api.people import MEMBER, VISITOR, in_parts, named
from api.stream.memory import Key, Memory, State
from api.stream.position import Position, Written
from api.stream.shapes import Changes, Message
from api.stream.topic import Topic
from api.times import WINDOW_MS, iso_or_none

CARDS = 200
"""So many people are told at once."""

ROWS = 5_000
"""So many rows that changed are looked at; who changed besides is counted alone."""

LATE_MS = 12_000
"""So long before a commit a person may be judged (by time alone) and be written after it: flows/membership holds members back 10 s."""


@dataclass(frozen=True)
class Found:
    """What a look found. `message` is None if there is nothing to tell; `whole` is False if not all that changed was looked at.

    `rows`, `present` and `gone` are for the memory, once it is told.
    """

    position: Position
    message: Message | None = None
    rows: Sequence[tuple[Key, State]] = ()
    present: Sequence[str] = ()
    gone: Sequence[str] = ()
    whole: bool = True


def look(
    context: Context,
    topic: Topic,
    asked: Asked,
    memory: Memory,
    after: Position,
    upto: Position,
    *,
    again: bool = False,
) -> Found:
    """What there is to tell between two positions. `again`: to somebody who was told up to `after`, whatever others were told since.

    Raises `StoreUnavailable`.
    """
    if after == upto or not upto.partitions:
        return Found(upto)
    # before anything is read: what comes later may be missing
    as_of = iso_or_none(context.freshness.read(context.clock()).as_of)
    rows = context.store.rows("stream_changes", _between(topic.site_id, after, upto))
    left_out = rows[0]["changed"] - len(rows) if rows else 0
    changed: list[tuple[Key, State]] = []
    for row in rows:
        key, state = (row["visitor_id"], row["person"]), State(row["last_version"], row["judged_at"])
        if not memory.told(key, state, after if again else None):
            changed.append((key, state))
    if not changed and not left_out:
        return Found(upto)
    now = context.clock()
    people = [_person_of(key) for key, _ in changed]
    matching = _matching(context, topic, asked, people, now)
    present = sorted(matching, key=lambda person_id: (-matching[person_id][0], person_id))
    gone = [one for one in people if one not in matching and (again or not memory.absent(one, upto))]
    online_since = now - context.settings.online_minutes * 60_000
    cards = read_cards(context.store, topic.site_id, present[:CARDS], online_since, topic.currency)
    more = left_out + max(0, len(present) - CARDS)
    told = Changes(as_of=as_of, changed=cards, gone=gone, more=more)
    newest = {_key_of(person_id): state for person_id, (_, state) in matching.items()}
    noted = [(key, _later(state, newest.get(key, state))) for key, state in changed]
    message = Message("people", told.model_dump_json(), upto) if cards or gone or more else None
    return Found(upto, message, noted, present, gone, whole=not left_out)


def _between(site_id: str, after: Position, upto: Position) -> dict[str, object]:
    shards = sorted(upto.partitions)
    before = [after.partitions.get(shard, Written(0, 0)) for shard in shards]
    return {
        "site_id": site_id,
        "shards": shards,
        "after": [one.offset for one in before],
        "upto": [upto.partitions[shard].offset for shard in shards],
        "judged": [max(0, one.at - LATE_MS) for one in before],
        "size": ROWS,
    }


def _matching(
    context: Context, topic: Topic, asked: Asked, person_ids: Iterable[str], now: int
) -> dict[str, tuple[int, State]]:
    """Who of these is in the question: last activity (epoch ms) and state of the row."""
    sql, params = with_segment(context.store.text("stream_people"), asked, now, context.settings.online_minutes)
    bound = {**params, "site_id": topic.site_id, "since": now - WINDOW_MS[topic.window]}
    wanted = [named(person_id) for person_id in person_ids]
    members = in_parts(one.member_id for one in wanted if one.member_id)
    visitors = in_parts(one.visitor_id for one in wanted if one.visitor_id)
    found: dict[str, tuple[int, State]] = {}
    for some, others in zip_longest(members, visitors, fillvalue=()):
        about = {"member_ids": list(some), "visitor_ids": list(others)}
        for row in context.store.rows_of(sql, {**bound, **about}):
            found[row["person_id"]] = row["seen_at"], State(row["version"], row["judged_at"])
    return found


def _person_of(key: Key) -> str:
    visitor_id, person = key
    return VISITOR + visitor_id if visitor_id else MEMBER + person


def _key_of(person_id: str) -> Key:
    one = named(person_id)
    return one.visitor_id, one.member_id


def _later(one: State, other: State) -> State:
    return State(max(one.version, other.version), max(one.judged_at, other.judged_at))

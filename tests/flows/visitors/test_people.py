"""The people of members: parts come whole and versioned, whatever is repeated, and a row holds them all."""

import orjson
import pytest

from flows.visitors.limits import DAY, HOUR
from flows.visitors.people import PART, PartRecord, People, check_row

AT = 1_762_128_000_000
KEY = "s/m"


def visit(at: int, pageviews: int) -> dict[str, object]:
    """A stint's row with one visit."""
    texts = {
        name: [""] for name in PART.names if name.startswith("visit_") and PART.field(name).type.value_type == "string"
    }
    return {
        "first_seen": at, "last_seen": at, "visits": 1, "pageviews": pageviews,
        "visit_start": [at], "visit_end": [at], "visit_pageviews": [pageviews], "visit_cart_adds": [0], "visit_entry_at": [0], **texts,
    }  # fmt: skip


def part(offset: int, visitor: str, version: int, **rows: int) -> PartRecord:
    """Of one stint with so many pageviews, or of none."""
    held = {0: visit(AT + offset, rows["pageviews"])} if rows else {}
    return PartRecord(KEY, offset, visitor, version, held)


def row(people: People) -> dict:
    return people.rows([KEY], 3).to_pylist()[0]


def test_a_person_is_the_sum_of_his_parts():
    people = People()
    people.apply([part(1, "phone", 7, pageviews=2), part(2, "pc", 4, pageviews=5)], AT)
    told = row(people)
    assert (told["visitor_id"], told["person"], told["member_id"], told["version"], told["shard"]) == (
        "",
        "m",
        "m",
        2,
        3,
    )
    assert (told["visits"], told["pageviews"], told["visit_pageviews"]) == (2, 7, [2, 5])
    assert told["part_visitor"] == ["pc", "phone"]
    assert not told["gone"]


@pytest.mark.parametrize(
    "late", [part(9, "phone", 7, pageviews=99), part(9, "phone", 6, pageviews=99), part(2, "phone", 8, pageviews=99)]
)
def test_what_is_known_already_changes_nothing(late: PartRecord):
    people = People()
    people.apply([part(2, "phone", 7, pageviews=2)], AT)
    assert people.take_changed() == [KEY]
    people.apply([late], AT)
    assert people.take_changed() == []
    assert row(people)["pageviews"] == 2


def test_a_part_with_nothing_left_is_gone_and_with_the_last_one_the_person():
    people = People()
    people.apply([part(1, "phone", 7, pageviews=2), part(2, "pc", 4, pageviews=5)], AT)
    people.apply([part(3, "pc", 5)], AT)
    assert row(people)["part_visitor"] == ["phone"]
    people.apply([part(4, "phone", 8)], AT)
    told = row(people)
    assert (told["gone"], told["visits"], told["part_row"]) == (True, 0, [])
    assert told["latest_seen"].timestamp() * 1000 == AT + 2, "never goes back, so that the row may be filtered by it"
    people.drop_empty([KEY])
    assert len(people) == 0


def test_a_row_read_back_is_the_same_person():
    people = People()
    people.apply([part(1, "phone", 7, pageviews=2), part(2, "pc", 4, pageviews=5)], AT)
    again = People()
    again.load(people.rows([KEY], 3), AT)
    assert again.rows([KEY], 3).equals(people.rows([KEY], 3))
    again.apply([part(2, "phone", 8, pageviews=99), part(3, "pc", 4, pageviews=99)], AT)
    assert row(again)["pageviews"] == 7


def test_people_who_are_in_no_window_are_forgotten_and_looked_up_when_they_come_back():
    people = People()
    people.apply([part(1, "phone", 7, pageviews=2)], AT)
    people.take_changed()
    assert people.seen_since(AT)["s"] == 1
    assert people.evict(AT + 9 * DAY, AT + HOUR - 1) == 0, "his row may not be written yet"
    assert people.evict(AT + 7 * DAY, AT + 9 * DAY) == 0
    assert people.evict(AT + 9 * DAY, AT + 9 * DAY) == 1
    assert people.seen_since(AT) == {"": 0, "s": 0}
    assert people.missing([KEY, "s/other"]) == [KEY]
    assert people.nbytes < 10_000_000


def test_an_erased_person_is_gone_unless_he_came_back_since():
    people = People()
    people.apply([part(5, "phone", 7, pageviews=2)], AT)
    people.forget(KEY, 5)
    assert row(people)["pageviews"] == 2, "the record was read before"
    people.forget(KEY, 6)
    assert row(people)["gone"]
    people.apply([part(7, "phone", 9, pageviews=1)], AT)
    assert row(people)["pageviews"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"no_such_column": 1},
        {"visits": "1"},
        {"visits": True},
        {"visits": 1 << 63},
        {"page_url": 5},
        {"order_id": ["a"]},
        {"visit_start": 5},
        {"search_term": ["a"], "search_at": ["b"]},
        {"bought_order": [1], "bought_item": ["a"], "bought_category": [""], "bought_units": [1]},
    ],
)
def test_a_row_that_no_shard_could_have_sent_is_refused(wrong: object):
    with pytest.raises((TypeError, ValueError)):
        check_row(orjson.loads(orjson.dumps(wrong)) if wrong != {"visits": 1 << 63} else wrong)

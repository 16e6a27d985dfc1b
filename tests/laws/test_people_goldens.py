"""What logins, logouts and several devices come to: small stories whose figures were written down by hand."""

from typing import Any

import pytest

from tests.laws.events import CURRENCIES, MINUTE, START, Event
from tests.laws.machine import Machine, Row

HOME, SALE, SHIRT = "https://shop.example/", "https://shop.example/sale", "https://shop.example/p/shirt"


def at(minute: float) -> int:
    return START + int(minute * MINUTE)


def event(visitor: str, minute: float, name: str, **told: Any) -> Event:
    """An event of site alpha; times are minutes of the story."""
    own = {"site_id": "alpha", "visitor_id": visitor, "event_id": f"{visitor}-{minute}-{name}", "name": name}
    times = {"occurred_at": at(minute), "received_at": at(minute)}
    return own | times | {"bot": False, "server": False, "pageview": name == "page_view", "properties": "{}"} | told


def view(visitor: str, minute: float, url: str = HOME, **told: Any) -> Event:
    return event(visitor, minute, "page_view", url=url, **told)


def login(visitor: str, minute: float, member: str) -> Event:
    return event(visitor, minute, "identify", member_id=member)


def logout(visitor: str, minute: float, **told: Any) -> Event:
    return event(visitor, minute, "logout", **told)


def add(visitor: str, minute: float, item: str, units: int = 1) -> Event:
    return event(visitor, minute, "add_to_cart", items=[{"item_id": item, "quantity": units, "price": 10_000}])


def buy(visitor: str, minute: float, order: str, item: str, units: int = 1) -> Event:
    items = [{"item_id": item, "quantity": units, "price": 10_000}]
    return event(visitor, minute, "purchase", transaction_id=order, items=items, currency="KRW")


def refund(visitor: str, minute: float, order: str, **told: Any) -> Event:
    return event(visitor, minute, "refund", transaction_id=order, **told)


@pytest.fixture(params=["one after the other", "written each time", "at once", "backwards", "with crashes"])
def outcome(request: pytest.FixtureRequest) -> Any:
    """Everyone of site alpha who counts after a story, by person id; the story arrives in ways that must not matter."""

    def told(*story: Event) -> dict[str, Row]:
        machine = Machine(CURRENCIES, 3, now=max(event["received_at"] for event in story))
        for one in reversed(story) if request.param == "backwards" else story:
            machine.send(one)
            if request.param != "at once":
                for number in range(3):
                    machine.step(number, 10)
                    if request.param == "with crashes":
                        machine.hand_over(number)
                        machine.crash(number)
                    if request.param == "written each time":
                        machine.flush(number)
        machine.drain()
        rows = [r for r in (*machine.rows().values(), *machine.people().values()) if r["site_id"] == "alpha"]
        counting = [r for r in rows if r["member_id"] == r["person"]]
        return {f"member:{r['person']}" if r["person"] else f"visitor:{r['visitor_id']}": r for r in counting}

    return told


def has(row: Row, **figures: Any) -> None:
    """The row has these figures."""
    assert {name: row[name] for name in figures} == figures


def test_a_login_in_the_middle_of_a_visit_takes_the_whole_visit(outcome: Any) -> None:
    people = outcome(view("v1", 0, SALE), view("v1", 5), login("v1", 10, "m1"), view("v1", 20, SHIRT))
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=1, pageviews=3, stay_ms=20 * MINUTE, first_seen=at(0), last_seen=at(20))
    has(people["member:m1"], landing_page=SALE, first_landing_page=SALE, page_url=SHIRT)
    has(people["member:m1"], visit_start=[at(0)], visit_end=[at(20)])


def test_a_login_at_checkout_makes_one_visit_with_its_order(outcome: Any) -> None:
    people = outcome(
        view("v1", 0, SALE, channel="paid", utm_campaign="spring"),
        add("v1", 5, "shirt", 2),
        login("v1", 8, "m1"),
        buy("v1", 9, "T1", "shirt", 2),
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=1, pageviews=1, cart_adds=1, orders=1, units=2, revenue=20_000)
    has(
        people["member:m1"], cart_item=[], cart_units=0, bought_item=["shirt"], visit_orders=[1], visit_revenue=[20_000]
    )
    has(people["member:m1"], first_channel="paid", first_utm_campaign="spring", first_landing_page=SALE)


def test_a_second_member_on_a_device_begins_with_his_login(outcome: Any) -> None:
    people = outcome(
        view("v1", 0),
        login("v1", 5, "m1"),
        add("v1", 10, "shirt"),
        buy("v1", 12, "T1", "shirt"),
        login("v1", 15, "m2"),
        view("v1", 16, SALE),
        add("v1", 17, "socks"),
    )
    assert people.keys() == {"member:m1", "member:m2"}
    has(people["member:m1"], visits=1, pageviews=1, cart_adds=1, orders=1, revenue=10_000, cart_item=[])
    has(people["member:m1"], first_seen=at(0), last_seen=at(12), visit_end=[at(12)])
    has(people["member:m2"], visits=1, pageviews=1, cart_adds=1, orders=0, revenue=0, cart_item=["socks"])
    has(people["member:m2"], first_seen=at(15), last_seen=at(17), first_landing_page=SALE)


def test_what_lies_between_a_logout_and_another_login_is_the_second_members(outcome: Any) -> None:
    people = outcome(
        view("v1", 0),
        login("v1", 5, "m1"),
        logout("v1", 13),
        view("v1", 14, SALE),
        login("v1", 15, "m2"),
        view("v1", 16),
    )
    assert people.keys() == {"member:m1", "member:m2"}
    has(people["member:m1"], visits=1, pageviews=1, first_seen=at(0), last_seen=at(13))
    has(people["member:m2"], visits=1, pageviews=2, first_seen=at(14), last_seen=at(16), first_landing_page=SALE)


def test_what_follows_a_logout_is_nobodys(outcome: Any) -> None:
    people = outcome(login("v1", 0, "m1"), view("v1", 1), logout("v1", 5), view("v1", 6, SALE), add("v1", 7, "shirt"))
    assert people.keys() == {"member:m1", "visitor:v1"}
    has(people["member:m1"], visits=1, pageviews=1, cart_adds=0, last_seen=at(5))
    has(people["visitor:v1"], visits=1, pageviews=1, cart_adds=1, first_seen=at(6), first_landing_page=SALE)


def test_the_same_member_again_never_was_away(outcome: Any) -> None:
    people = outcome(
        login("v1", 0, "m1"), view("v1", 1), logout("v1", 5), view("v1", 6), login("v1", 8, "m1"), view("v1", 9)
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=1, pageviews=3, stay_ms=9 * MINUTE)


def test_two_devices_at_once_are_two_visits_of_one_person(outcome: Any) -> None:
    people = outcome(
        login("pc", 0, "m1"),
        view("pc", 1),
        login("phone", 2, "m1"),
        view("phone", 3, SALE),
        view("pc", 8),
        view("phone", 9, SHIRT),
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=2, pageviews=4, stay_ms=8 * MINUTE + 7 * MINUTE, first_seen=at(0), last_seen=at(9))
    has(people["member:m1"], visit_start=[at(0), at(2)], visit_end=[at(8), at(9)], page_url=SHIRT, landing_page=SALE)


def test_a_purchase_on_one_device_empties_what_the_other_put_in(outcome: Any) -> None:
    people = outcome(
        login("pc", 0, "m1"),
        add("pc", 1, "shirt", 3),
        add("pc", 2, "socks"),
        login("phone", 3, "m1"),
        add("phone", 4, "shirt"),
        buy("phone", 6, "T1", "shirt", 4),
        add("pc", 7, "hat", 2),
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], cart_item=["hat", "socks"], cart_quantity=[2, 1], cart_units=3, cart_value=30_000)
    has(people["member:m1"], orders=1, units=4, revenue=40_000, cart_adds=4, visits=2)
    has(people["member:m1"], visit_end=[at(6), at(7)], visit_orders=[1, 0], visit_cart_adds=[1, 3])


def test_an_anonymous_event_that_comes_after_the_login_is_the_members(outcome: Any) -> None:
    people = outcome(login("v1", 10, "m1"), view("v1", 12), view("v1", 5, SALE, channel="search"))
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=1, pageviews=2, first_seen=at(5), first_landing_page=SALE, first_channel="search")


def test_a_login_that_comes_late_takes_its_share(outcome: Any) -> None:
    people = outcome(
        login("v1", 0, "m1"),
        view("v1", 1),
        view("v1", 20, SALE),
        add("v1", 21, "shirt"),
        buy("v1", 22, "T1", "hat"),
        login("v1", 10, "m2"),
    )
    assert people.keys() == {"member:m1", "member:m2"}
    has(people["member:m1"], visits=1, pageviews=1, cart_adds=0, cart_item=[], orders=0, last_seen=at(1))
    has(people["member:m2"], visits=1, pageviews=1, cart_adds=1, cart_item=["shirt"], orders=1, first_seen=at(10))


def test_a_logout_that_comes_late_gives_back_what_followed(outcome: Any) -> None:
    people = outcome(login("v1", 0, "m1"), view("v1", 1), view("v1", 20), buy("v1", 21, "T1", "hat"), logout("v1", 10))
    assert people.keys() == {"member:m1", "visitor:v1"}
    has(people["member:m1"], visits=1, pageviews=1, orders=0, last_seen=at(10))
    has(people["visitor:v1"], visits=1, pageviews=1, orders=1, revenue=10_000, first_seen=at(20))


def test_one_order_told_by_two_devices_counts_once(outcome: Any) -> None:
    people = outcome(
        login("pc", 0, "m1"), login("phone", 1, "m1"), buy("pc", 5, "T1", "shirt", 3), buy("phone", 9, "T1", "shirt", 3)
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=2, orders=1, units=3, revenue=30_000, order_id=["T1"])
    has(people["member:m1"], visit_end=[at(5), at(9)], visit_orders=[1, 0])


def test_one_order_told_by_two_members_is_of_the_first(outcome: Any) -> None:
    people = outcome(
        login("pc", 0, "m1"), login("phone", 1, "m2"), buy("phone", 9, "T1", "shirt"), buy("pc", 5, "T1", "shirt")
    )
    has(people["member:m1"], orders=1, revenue=10_000)
    has(people["member:m2"], orders=0, revenue=0)


def test_a_refund_may_come_from_any_device(outcome: Any) -> None:
    some = {"items": [{"item_id": "shirt", "quantity": 1}]}
    people = outcome(
        login("pc", 0, "m1"),
        buy("pc", 5, "T1", "shirt", 3),
        buy("pc", 6, "T2", "hat"),
        login("phone", 9, "m1"),
        refund("phone", 40, "T1", **some),
        refund("phone", 41, "T2"),
    )
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], orders=1, units=2, revenue=20_000, order_id=["T1", "T2"], order_counted=[1, 0])


def test_a_member_id_may_be_somebody_elses_visitor_id(outcome: Any) -> None:
    people = outcome(login("v1", 0, "v2"), view("v1", 1), view("v2", 2, SALE), view("v2", 3))
    assert people.keys() == {"member:v2", "visitor:v2"}
    has(people["member:v2"], pageviews=1, visits=1, first_landing_page=HOME)
    has(people["visitor:v2"], pageviews=2, visits=1, first_landing_page=SALE)


def test_any_event_that_names_a_member_is_a_login_but_a_logout_and_a_bots(outcome: Any) -> None:
    people = outcome(
        view("v1", 0, member_id="m1"),
        logout("v2", 1, member_id="m1"),
        view("v3", 2),
        event("v3", 3, "identify", member_id="m1", bot=True),
    )
    assert people.keys() == {"member:m1", "visitor:v2", "visitor:v3"}
    has(people["member:m1"], visits=1, pageviews=1)


def test_one_member_on_five_devices_is_one_person(outcome: Any) -> None:
    story = [view(f"v{n}", 3 * n) for n in range(5)] + [login(f"v{n}", 20 + n, "m1") for n in range(5)]
    people = outcome(*story)
    assert people.keys() == {"member:m1"}
    has(people["member:m1"], visits=5, pageviews=5, first_seen=at(0), last_seen=at(24))
    has(people["member:m1"], visit_start=[at(3 * n) for n in range(5)], visit_end=[at(20 + n) for n in range(5)])


def test_a_site_knows_nothing_of_another_sites_members(outcome: Any) -> None:
    people = outcome(
        login("v1", 0, "m1"), login("v2", 1, "m1") | {"site_id": "beta"}, view("v2", 2) | {"site_id": "beta"}
    )
    has(people["member:m1"], visits=1, pageviews=0, last_seen=at(0))

"""Rows of `cards.sql`, `visitor_visits.sql` and `visitor_orders.sql` -> what the API shows of a person or a device.

Pure but for `product_names`, `read_cards` and `cards_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.held import SegmentNames, held_of, segment_names
from api.people import Row, devices_of, find_people, in_parts
from api.schemas import (
    Acquisition,
    Acquisitions,
    BoughtProduct,
    Card,
    Cart,
    CartedProduct,
    CartLine,
    Device,
    OrderLine,
    Page,
    PersonOrder,
    PersonVisit,
    Product,
    Visit,
)
from api.times import iso, iso_or_none
from sql.store import Store

_ACQUISITION = (
    "landing_page",
    "referrer",
    "search_keyword",
    "channel",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
)
Names = Mapping[str, str]


def read_cards(store: Store, site_id: str, person_ids: Sequence[str], online_since: int, currency: str) -> list[Card]:
    """Cards of these people of a site, in this order; one that is not there is left out.

    `online_since` (epoch ms): who acted at or after it is online.
    """
    found = find_people(store, site_id, person_ids)
    rows = [found[person_id] for person_id in person_ids if person_id in found]
    return cards_of(store, site_id, rows, online_since, currency)


def cards_of(store: Store, site_id: str, rows: Sequence[Row], online_since: int, currency: str) -> list[Card]:
    """Cards of rows that were read, with the names of their products and segments."""
    names = product_names(store, site_id, (item for row in rows for item in _items_of(row)))
    segments = segment_names(store, site_id, (segment_id for row in rows for segment_id in row["in_segments"]))
    return [card_of(row, names, segments, online_since, currency) for row in rows]


def product_names(store: Store, site_id: str, item_ids: Iterable[str]) -> dict[str, str]:
    """Names of products by id, where known."""
    names: dict[str, str] = {}
    for part in in_parts(sorted({item_id for item_id in item_ids if item_id})):
        rows = store.rows("product_names", {"site_id": site_id, "item_ids": part})
        names.update((row["item_id"], row["item_name"]) for row in rows)
    return names


def card_of(row: Row, names: Names, segments: SegmentNames, online_since: int, currency: str) -> Card:
    """One row of `cards.sql` as a card."""
    orders = row["orders"]
    devices = devices_of(row)
    return Card(
        person_id=row["person_id"],
        member_id=row["member_id"] or None,
        name=row["member_name"] or None,
        grade=row["member_grade"] or None,
        points=row["member_points"],
        visitor_id=row["visitor_id"] or next(iter(devices), ""),
        devices=[Device(visitor_id=visitor_id, last_seen=iso(at)) for visitor_id, at in devices.items()],
        online=row["last_seen_at"] >= online_since,
        first_seen=iso_or_none(row["first_seen_at"]),
        last_seen=iso_or_none(row["last_seen_at"]),
        visits=row["visits"],
        pageviews=row["pageviews"],
        stay_seconds=row["stay_ms"] / 1000,
        visit=_present_visit(row),
        page=_page(row, names),
        environment=row["environment"] or None,
        os=row["os"] or None,
        browser=row["browser"] or None,
        app_version=row["app_version"] or None,
        orders=orders,
        units=row["units"],
        revenue=row["revenue"],
        average_order_value=row["revenue"] / orders if orders else None,
        largest_order=row["largest_order"],
        last_order_at=iso_or_none(row["ordered_at"]),
        cart=_cart(row, names),
        recent_carted=[
            CartedProduct(
                item_id=item, item_name=names.get(item), category=category or None, units=units, carted_at=iso(at)
            )
            for item, category, units, at in row["recent_carted"]
        ],
        recent_purchased=[
            BoughtProduct(
                item_id=item,
                item_name=names.get(item),
                category=category or None,
                units=units,
                bought_at=iso_or_none(at),
            )
            for item, category, units, at in row["recent_purchased"]
        ],
        acquisition=Acquisitions(
            first=_acquisition(row["first_acquisition"]), latest=_acquisition(row["latest_acquisition"])
        ),
        segments=held_of(row, segments),
        currency=currency,
    )


def visit_of(started_at: int, ended_at: int, figures: Sequence[int], entry: Sequence[str]) -> Visit:
    """A visit; times are epoch ms, `figures` and `entry` in the order of the queries."""
    pageviews, cart_adds, orders, units, revenue = figures
    return Visit(
        started_at=iso(started_at),
        last_activity_at=iso(ended_at),
        stay_seconds=(ended_at - started_at) / 1000,
        pageviews=pageviews,
        cart_adds=cart_adds,
        orders=orders,
        units=units,
        revenue=revenue,
        **_acquisition(entry).model_dump(),
    )


def person_visit_of(row: Mapping[str, Any]) -> PersonVisit:
    """One row of `visitor_visits.sql`."""
    visit = visit_of(row["started_at"], row["ended_at"], row["figures"], row["acquisition"])
    return PersonVisit(visitor_id=row["visitor_id"], **visit.model_dump())


def order_of(row: Mapping[str, Any], names: Names) -> PersonOrder:
    """One row of `visitor_orders.sql`."""
    return PersonOrder(
        transaction_id=row["transaction_id"],
        ordered_at=iso(row["ordered_at"]),
        counted=bool(row["counted"]),
        units=row["units"],
        revenue=row["revenue"],
        currency=row["currency"],
        value=row["value"],
        refunded=row["refunded"],
        items=[
            OrderLine(item_id=item, item_name=names.get(item), category=category or None, units=units)
            for item, category, units in row["lines"]
        ],
    )


def _items_of(row: Mapping[str, Any]) -> Iterable[str]:
    yield row["page_item"]
    for column in ("cart_lines", "recent_carted", "recent_purchased"):
        yield from (line[0] for line in row[column])


def _present_visit(row: Mapping[str, Any]) -> Visit | None:
    if not row["visit_started_at"]:
        return None
    return visit_of(row["visit_started_at"], row["visit_ended_at"], row["visit_figures"], row["visit_acquisition"])


def _page(row: Mapping[str, Any], names: Names) -> Page:
    item = row["page_item"]
    return Page(
        url=row["page_url"] or None,
        title=row["page_title"] or None,
        item=Product(item_id=item, item_name=names.get(item)) if item else None,
    )


def _cart(row: Mapping[str, Any], names: Names) -> Cart:
    return Cart(
        value=row["cart_value"],
        units=row["cart_units"],
        items=[
            CartLine(
                item_id=item,
                item_name=names.get(item),
                category=category or None,
                quantity=quantity,
                price=price if price >= 0 else None,
                added_at=iso_or_none(at),
            )
            for item, category, quantity, price, at in row["cart_lines"]
        ],
    )


def _acquisition(values: Sequence[str]) -> Acquisition:
    return Acquisition(**{name: value or None for name, value in zip(_ACQUISITION, values, strict=True)})

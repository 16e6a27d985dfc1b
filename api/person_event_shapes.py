"""Shapes of the raw events of a person."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from api.schemas import Cursor, Fresh, Moment, Product, Shape


class PersonEventsQuery(Shape):
    """Which events of a person."""

    name: str | None = Field(None, max_length=100, description="only events of this name", examples=["view_item"])
    since: AwareDatetime | None = Field(
        None, description="at or after this moment (ISO 8601 with an offset)", examples=["2026-05-04T00:00:00Z"]
    )
    until: AwareDatetime | None = Field(None, description="before this moment", examples=["2026-05-05T00:00:00Z"])
    limit: int = Field(100, ge=1, le=1000)
    cursor: Cursor = None


class EventItem(Product):
    """A product that an event is about."""

    quantity: int
    price: int | None = Field(description="of one, in minor units of the event's currency")


class PersonEvent(Shape):
    """An event as it was accepted."""

    event_id: str
    name: str
    visitor_id: str = Field(description="the device it was done on")
    occurred_at: Moment
    received_at: Moment
    pageview: bool
    server: bool = Field(description="sent with the secret key")
    bot: bool = Field(description="such events count nowhere")
    url: str | None
    title: str | None
    referrer: str | None
    channel: str | None
    environment: str | None
    search_term: str | None
    transaction_id: str | None
    value: int | None = Field(description="in minor units of the event's currency")
    currency: str | None = Field(description="null: the site's")
    items: list[EventItem]


class PersonEvents(Fresh):
    """A page of events, newest first."""

    person_id: str
    events: list[PersonEvent]
    next_cursor: str | None

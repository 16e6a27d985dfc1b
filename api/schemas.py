"""Shapes of what the API takes and answers. Money is integer minor units of the site's currency; times are ISO 8601 UTC."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.times import Window

Cursor = Annotated[str | None, Field(max_length=5_000, description="next_cursor of the page before")]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-05-04T03:02:01.000Z"])]
Text = Annotated[str, Field(max_length=200)]


class Shape(BaseModel):
    """Keys that are not declared are refused."""

    model_config = ConfigDict(extra="forbid")


SegmentValue = Annotated[
    dict[str, Any] | None,
    Field(
        description='null: everyone; {"id": "seg_..."}: a saved segment; or an expression (docs/segments.md)',
        examples=[{"field": "visits", "op": ">=", "value": 10}],
    ),
]


# --- events --------------------------------------------------------------------------------------------------------


class RejectedItem(Shape):
    """An event that was refused; its neighbours are not affected."""

    index: int = Field(description="place in the request, from 0")
    reason: str
    detail: str


class EventsAnswer(Shape):
    """What became of the events: the accepted ones are safe in the log."""

    accepted: int
    rejected: list[RejectedItem]


# --- freshness and segments ----------------------------------------------------------------------------------------


class Fresh(Shape):
    """How fresh the answer is."""

    as_of: Moment | None = Field(description="everything received until then is in the figures; null: nothing ever was")
    age_seconds: float | None = Field(description="how long ago that was")
    stale: bool = Field(description="true if the figures lag behind: the flow is down or slow")


class Sentences(Shape):
    """An expression in words."""

    ko: str
    en: str


class AskedSegment(Shape):
    """What was asked for; id, version and name of a saved segment."""

    id: str | None
    version: int | None
    name: str | None
    sentence: Sentences
    by: Literal["membership", "expression"] = Field(
        description="membership: who is in it stands in the people's rows, as the flow judged them; expression: computed now"
    )


class Population(Shape):
    """How many visitors of the window match; they are counted as people."""

    visitors: int
    share: float | None = Field(description="of all visitors of the window; null if there are none")
    online: int = Field(description="of them, those active in the last minutes")


# --- Live ----------------------------------------------------------------------------------------------------------


class Acquisition(Shape):
    """Where a visit came from; null is absent."""

    landing_page: str | None
    referrer: str | None
    search_keyword: str | None
    channel: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None


class Visit(Acquisition):
    """A visit; in a card the present or latest one."""

    started_at: Moment
    last_activity_at: Moment
    stay_seconds: float
    pageviews: int
    cart_adds: int
    orders: int
    units: int
    revenue: int


class Product(Shape):
    """A product; its name as last told by an event."""

    item_id: str
    item_name: str | None


class Page(Shape):
    """The page last seen."""

    url: str | None
    title: str | None
    item: Product | None


class CartLine(Product):
    """A product in the cart."""

    category: str | None
    quantity: int
    price: int | None = Field(description="of one, as last told")
    added_at: Moment | None


class Cart(Shape):
    """The cart now."""

    value: int
    units: int
    items: list[CartLine]


class CartedProduct(Product):
    """A product recently put into the cart."""

    category: str | None
    units: int = Field(description="put in, in all")
    carted_at: Moment


class BoughtProduct(Product):
    """A product recently bought."""

    category: str | None
    units: int = Field(description="bought, net of refunds")
    bought_at: Moment | None


class Acquisitions(Shape):
    """Entry of the first visit and of the latest."""

    first: Acquisition
    latest: Acquisition


class Device(Shape):
    """A browser or an app of a person."""

    visitor_id: str
    last_seen: Moment


class Held(Shape):
    """A saved segment a person is in."""

    id: str
    name: str
    since: Moment


class Card(Shape):
    """A person: a member with all devices, or a visitor nobody knows. Counts without a window are of all time."""

    person_id: str = Field(description="member:<member_id> or visitor:<visitor_id>", examples=["member:m-7"])
    member_id: str | None = Field(description="null while nobody knows who it is")
    name: str | None = Field(description="of the member, as the shop told it")
    grade: str | None
    points: int | None
    visitor_id: str = Field(description="the device last seen")
    devices: list[Device] = Field(description="newest first, the newest 200")
    online: bool
    first_seen: Moment | None = Field(description="null: told of, but never seen")
    last_seen: Moment | None
    visits: int
    pageviews: int
    stay_seconds: float
    visit: Visit | None
    page: Page
    environment: str | None
    os: str | None
    browser: str | None
    app_version: str | None
    orders: int
    units: int
    revenue: int
    average_order_value: float | None
    largest_order: int | None
    last_order_at: Moment | None
    cart: Cart
    recent_carted: list[CartedProduct]
    recent_purchased: list[BoughtProduct]
    acquisition: Acquisitions
    segments: list[Held] = Field(description="saved segments the person is in, by name")
    currency: str


Sort = Literal["last_seen", "person_id"]


class LiveQuery(Shape):
    """Query of GET /v1/live/visitors."""

    window: Window = "24h"
    segment: Text | None = Field(None, description="id of a saved segment")
    q: Text = Field("", description="part of a member_id or of a visitor_id; narrows the list, not the population")
    sort: Sort = "last_seen"
    limit: int = Field(50, ge=1, le=200)
    cursor: Cursor = None


class LiveIn(Shape):
    """Body of POST /v1/live/visitors."""

    window: Window = "24h"
    segment: SegmentValue = None
    q: Text = Field("", description="part of a member_id or of a visitor_id; narrows the list, not the population")
    sort: Sort = "last_seen"
    limit: int = Field(50, ge=1, le=200)
    cursor: Cursor = None


class PeopleCsvIn(Shape):
    """Body of POST /v1/live/visitors.csv."""

    window: Window = "24h"
    segment: SegmentValue = None
    q: Text = Field("", description="part of a member_id or of a visitor_id")


class CsvQuery(Shape):
    """Query of calls that answer CSV."""

    language: Literal["ko", "en"] | None = Field(None, description="of the headings; otherwise as Accept-Language asks")


class LiveOut(Fresh):
    """A page of Live. The population is counted with the first page and stays the same while paging."""

    window: Window
    segment: AskedSegment
    population: Population | None
    reason: Literal["now_condition"] | None = Field(description="why there is no population")
    currency: str
    visitors: list[Card]
    next_cursor: str | None


class OrderLine(Product):
    """A line of an order."""

    category: str | None
    units: int


class PersonOrder(Shape):
    """An order of a person, net of refunds."""

    transaction_id: str
    ordered_at: Moment
    counted: bool = Field(description="false: refunded as a whole")
    units: int
    revenue: int = Field(description="in the site's currency; 0 for an order in another one")
    currency: str | None
    value: int | None = Field(description="before refunds, in the order's currency")
    refunded: int | None
    items: list[OrderLine]


class PersonVisit(Visit):
    """A visit of a person; it is of one device."""

    visitor_id: str


class Stint(Shape):
    """A stretch of a visitor's time that belongs to one person, with what was done in it alone."""

    began_at: Moment | None = Field(description="null: from the beginning")
    person_id: str
    member_id: str | None
    card: Card


class DeviceOut(Fresh):
    """A browser or an app: whom it belonged to and when, newest first."""

    visitor_id: str
    stints: list[Stint]


# --- reports -------------------------------------------------------------------------------------------------------


class ReportIn(Shape):
    """What a Live Report is about."""

    window: Window = "24h"
    segment: SegmentValue = None
    compare: Literal["site", "others"] = Field(
        "site", description="what differences are against: everyone, or everyone else"
    )


class Measures(Shape):
    """Figures of one column of the report, unrounded."""

    visitors: int
    visits: int
    pageviews: int
    orders: int
    units: int
    revenue: int
    pageviews_per_visit: float | None
    avg_stay_seconds: float | None
    purchase_rate: float | None = Field(description="orders / visits")
    converting_visit_rate: float | None = Field(description="visits with an order / visits")
    average_order_value: float | None


class Shares(Shape):
    """segment / site, 0 to 1; null where the site has none."""

    visitors: float | None
    visits: float | None
    pageviews: float | None
    orders: float | None
    units: float | None
    revenue: float | None


class DifferencesInPercent(Shape):
    """(segment - base) / base * 100: relative, signed; null where the base is 0 or null."""

    visitors: float | None
    visits: float | None
    pageviews: float | None
    orders: float | None
    units: float | None
    revenue: float | None
    pageviews_per_visit: float | None
    avg_stay_seconds: float | None
    purchase_rate: float | None
    converting_visit_rate: float | None
    average_order_value: float | None


class DifferencesInPoints(Shape):
    """(segment - base) * 100 of rates: percentage points."""

    purchase_rate: float | None
    converting_visit_rate: float | None


class TopProduct(Product):
    """A product in one of the three lists."""

    units: int
    orders: int = Field(description="of the segment in the window that hold it; breaks ties")


class Top(Shape):
    """Top 7 products of the segment."""

    purchased: list[TopProduct]
    carted: list[TopProduct]
    in_cart: list[TopProduct]


class ReportOut(Fresh):
    """A Live Report: segment and site side by side."""

    window: Window
    currency: str
    compare: Literal["site", "others"]
    asked: AskedSegment
    reason: Literal["now_condition"] | None = Field(description="why the segment has no figures")
    segment: Measures | None
    site: Measures
    others: Measures | None = Field(description="everyone else; only if compared with")
    share: Shares | None
    diff_pct: DifferencesInPercent | None
    diff_pp: DifferencesInPoints | None
    top: Top | None


class CurveQuery(Shape):
    """Query of GET /v1/reports/curve."""

    window: Window = "24h"
    minutes: int = Field(60, ge=1, le=44_640, description="how far back")
    points: int = Field(300, ge=1, le=2000, description="at most so many")


class CurvePoint(Measures):
    """The site at one moment."""

    at: Moment
    online: int


class CurveOut(Fresh):
    """Figures of the site over time, oldest first."""

    window: Window
    currency: str
    points: list[CurvePoint]


# --- operations ----------------------------------------------------------------------------------------------------


class Healthy(Shape):
    """The process runs."""

    status: Literal["ok"]
    version: str


class Check(Shape):
    """One thing the API stands on."""

    ok: bool
    detail: str


class Ready(Shape):
    """Whether the API can do its work: `ready`, `degraded` (figures lag behind) or `not_ready`."""

    status: Literal["ready", "degraded", "not_ready"]
    log: Check
    clickhouse: Check
    flow: Check

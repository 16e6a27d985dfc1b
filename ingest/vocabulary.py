"""The words of the door: event names, limits, and every reason for which something is refused.

`docs/events.md` explains the same to a shop's developer; a test holds the two together.
"""

import re
from enum import StrEnum
from typing import Final

PAGE_VIEW: Final = "page_view"

#: Canonical names (GA4's, in snake_case) and what each means.
EVENTS: Final[dict[str, str]] = {
    "page_view": "a page was shown; the only event that counts as a pageview by itself",
    "view_item": "a product was looked at",
    "view_item_list": "a list of products was looked at",
    "search": "the shop's own search was used (`search_term`)",
    "add_to_cart": "items were put into the cart",
    "remove_from_cart": "items were taken out of the cart; without items: all of them",
    "view_cart": "the cart was looked at",
    "begin_checkout": "the checkout was begun",
    "purchase": "an order was placed (`transaction_id` is required)",
    "refund": "an order was refunded, whole or the items named (`transaction_id` is required)",
    "identify": "a visitor logged in or told traits",
    "logout": "a member logged out",
    "coupon_issued": "a coupon was given",
    "coupon_used": "a coupon was used",
    "message_click": "a message was clicked",
    "heartbeat": "the page is still open; extends the visit and counts as no pageview",
}

PAGEVIEWS: Final = frozenset({PAGE_VIEW})
ORDER_EVENTS: Final = frozenset({"purchase", "refund"})

#: Names of records that shards send each other through the log: no event may be called so.
RESERVED_NAMES: Final = frozenset({"order", "order_fact", "commit"})
RESERVED_PREFIX: Final = "sonnim_"
CUSTOM_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

ENVIRONMENTS: Final = ("pc_web", "mobile_web", "hybrid_app")
CHANNELS: Final = (
    "organic_search",
    "paid_search",
    "social",
    "email",
    "message",
    "referral",
    "direct",
    "internal",
)

BODY_BYTES_MAX: Final = 1_000_000
REQUEST_ITEMS_MAX: Final = 200
#: More than this is not even read item by item: every item costs an answer and a line of evidence.
BODY_ITEMS_MAX: Final = 2_000
EVENT_ITEMS_MAX: Final = 200
EVENT_ID_BYTES_MAX: Final = 64
VISITOR_ID_BYTES_MAX: Final = 128
TEXT_CHARACTERS_MAX: Final = 2_000
PROPERTIES_BYTES_MAX: Final = 32_768
DEPTH_MAX: Final = 32
MONEY_MAX: Final = 10**12
QUANTITY_MAX: Final = 10**6
REJECTED_TEXT_CHARACTERS: Final = 10_000

DAY_MS: Final = 86_400_000
LATE_MS_MAX: Final = 7 * DAY_MS
AHEAD_MS_MAX: Final = DAY_MS
#: 2000-01-01T00:00:00Z: an earlier time is a wrong unit or a broken clock.
EARLIEST_MS: Final = 946_684_800_000
#: 2200-01-01T00:00:00Z: later does not fit every column that keeps times.
LATEST_MS: Final = 7_258_118_400_000


class Reason(StrEnum):
    """Why an item, or a whole body, was refused. The value is the code in answers and in `rejected_events`."""

    # the body as a whole
    EMPTY_BODY = "empty_body"
    BODY_TOO_LARGE = "body_too_large"
    BAD_COMPRESSION = "bad_compression"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    FAR_TOO_MANY_ITEMS = "far_too_many_items"
    # decode
    BROKEN_JSON = "broken_json"
    INVALID_TEXT = "invalid_text"
    NOT_A_NUMBER = "not_a_number"
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    TOO_MANY_ITEMS_IN_REQUEST = "too_many_items_in_request"
    UNSUPPORTED_TYPE = "unsupported_type"
    # validate
    WRONG_TYPE = "wrong_type"
    MISSING_NAME = "missing_name"
    BAD_NAME = "bad_name"
    RESERVED_NAME = "reserved_name"
    MISSING_EVENT_ID = "missing_event_id"
    MISSING_VISITOR_ID = "missing_visitor_id"
    MISSING_TRANSACTION_ID = "missing_transaction_id"
    MISSING_ITEM_ID = "missing_item_id"
    ID_TOO_LONG = "id_too_long"
    CONTROL_CHARACTER_IN_ID = "control_character_in_id"
    TEXT_TOO_LONG = "text_too_long"
    TOO_MANY_ITEMS = "too_many_items"
    NEGATIVE_MONEY = "negative_money"
    FRACTIONAL_MONEY = "fractional_money"
    NOT_AN_INTEGER = "not_an_integer"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_ENVIRONMENT = "unknown_environment"
    MISSING_MEMBER_ID = "missing_member_id"
    NOTHING_TOLD = "nothing_told"
    UNKNOWN_FIELD = "unknown_field"
    UNDECLARED_TRAIT = "undeclared_trait"
    BAD_DATE = "bad_date"
    PROPERTIES_TOO_LARGE = "properties_too_large"
    # clock
    BAD_TIME = "bad_time"
    IN_THE_FUTURE = "in_the_future"
    TOO_LATE = "too_late"
    # after the door
    OLDER_THAN_HORIZON = "older_than_horizon"
    UNREADABLE_RECORD = "unreadable_record"
    BAD_SITE_ID = "bad_site_id"
    LOST_RECORDS = "lost_records"


EXPLANATIONS: Final[dict[Reason, str]] = {
    Reason.EMPTY_BODY: "the request has no body",
    Reason.BODY_TOO_LARGE: "the body, unpacked, is larger than 1,000,000 bytes; send it in parts",
    Reason.BAD_COMPRESSION: "the body is not the gzip or deflate stream its Content-Encoding says",
    Reason.UNSUPPORTED_ENCODING: "Content-Encoding may be gzip, deflate or identity",
    Reason.FAR_TOO_MANY_ITEMS: "over 2,000 items; a request carries at most 200 events",
    Reason.BROKEN_JSON: "this item is not JSON",
    Reason.INVALID_TEXT: "a text is not valid UTF-8, or holds half a surrogate pair",
    Reason.NOT_A_NUMBER: "NaN and Infinity are no JSON and no amount",
    Reason.TOO_DEEP: "objects and lists are nested deeper than 32 levels",
    Reason.NOT_AN_OBJECT: "an event is a JSON object",
    Reason.TOO_MANY_ITEMS_IN_REQUEST: "a request carries at most 200 events; the first 200 were looked at",
    Reason.UNSUPPORTED_TYPE: "this call of Segment's spec is not taken",
    Reason.WRONG_TYPE: "a field has another type than it must have",
    Reason.MISSING_NAME: "every event has a `name`",
    Reason.BAD_NAME: "a name is a lower-case letter and up to 63 letters, digits or underscores",
    Reason.RESERVED_NAME: "this name is used inside Sonnim; choose another one",
    Reason.MISSING_EVENT_ID: "every event has an `event_id`, unique within the site, so that a repeat is noticed",
    Reason.MISSING_VISITOR_ID: "every event has a `visitor_id`",
    Reason.MISSING_TRANSACTION_ID: "`purchase` and `refund` have a `transaction_id`",
    Reason.MISSING_ITEM_ID: "every item has an `item_id`",
    Reason.ID_TOO_LONG: "`event_id` has at most 64 bytes, `visitor_id` and a coupon's id at most 128",
    Reason.CONTROL_CHARACTER_IN_ID: "an id holds a control character",
    Reason.TEXT_TOO_LONG: "a text has at most 2,000 characters; in members' data 200",
    Reason.TOO_MANY_ITEMS: "an event has at most 200 items",
    Reason.NEGATIVE_MONEY: "an amount is negative; a refund's amounts are positive too",
    Reason.FRACTIONAL_MONEY: "amounts are whole numbers of the currency's smallest unit (won, yen, cents)",
    Reason.NOT_AN_INTEGER: "a whole number is needed",
    Reason.OUT_OF_RANGE: "a number is outside its range",
    Reason.UNKNOWN_CURRENCY: "`currency` is a code of ISO 4217, such as KRW",
    Reason.UNKNOWN_ENVIRONMENT: "`environment` is pc_web, mobile_web or hybrid_app",
    Reason.MISSING_MEMBER_ID: "members' data names its member: `member_id`",
    Reason.NOTHING_TOLD: "members' data tells something besides `member_id` and `as_of`",
    Reason.UNKNOWN_FIELD: "members' data has no such field, channel or part of a coupon",
    Reason.UNDECLARED_TRAIT: "a trait has to be declared first: PUT /v1/traits/{name}",
    Reason.BAD_DATE: "a birthday is 1990-05-17 or 05-17; other days are of the years 1900 to 2199",
    Reason.PROPERTIES_TOO_LARGE: "the additional properties take more than 32,768 bytes",
    Reason.BAD_TIME: "a time is epoch milliseconds, or ISO 8601 with a zone, not before the year 2000",
    Reason.IN_THE_FUTURE: "the event lies more than 24 hours in the future",
    Reason.TOO_LATE: "the event is more than 7 days old",
    Reason.OLDER_THAN_HORIZON: "more than 8 days older than the visitor's last event: that time is closed",
    Reason.UNREADABLE_RECORD: "a record of the log that is no event, written by another program",
    Reason.BAD_SITE_ID: "a record of the log, written by another program, whose site_id is none",
    Reason.LOST_RECORDS: "records of the log were deleted before they were read; the loss was accepted",
}

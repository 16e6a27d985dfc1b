"""Step 3, validate: `told` -> the typed fields of the record. A wrong value rejects the event and names its place."""

from typing import Any

import orjson

from ingest.currencies import DECIMALS
from ingest.door.draft import Arrival, Draft, Refused, deeper_than
from ingest.door.items import validate_items
from ingest.door.values import identifier, is_true, money, text
from ingest.vocabulary import (
    CUSTOM_NAME,
    DEPTH_MAX,
    ENVIRONMENTS,
    EVENT_ID_BYTES_MAX,
    EVENTS,
    ORDER_EVENTS,
    PAGEVIEWS,
    PROPERTIES_BYTES_MAX,
    RESERVED_NAMES,
    RESERVED_PREFIX,
    TEXT_CHARACTERS_MAX,
    VISITOR_ID_BYTES_MAX,
    Reason,
)

_TEXTS = frozenset(
    {
        "url",
        "title",
        "referrer",
        "search_keyword",
        "search_term",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
        "user_agent",
        "ip",
        "locale",
        "os",
        "browser",
        "app_version",
    }
)


def validate(draft: Draft, arrival: Arrival) -> None:
    """Fills the record with every field but the times, the acquisition and what the device step adds."""
    told, record = draft.told, draft.record
    name = _name(told.get("name"))
    record["site_id"] = arrival.site.site_id
    record["visitor_id"] = _required_id(told, "visitor_id", VISITOR_ID_BYTES_MAX, Reason.MISSING_VISITOR_ID)
    record["event_id"] = _required_id(told, "event_id", EVENT_ID_BYTES_MAX, Reason.MISSING_EVENT_ID)
    record["name"] = name
    record["server"] = arrival.server
    record["pageview"] = ("pageview" in told and is_true("pageview", told["pageview"])) or name in PAGEVIEWS
    for field, value in told.items():
        if field in _TEXTS and value != "":
            if type(value) is not str or len(value) > TEXT_CHARACTERS_MAX:
                text(field, value)  # says what is wrong
            record[field] = value
    for field in ("member_id", "transaction_id"):
        if field in told and (known := identifier(field, told[field])):
            record[field] = known
    if name in ORDER_EVENTS and "transaction_id" not in record:
        raise Refused(Reason.MISSING_TRANSACTION_ID, f"transaction_id: a {name} needs one")
    if "environment" in told:
        record["environment"] = _environment(told["environment"])
    if "value" in told:
        record["value"] = money("value", told["value"])
    if "items" in told and (items := validate_items(told["items"], draft.extra)):
        record["items"] = items
    if "currency" in told:
        record["currency"] = _currency(told["currency"], arrival)
    elif "value" in record or "items" in record or name in ORDER_EVENTS:
        record["currency"] = arrival.site.currency
    if draft.extra:
        record["properties"] = _properties(draft.extra)


def _name(told: Any) -> str:
    if type(told) is not str:
        if told is None:
            raise Refused(Reason.MISSING_NAME, "name: missing")
        raise Refused(Reason.WRONG_TYPE, "name: a text is needed")
    if told in EVENTS:
        return told
    if not told:
        raise Refused(Reason.MISSING_NAME, "name: missing")
    if CUSTOM_NAME.fullmatch(told) is None:
        raise Refused(Reason.BAD_NAME, f"name: {told[:80]!r}")
    if told in RESERVED_NAMES or told.startswith(RESERVED_PREFIX):
        raise Refused(Reason.RESERVED_NAME, f"name: {told!r}")
    return told


def _required_id(told: dict[str, Any], field: str, bytes_max: int, missing: Reason) -> str:
    value = told.get(field)
    if value is None or value == "":
        raise Refused(missing, f"{field}: missing")
    if type(value) is not str:
        raise Refused(Reason.WRONG_TYPE, f"{field}: a text is needed")
    known = identifier(field, value, bytes_max)
    if len(known) > bytes_max or (not known.isascii() and len(known.encode()) > bytes_max):
        raise Refused(Reason.ID_TOO_LONG, f"{field}: {len(known.encode()):,} bytes, at most {bytes_max}")
    return known


def _environment(value: Any) -> str:
    if type(value) is not str:
        raise Refused(Reason.WRONG_TYPE, "environment: a text is needed")
    if value not in ENVIRONMENTS:
        raise Refused(Reason.UNKNOWN_ENVIRONMENT, f"environment: {value[:80]!r}")
    return value


def _currency(value: Any, arrival: Arrival) -> str:
    if type(value) is not str:
        raise Refused(Reason.WRONG_TYPE, "currency: a text is needed")
    if value == "":
        return arrival.site.currency
    code = value.upper()
    if not value.isascii() or code not in DECIMALS:
        raise Refused(Reason.UNKNOWN_CURRENCY, f"currency: {value[:80]!r}")
    return code


def _properties(extra: dict[str, Any]) -> str:
    for value in extra.values():
        if type(value) in (dict, list) and deeper_than(value, DEPTH_MAX - 1):
            raise Refused(Reason.TOO_DEEP, f"properties: nested deeper than {DEPTH_MAX} levels")
    packed = orjson.dumps(extra)
    if len(packed) > PROPERTIES_BYTES_MAX:
        largest = max(extra, key=lambda key: len(orjson.dumps(extra[key])))
        raise Refused(
            Reason.PROPERTIES_TOO_LARGE,
            f"properties: {len(packed):,} bytes, at most {PROPERTIES_BYTES_MAX:,}; the largest is {largest[:80]!r}",
        )
    return packed.decode()

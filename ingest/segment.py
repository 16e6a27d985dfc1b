"""Segment's spec: identify, track, page, screen, alias and batch calls -> raw items for the door.

Source: Segment's public "Spec" and "Ecommerce Spec v2" pages. Their money is decimal in major units (19.99), ours whole in
minor units (1999): it is converted exactly, and refused where it does not fit the currency.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ingest.alias_tables import SEGMENT_EVENTS
from ingest.currencies import DECIMALS, minor_units
from ingest.door.draft import Broken, Refused, as_text
from ingest.vocabulary import BODY_ITEMS_MAX, MONEY_MAX, ORDER_EVENTS, Reason

_ITEM_FIELDS: Final = {
    "name": "item_name",
    "brand": "brand",
    "category": "category",
    "variant": "variant",
    "quantity": "quantity",
}
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_DIGITS_MAX: Final = 25  # fewer than the 28 that decimals keep exact


def segment_items(kind: str, body: object, *, currency: str) -> list[object]:
    """The raw items of one call: one, or a batch's; what can't be translated stands as `Broken` in its place.

    `kind` is the call's name (`track`, `batch`, ...); `currency` is the site's, for amounts that name none.
    """
    if kind != "batch":
        return [_item(kind, body, currency)]
    if type(body) is not dict or type(body.get("batch")) is not list:
        return [Broken(Reason.WRONG_TYPE, "batch: a list is needed", as_text(body))]
    if len(body["batch"]) > BODY_ITEMS_MAX:
        return [Broken(Reason.FAR_TOO_MANY_ITEMS, f"batch: {len(body['batch']):,} calls", "")]
    shared = {key: body[key] for key in ("context", "sentAt") if body.get(key) is not None}
    return [_item(None, _with_shared(message, shared), currency) for message in body["batch"]]


def segment_item(message: object, *, currency: str) -> object:
    """The raw item of one message that tells its own `type`, as in batches and in exported files."""
    return _item(None, message, currency)


def _with_shared(message: object, shared: dict[str, Any]) -> object:
    """A message of a batch with what the batch says for all; its own word counts first."""
    if type(message) is not dict:
        return message
    merged = {**shared, **message}
    own, common = message.get("context"), shared.get("context")
    if type(own) is dict and type(common) is dict:
        merged["context"] = {**common, **own}
    return merged


def _item(kind: str | None, message: object, currency: str) -> object:
    if isinstance(message, Broken):
        return message
    try:
        if type(message) is not dict:
            raise Refused(Reason.NOT_AN_OBJECT, "a call is an object")
        kind = kind or message.get("type")
        translate = _TRANSLATIONS.get(kind) if type(kind) is str else None
        if translate is None:
            raise Refused(Reason.UNSUPPORTED_TYPE, f"type: {str(kind)[:80]!r}; taken are {', '.join(_TRANSLATIONS)}")
        return {key: value for key, value in translate(message, currency).items() if value is not None}
    except Refused as refused:
        return Broken(refused.reason, refused.detail, as_text(message))


def _common(message: dict[str, Any]) -> dict[str, Any]:
    """Ids, times and context. A message with `receivedAt` comes from an export, where `timestamp` is corrected already."""
    exported = "receivedAt" in message and "timestamp" in message
    return {
        "event_id": message.get("messageId"),
        "visitor_id": message.get("anonymousId") or _text_id(message.get("userId")),
        "member_id": message.get("userId"),
        "occurred_at": message.get("timestamp") or message.get("originalTimestamp"),
        "sent_at": None if exported else message.get("sentAt"),
        "context": _context(message.get("context")),
    }


def _text_id(user_id: object) -> object:
    return str(user_id) if type(user_id) is int else user_id


def _context(context: object) -> object:
    """Segment's context is ours, but for its `os` and `device` objects and the parts of `page` that repeat the url."""
    if type(context) is not dict:
        return context
    known = dict(context)
    if type(known.get("os")) is dict:
        known["os"] = known["os"].get("name")
    if type(known.get("page")) is dict:
        known["page"] = {key: value for key, value in known["page"].items() if key in ("url", "title", "referrer")}
    for about_the_sender in ("library", "timezone", "screen"):
        known.pop(about_the_sender, None)
    return known


def _properties(message: dict[str, Any], key: str = "properties") -> dict[str, Any]:
    properties = message.get(key)
    if properties is None:
        return {}
    if type(properties) is not dict:
        raise Refused(Reason.WRONG_TYPE, f"{key}: an object is needed")
    return dict(properties)


def _page(message: dict[str, Any], currency: str) -> dict[str, Any]:
    properties = _properties(message)
    name = message.get("name") or properties.pop("name", None)
    page = {key: properties.pop(key, None) for key in ("url", "title", "referrer")}
    page["title"] = page["title"] or name
    for repeats_the_url in ("path", "search"):
        properties.pop(repeats_the_url, None)
    return {**_common(message), "name": "page_view", "page": page, "properties": properties}


def _identify(message: dict[str, Any], currency: str) -> dict[str, Any]:
    traits = _properties(message, "traits")
    return {**_common(message), "name": "identify", "properties": {"traits": traits} if traits else {}}


def _alias(message: dict[str, Any], currency: str) -> dict[str, Any]:
    """`previousId` was an anonymous visitor: the alias ties it to the member `userId`."""
    return {**_common(message), "name": "identify", "visitor_id": _text_id(message.get("previousId"))}


def _track(message: dict[str, Any], currency: str) -> dict[str, Any]:
    event = message.get("event")
    known = SEGMENT_EVENTS.get(event) if type(event) is str else None
    properties = _properties(message)
    item = {**_common(message), "name": known or _snake_case(event), "properties": properties}
    code = properties.pop("currency", None) or currency
    if type(code) is not str or code.upper() not in DECIMALS:
        raise Refused(Reason.UNKNOWN_CURRENCY, f"properties.currency: {str(code)[:80]!r}")
    code = code.upper()
    item["currency"] = code
    if known in ORDER_EVENTS:
        item["transaction_id"] = properties.pop("order_id", None)
        item["value"] = _order_value(properties, code)
    elif properties.get("value") is not None:
        item["value"] = _minor("properties.value", properties.pop("value"), code)
    if known == "search":
        item["search_term"] = properties.pop("query", None)
    if type(properties.get("products")) is list:
        products = properties.pop("products")
        item["items"] = [_product(f"properties.products[{n}]", product, code) for n, product in enumerate(products)]
    elif known and (properties.get("product_id") or properties.get("sku")):
        lone = {key: properties.pop(key) for key in (*_ITEM_FIELDS, "product_id", "sku", "price") if key in properties}
        item["items"] = [_product("properties", lone, code)]
    return item


def _snake_case(event: object) -> object:
    """A custom event's name, `Video Played`, as ours, `video_played`; the door judges the result."""
    return _NOT_IN_A_NAME.sub("_", event.lower()).strip("_") if type(event) is str else event


def _order_value(properties: dict[str, Any], currency: str) -> int | None:
    """Without tax and shipping: `subtotal`, else `revenue`, else `total` less `tax` and `shipping`."""
    for field in ("subtotal", "revenue"):
        if properties.get(field) is not None:
            return _minor(f"properties.{field}", properties[field], currency)
    if properties.get("total") is None:
        return None
    total = _minor("properties.total", properties["total"], currency)
    for field in ("tax", "shipping"):
        if properties.get(field) is not None:
            total -= _minor(f"properties.{field}", properties[field], currency)
    return total


def _product(place: str, product: object, currency: str) -> object:
    if type(product) is not dict:
        return product  # the door says what is wrong with it
    item = {_ITEM_FIELDS.get(key, key): value for key, value in product.items()}
    ids = [value for value in (item.pop("product_id", None), item.get("sku")) if value not in (None, "")]
    if ids:
        item["item_id"] = ids[0]
        if len(ids) == 1:
            item.pop("sku", None)
    if item.get("price") is not None:
        item["price"] = _minor(f"{place}.price", item["price"], currency)
    return item


def _minor(place: str, value: object, currency: str) -> int:
    """A decimal amount (a number, or a text that is one) in the currency's minor units."""
    if type(value) not in (int, float, str):
        raise Refused(Reason.WRONG_TYPE, f"{place}: a number is needed")
    try:
        digits = str(value)
        amount = Decimal(digits) if len(digits) <= _DIGITS_MAX else Decimal(MONEY_MAX) * MONEY_MAX
    except InvalidOperation:
        raise Refused(Reason.WRONG_TYPE, f"{place}: {digits!r} is no number") from None
    except ValueError:  # an integer of thousands of digits
        raise Refused(Reason.OUT_OF_RANGE, f"{place}: over {MONEY_MAX:,}") from None
    if not amount.is_finite():
        raise Refused(Reason.NOT_A_NUMBER, f"{place}: {digits}")
    if amount.adjusted() > len(str(MONEY_MAX)):
        raise Refused(Reason.OUT_OF_RANGE, f"{place}: over {MONEY_MAX:,}")
    units = minor_units(amount, currency) if amount.adjusted() > -_DIGITS_MAX else amount
    if units != units.to_integral_value():
        raise Refused(Reason.FRACTIONAL_MONEY, f"{place}: {digits} {currency} has over {DECIMALS[currency]} decimals")
    return int(units)


_TRANSLATIONS: Final[dict[str, Callable[[dict[str, Any], str], dict[str, Any]]]] = {
    "identify": _identify,
    "track": _track,
    "page": _page,
    "screen": _page,
    "alias": _alias,
}

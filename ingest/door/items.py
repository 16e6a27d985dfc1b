"""The items of an event -> the log's item objects."""

from typing import Any

from ingest.alias_tables import ITEM_FIELDS
from ingest.door.draft import Refused
from ingest.door.values import identifier, money, text, whole_number
from ingest.vocabulary import EVENT_ITEMS_MAX, MONEY_MAX, QUANTITY_MAX, TEXT_CHARACTERS_MAX, Reason


def validate_items(told: Any, extra: dict[str, Any]) -> list[dict[str, Any]]:
    """Every item with its canonical fields; a missing quantity is 1. What has no column goes, item by item, to
    `extra["items"]`."""
    if type(told) is not list:
        raise Refused(Reason.WRONG_TYPE, "items: a list is needed")
    if len(told) > EVENT_ITEMS_MAX:
        raise Refused(Reason.TOO_MANY_ITEMS, f"items: {len(told):,}, at most {EVENT_ITEMS_MAX}")
    rests: list[dict[str, Any]] = []
    items = [_item(index, item, rests) for index, item in enumerate(told)]
    worth = sum(item.get("price", 0) * item["quantity"] for item in items)
    if worth > MONEY_MAX:
        raise Refused(Reason.OUT_OF_RANGE, f"items: together worth {worth:,}, over {MONEY_MAX:,}")
    if any(rests):
        extra["items"] = rests
    return items


def _item(index: int, told: Any, rests: list[dict[str, Any]]) -> dict[str, Any]:
    if type(told) is not dict:
        raise Refused(Reason.WRONG_TYPE, f"items[{index}]: an object is needed")
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in told.items():
        if value is None or value == "":
            continue
        field = ITEM_FIELDS.get(key)
        if field is None or (field in known and key != field):
            rest[key] = value
            continue
        known[field] = _value(index, key, field, value)
    if "item_id" not in known:
        raise Refused(Reason.MISSING_ITEM_ID, f"items[{index}].item_id: missing")
    known.setdefault("quantity", 1)
    rests.append(rest)
    return known


def _value(index: int, key: str, field: str, value: Any) -> str | int:
    if field == "price":
        return money(f"items[{index}].{key}", value)
    if field == "quantity":
        return whole_number(f"items[{index}].{key}", value, QUANTITY_MAX)
    if field == "item_id":
        return identifier(f"items[{index}].{key}", value)
    if type(value) is str and len(value) <= TEXT_CHARACTERS_MAX:
        return value
    return text(f"items[{index}].{key}", value)

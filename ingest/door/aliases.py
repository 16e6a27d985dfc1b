"""Step 2, aliases: whatever names the sender uses -> canonical fields (`told`), and the rest (`extra`)."""

from typing import Any

from ingest.alias_tables import (
    CAMPAIGN_FIELDS,
    CONTEXT_FIELDS,
    EVENT_ALIASES,
    FIELDS,
    LONE_ITEM_FIELDS,
    LONE_ITEM_IDS,
    PAGE_FIELDS,
)
from ingest.door.draft import Arrival, Draft, Refused
from ingest.vocabulary import Reason


def resolve_aliases(draft: Draft, arrival: Arrival) -> None:
    """Fills `told` and `extra` from `raw`. A canonical name wins over an alias, the event's own level over `page`,
    `context` and `params`; what loses stays in `extra`."""
    told, extra = draft.told, draft.extra
    _sort(draft.raw, FIELDS, told, extra)
    if "params" in told:
        _open(told, "params", FIELDS, told, extra)
    if "page" in told:
        _open(told, "page", PAGE_FIELDS, told, extra)
    if "context" in told:
        _open_context(told, extra)
    if "properties" in told:
        properties = told.pop("properties")
        if type(properties) is not dict:
            raise Refused(Reason.WRONG_TYPE, "properties: an object is needed")
        draft.extra = extra = {**properties, **extra}
    if "items" not in told and not LONE_ITEM_IDS.isdisjoint(extra):
        told["items"] = [{key: extra.pop(key) for key in list(extra) if key in LONE_ITEM_FIELDS}]
    name = told.get("name")
    if type(name) is str:
        told["name"] = EVENT_ALIASES.get(name, name)


def _sort(source: dict[str, Any], table: dict[str, str], told: dict[str, Any], extra: dict[str, Any]) -> None:
    """Each entry of `source` under its canonical name into `told`, or into `extra`. None is absent."""
    by_alias: dict[str, str] = {}  # canonical name -> the alias it was told by, in this source
    for key, value in source.items():
        if value is None:
            continue
        field = table.get(key)
        if field is None:
            extra[key] = value
        elif field not in told:
            told[field] = value
            if key != field:
                by_alias[field] = key
        elif key == field and field in by_alias:
            extra[by_alias.pop(field)] = told[field]
            told[field] = value
        elif told[field] != value:
            extra[key] = value


def _open(
    holder: dict[str, Any], place: str, table: dict[str, str], told: dict[str, Any], extra: dict[str, Any]
) -> None:
    """Takes the object `holder[place]` apart; what has no column stays in `extra[place]`."""
    inner = holder.pop(place)
    if type(inner) is not dict:
        raise Refused(Reason.WRONG_TYPE, f"{place}: an object is needed")
    rest: dict[str, Any] = {}
    _sort(inner, table, told, rest)
    if rest:
        extra[place] = rest


def _open_context(told: dict[str, Any], extra: dict[str, Any]) -> None:
    context: dict[str, Any] = {}
    _open(told, "context", CONTEXT_FIELDS, context, extra)
    if "page" in context:
        _open(context, "page", PAGE_FIELDS, told, extra)
    if "campaign" in context:
        _open(context, "campaign", CAMPAIGN_FIELDS, told, extra)
    app = context.get("app")
    if type(app) is dict and "version" in app:
        context.setdefault("app_version", app["version"])
    for field, value in context.items():
        told.setdefault(field, value)

"""What a stream is about: a site, a window, and everyone, a saved segment or an expression."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from pydantic import Field

from api.asked import Asked, asked_for, checked, saved
from api.problems import ProblemError, invalid
from api.schemas import Shape, Text
from api.stream.position import LONGEST
from api.strict import DEEPEST, too_deep
from api.times import Window
from sql.keys import KeyHolder
from sql.store import Store


class StreamQuery(Shape):
    """Query of GET /v1/live/stream."""

    window: Window = "24h"
    segment: Text | None = Field(None, description="id of a saved segment")
    expression: str | None = Field(
        None,
        max_length=100_000,
        description="an expression as JSON (docs/segments.md), in place of a saved segment",
        examples=['{"field": "visits", "op": ">=", "value": 10}'],
    )
    last_event_id: str | None = Field(
        None, max_length=LONGEST, description="goes on after this event, where the header Last-Event-ID cannot be sent"
    )


class Topic(NamedTuple):
    """Equal for all viewers who are told the same. `expression`: JSON with its keys in order; '' for none; so is `segment_id`."""

    site_id: str
    currency: str
    timezone: str
    window: Window
    segment_id: str
    expression: str

    def asked(self, store: Store) -> Asked:
        """The segment as it is now. Raises `ProblemError`: 404, 422."""
        site = KeyHolder("", self.site_id, "secret", self.currency, self.timezone)
        if self.segment_id:
            return saved(store, site, self.segment_id, "?segment")
        if self.expression:
            return checked(store, site, orjson.loads(self.expression), "?expression")
        return asked_for(store, site, None, "")


def read_topic(store: Store, holder: KeyHolder, query: StreamQuery) -> tuple[Topic, Asked]:
    """What a request asks for, checked. Raises `ProblemError`: 404, 422."""
    if query.segment is not None and query.expression is not None:
        raise ProblemError(422, "invalid_input", "Ask for a segment or for an expression, not for both.")
    if query.segment == "":
        raise invalid("?segment", "Name a segment, or leave it out for everyone.")
    expression = "" if query.expression is None else _in_order(_read(query.expression))
    topic = Topic(holder.site_id, holder.currency, holder.timezone, query.window, query.segment or "", expression)
    return topic, topic.asked(store)


def _read(text: str) -> Any:
    try:
        value = orjson.loads(text.encode())
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise invalid("?expression", "This is not JSON.") from None
    if too_deep(value):
        raise invalid("?expression", f"This has more than {DEEPEST} levels.")
    return value


def _in_order(expression: Any) -> str:
    return orjson.dumps(expression, option=orjson.OPT_SORT_KEYS).decode()

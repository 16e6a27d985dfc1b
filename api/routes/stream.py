"""Live as it happens: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.asked import Asked
from api.auth import Reader
from api.context import Here
from api.problems import responses
from api.stream.hub import Streams, Watching
from api.stream.topic import StreamQuery, Topic, read_topic
from api.strict import StrictRoute

router = APIRouter(
    prefix="/v1", tags=["live"], route_class=StrictRoute, responses=responses(400, 401, 403, 404, 422, 503)
)

RETRY_MS = 2_000
"""So long a browser waits before it comes again."""


class _Wanted(NamedTuple):
    topic: Topic
    asked: Asked
    last_id: str | None


def _wanted(
    context: Here,
    holder: Reader,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(description="goes on after this event; browsers send it")] = None,
) -> _Wanted:
    topic, asked = read_topic(context.store, holder, query)
    return _Wanted(topic, asked, last_event_id or query.last_event_id)


def _streams(request: Request) -> Streams:
    return cast(Streams, request.app.state.streams)


async def _watching(
    streams: Annotated[Streams, Depends(_streams)], wanted: Annotated[_Wanted, Depends(_wanted)]
) -> AsyncIterator[Watching]:
    watching = streams.join(*wanted)
    try:
        yield watching
    finally:
        streams.leave(watching)


@router.get("/live/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    streams: Annotated[Streams, Depends(_streams)],
    watching: Annotated[Watching, Depends(_watching)],
) -> AsyncIterator[ServerSentEvent]:
    """Live as it happens: events `counters`, `people` and `reset` (docs/api.md, "The stream"), until the connection is renewed."""
    yield ServerSentEvent(retry=RETRY_MS)
    async for message in streams.messages(watching, request.state.still_allowed):
        yield ServerSentEvent(event=message.kind, raw_data=message.data, id=message.id)

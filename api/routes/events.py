"""POST /v1/events, and the calls of Segment's spec."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from api.auth import Sender
from api.context import Here
from api.events import Arrived, SegmentCall, receive
from api.problems import ProblemError, responses
from api.schemas import EventsAnswer

router = APIRouter(prefix="/v1", tags=["events"], responses=responses(400, 401, 403, 413, 415, 422, 503))

_BODY = {
    "requestBody": {
        "required": True,
        "description": "one event, an array of events, or one a line (docs/events.md); gzip and deflate are understood",
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}
_CALL = {
    "requestBody": {
        "required": True,
        "description": "a call of Segment's spec, version 2",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/events", status_code=202, openapi_extra=_BODY)
async def send_events(
    request: Request,
    context: Here,
    holder: Sender,
    history: Annotated[bool, Query(description="events of any age; with the secret key only")] = False,
) -> EventsAnswer:
    """Send events. 202 means the log has the accepted ones, whatever crashes next; each refused one has its reason."""
    if history and holder.kind != "secret":
        raise ProblemError(403, "wrong_kind_of_key", "history=true needs the secret key.")
    return await run_in_threadpool(receive, context, holder, await arrived(request, history))


async def _call(kind: SegmentCall, request: Request, context: Here, holder: Sender) -> EventsAnswer:
    return await run_in_threadpool(receive, context, holder, await arrived(request), kind)


@router.post("/identify", openapi_extra=_CALL)
async def segment_identify(request: Request, context: Here, holder: Sender) -> EventsAnswer:
    """Segment's identify."""
    return await _call("identify", request, context, holder)


@router.post("/track", openapi_extra=_CALL)
async def segment_track(request: Request, context: Here, holder: Sender) -> EventsAnswer:
    """Segment's track."""
    return await _call("track", request, context, holder)


@router.post("/page", openapi_extra=_CALL)
async def segment_page(request: Request, context: Here, holder: Sender) -> EventsAnswer:
    """Segment's page."""
    return await _call("page", request, context, holder)


@router.post("/alias", openapi_extra=_CALL)
async def segment_alias(request: Request, context: Here, holder: Sender) -> EventsAnswer:
    """Segment's alias."""
    return await _call("alias", request, context, holder)


@router.post("/batch", openapi_extra=_CALL)
async def segment_batch(request: Request, context: Here, holder: Sender) -> EventsAnswer:
    """Segment's batch."""
    return await _call("batch", request, context, holder)


async def arrived(request: Request, history: bool = False) -> Arrived:
    """A request as it came in."""
    headers = request.headers
    return Arrived(
        body=await request.body(),
        content_type=headers.get("content-type", ""),
        content_encoding=headers.get("content-encoding", ""),
        user_agent=headers.get("user-agent", ""),
        ip=request.client.host if request.client else "",
        history=history,
    )

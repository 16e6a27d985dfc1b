"""From a request's body to the log: the only way events come in over HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from api.context import Context
from api.problems import ProblemError
from api.schemas import EventsAnswer, RejectedItem
from ingest.door import BodyRefused, Broken, Rejection, SiteRules, Verdict, decode_body, open_door
from ingest.segment import segment_items
from ingest.vocabulary import Reason
from sql.keys import KeyHolder

SegmentCall = Literal["identify", "track", "page", "alias", "batch"]

_TYPES = frozenset(
    {
        "",
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "text/plain",
    }
)
_REFUSED = {Reason.BODY_TOO_LARGE: 413, Reason.UNSUPPORTED_ENCODING: 415}


@dataclass(frozen=True)
class Arrived:
    """A request with events, and who sent it."""

    body: bytes
    content_type: str
    content_encoding: str
    user_agent: str
    ip: str
    history: bool = False


def receive(context: Context, holder: KeyHolder, arrived: Arrived, call: SegmentCall | None = None) -> EventsAnswer:
    """Take events in; returns when the log has them, and the refused ones beside them.

    `call` is the call of Segment's spec they came by. Raises `ProblemError` for a body that is not taken as a whole, and
    `LogUnavailable`.
    """
    items = sent = decoded(arrived)
    if call is not None:
        items = _of_segment(call, items, holder)
    now = context.clock()
    traits = context.traits.types(holder.site_id, now)
    verdict = open_door(
        items,
        site=SiteRules(holder.site_id, holder.currency, holder.timezone, traits),
        received_at=now,
        server=holder.kind == "secret",
        history=arrived.history,
        user_agent=arrived.user_agent,
        ip=arrived.ip,
    )
    partitions = context.log.partitions
    records = [*verdict.records(partitions), *kept(verdict.rejected, holder.site_id, now, partitions)]
    if records:
        context.log.append(records)
    refused_as_a_whole(sent, verdict)
    context.metrics.accepted.labels(holder.site_id).inc(len(verdict.accepted))
    for rejection in verdict.rejected:
        context.metrics.rejected.labels(holder.site_id, rejection.reason.value).inc()
    return EventsAnswer(
        accepted=len(verdict.accepted),
        rejected=[
            RejectedItem(index=rejection.index, reason=rejection.reason.value, detail=rejection.detail)
            for rejection in verdict.rejected
        ],
    )


def decoded(arrived: Arrived) -> list[object | Broken]:
    """The items of a request's body. Raises `ProblemError` for a body that cannot be taken."""
    kind = arrived.content_type.partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise ProblemError(
            415, "unsupported_media_type", "Send application/json, application/x-ndjson or text/plain with JSON in it."
        )
    try:
        return decode_body(arrived.body, arrived.content_type, arrived.content_encoding)
    except BodyRefused as refused:
        raise ProblemError(_REFUSED.get(refused.reason, 400), refused.reason.value, str(refused)) from refused


def refused_as_a_whole(items: Sequence[object | Broken], verdict: Verdict) -> None:
    """Raise `ProblemError` if nothing of a body can be read."""
    if items and all(isinstance(item, Broken) for item in items):
        first = verdict.rejected[0]
        raise ProblemError(400, first.reason.value, f"Nothing in the body can be read: {first.detail}.")


def _of_segment(call: SegmentCall, items: list[object | Broken], holder: KeyHolder) -> list[object | Broken]:
    if len(items) != 1:
        raise ProblemError(400, "not_one_object", "A call of Segment's spec is one JSON object.")
    return segment_items(call, items[0], currency=holder.currency)


def kept(rejected: Sequence[Rejection], site_id: str, received_at: int, partitions: int) -> list[tuple[int, bytes]]:
    """Log records of the rejections: the flow writes them to `rejected_events`."""
    partition = crc32(site_id.encode()) % partitions
    return [
        (
            partition,
            json.dumps(
                {
                    "kind": "rejected",
                    "site_id": site_id,
                    "received_at": received_at,
                    "payload": json.dumps(
                        {"reason": one.reason.value, "detail": one.detail, "event": one.event_text}, ensure_ascii=False
                    ),
                },
                ensure_ascii=False,
            ).encode("utf-8", "replace"),
        )
        for one in rejected
    ]

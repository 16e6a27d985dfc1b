from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import orjson
import pytest

from deploy.errors import UserError
from deploy.sender import BATCH_BYTES, BATCH_EVENTS, Refusal, Sender, batches

Respond = Callable[[list[Any]], httpx.Response]


def events_of(request: httpx.Request) -> list[Any]:
    events: list[Any] = orjson.loads(gzip.decompress(request.content))
    return events


class Api:
    """Answers requests one after the other, each by its own function; the last one serves for all that follow."""

    def __init__(self, *responds: Respond) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self._responds = list(responds)

    def sender(self, **options: Any) -> Sender:
        transport = httpx.MockTransport(self._answer)
        return Sender("http://api", "snm_s_x", transport=transport, sleep=self.pauses.append, **options)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        respond = self._responds.pop(0) if len(self._responds) > 1 else self._responds[0]
        return respond(events_of(request))


def taken(events: list[Any]) -> httpx.Response:
    return httpx.Response(202, json={"accepted": len(events), "rejected": []})


def away(events: list[Any]) -> httpx.Response:
    raise httpx.ConnectError("refused")


def busy(events: list[Any]) -> httpx.Response:
    return httpx.Response(503, json={"detail": "ClickHouse is away."}, headers={"Retry-After": "7"})


def too_large(events: list[Any]) -> httpx.Response:
    return (
        httpx.Response(413, json={"detail": "too large"}) if len(events) > 1 or events[0].get("huge") else taken(events)
    )


def test_events_are_packed_and_sent_with_the_key() -> None:
    api = Api(taken)
    with closing(api.sender(history=True)) as sender:
        assert sender.send([{"event_id": "1"}]).accepted == 1
    assert api.requests[0].url == "http://api/v1/events?history=true"
    assert api.requests[0].headers["authorization"] == "Bearer snm_s_x"


def test_what_is_not_answered_is_sent_again() -> None:
    api = Api(away, busy, taken)
    with closing(api.sender()) as sender:
        assert sender.send([{"event_id": "1"}, {"event_id": "2"}]).accepted == 2
    assert [len(events_of(request)) for request in api.requests] == [2, 2, 2]


def test_the_pause_is_as_long_as_the_api_asks_for() -> None:
    api = Api(busy, taken)
    with closing(api.sender()) as sender:
        sender.send([{"event_id": "1"}])
    assert api.pauses == [7]


def test_patience_ends() -> None:
    api = Api(away)
    with closing(api.sender(patience_seconds=3)) as sender, pytest.raises(UserError, match="does not answer"):
        sender.send([{"event_id": "1"}])
    assert sum(api.pauses) <= 3


def test_a_wrong_key_is_not_tried_again() -> None:
    api = Api(lambda events: httpx.Response(401, json={"detail": "This key is unknown or revoked."}))
    with closing(api.sender()) as sender, pytest.raises(UserError, match="unknown or revoked"):
        sender.send([{"event_id": "1"}])
    assert api.pauses == []


def test_what_is_too_large_is_sent_in_parts_and_refused_alone() -> None:
    api = Api(too_large)
    with closing(api.sender()) as sender:
        answer = sender.send([{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3, "huge": True}, {"n": 4}])
    assert answer.accepted == 4
    assert [(one.index, one.reason) for one in answer.refused] == [(3, "body_too_large")]


def test_refusals_keep_their_place() -> None:
    rejected = [{"index": 1, "reason": "bad_time", "detail": "occurred_at"}]
    api = Api(lambda events: httpx.Response(202, json={"accepted": 1, "rejected": rejected}))
    with closing(api.sender()) as sender:
        assert sender.send([{}, {}]).refused == [Refusal(1, "bad_time", "occurred_at")]


def test_a_batch_holds_so_many_events_and_bytes() -> None:
    def small() -> Iterator[dict[str, Any]]:
        return ({"n": n} for n in range(BATCH_EVENTS * 2 + 1))

    assert [len(batch) for batch in batches(small())] == [BATCH_EVENTS, BATCH_EVENTS, 1]
    large = [{"text": "x" * (BATCH_BYTES // 2)} for _ in range(3)]
    assert [len(batch) for batch in batches(large)] == [1, 1, 1]
    assert list(batches([])) == []

"""Sends events to `POST /v1/events` until they got an answer: what is not answered is sent again, and counts once."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson

from deploy.backoff import Backoff
from deploy.client import refused, unreachable
from deploy.errors import UserError
from ingest.vocabulary import BODY_BYTES_MAX, REQUEST_ITEMS_MAX

BATCH_EVENTS = REQUEST_ITEMS_MAX
BATCH_BYTES = BODY_BYTES_MAX - 50_000
PATIENCE_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 30.0
_AGAIN = frozenset({429, 500, 502, 503, 504})

Event = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A refused event: its index in the batch, the reason's code, and what was found where."""

    index: int
    reason: str
    detail: str


@dataclass
class Answer:
    """What became of a batch; who is not refused is accepted."""

    accepted: int = 0
    refused: list[Refusal] = field(default_factory=list)


class Sender:
    """Sends batches one after the other, so that a visitor's events arrive in the order they were given."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        history: bool = False,
        patience_seconds: float = PATIENCE_SECONDS,
        on_wait: Callable[[str, float], None] = lambda why, seconds: None,
        sleep: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`history`: events of any age are taken (needs the secret key). `on_wait(why, seconds)` is told of every pause.

        `patience_seconds`: how long to pause in all before a batch is given up.
        """
        self._url, self._params = url, {"history": "true"} if history else {}
        self._patience, self._on_wait, self._sleep = patience_seconds, on_wait, sleep
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Content-Encoding": "gzip",
            },
            timeout=60.0,
            transport=transport,
        )

    def send(self, events: Sequence[Event]) -> Answer:
        """Send up to BATCH_EVENTS events. Raises `UserError` when they cannot be sent at all."""
        body = gzip.compress(orjson.dumps(events), 1)
        backoff, waited = Backoff(0.2, LONGEST_PAUSE_SECONDS), 0.0
        while True:
            retry_after = 0.0
            try:
                answer = self._http.post(f"{self._url}/v1/events", content=body, params=self._params)
            except httpx.TransportError as error:
                failure = unreachable(self._url, error)
            except httpx.InvalidURL as error:
                raise UserError(f"{self._url} is no URL: {error}.", "Check --url, or SONNIM_URL.") from None
            else:
                if answer.status_code == 202:
                    return _told(answer.json())
                if answer.status_code == 413:
                    return self._in_halves(events)
                if answer.status_code not in _AGAIN:
                    raise refused(answer)
                failure = refused(answer)
                retry_after = _seconds(answer.headers.get("retry-after", ""))
            pause = min(max(backoff.pause(), retry_after), LONGEST_PAUSE_SECONDS)
            if waited + pause > self._patience:
                raise UserError(failure.what, f"Given up after {waited:.0f} s. {failure.advice}")
            waited += pause
            self._on_wait(failure.what, pause)
            self._sleep(pause)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _in_halves(self, events: Sequence[Event]) -> Answer:
        """What is too large as a whole may be taken in parts."""
        if len(events) == 1:
            return Answer(0, [Refusal(0, "body_too_large", "this event alone is larger than a request may be")])
        middle = len(events) // 2
        first, second = self.send(events[:middle]), self.send(events[middle:])
        later = [replace(refusal, index=refusal.index + middle) for refusal in second.refused]
        return Answer(first.accepted + second.accepted, [*first.refused, *later])


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """The events in batches that a request may carry."""
    batch: list[Event] = []
    size = 0
    for event in events:
        length = len(orjson.dumps(event)) + 1
        if batch and (len(batch) == BATCH_EVENTS or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch


def _told(body: dict[str, Any]) -> Answer:
    return Answer(body["accepted"], [Refusal(one["index"], one["reason"], one["detail"]) for one in body["rejected"]])


def _seconds(header: str) -> float:
    """Retry-After in seconds; as a date it is left out, the back-off serves."""
    try:
        return max(0.0, float(header))
    except ValueError:
        return 0.0

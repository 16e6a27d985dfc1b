"""The log no longer holds what a partition is to read next: it was trimmed too early, or it is another log."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import orjson

from flows.decode import SCHEMA, Decoded, Internal
from flows.read_ahead import Read, Stretch
from ingest.log.log import EventLog, LogUnavailable
from ingest.vocabulary import Reason


class RecordsLost(Exception):
    """Reading on would skip records, so the flow ends. The text says of which partition and which; `advice`, what to do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what} {advice}")
        self.what, self.advice = what, advice


@dataclass(frozen=True)
class Gap:
    """Offsets of a partition that the log does not hold any more: those after `after`, up to and with `upto`."""

    partition: int
    after: int
    upto: int

    @property
    def told(self) -> str:
        """In words."""
        return f"the log of partition {self.partition} holds nothing of offsets {self.after} to {self.upto} any more"

    def read(self, now: int) -> Read:
        """What is read in place of it: one refused record, for `rejected_events`."""
        told = {"reason": Reason.LOST_RECORDS, "detail": self.told, "event": ""}
        record = Internal("rejected", self.upto, "", now, orjson.dumps(told).decode())
        nothing = Decoded(SCHEMA.empty_table().drop_columns(["kind", "payload"]), np.empty(0, np.int64), [record], [])
        return Read([Stretch(nothing, self.upto)], self.upto, behind=False)


def gap(log: EventLog, partition: int, offset: int) -> Gap | None:
    """What is missing at and after `offset`, where reading on is out of the log's range; None if it is there by now.

    Raises RecordsLost if the log ends before `offset`: it is not the one that was read so far, and its offsets mean other
    records. Visitors skip offsets that they have seen, so what comes in it would be skipped silently. Raises LogUnavailable.
    """
    start, end = log.start(partition), log.end(partition)
    if offset > end:
        raise RecordsLost(
            f"The log of partition {partition} ends at offset {end}, but up to {offset} it was applied already: "
            "it was made anew, or is an older copy.",
            "Bring the old log back. If it is gone, go on with a new log and an empty database "
            "(docs/operations.md, a log that was made anew); --accept-loss does not help here.",
        )
    return Gap(partition, offset, start) if offset < start else None


def refusal(missing: Gap) -> RecordsLost:
    """For who has not accepted the loss."""
    return RecordsLost(
        f"Records are lost: {missing.told}. They were deleted before they were applied.",
        "Bring them back if you can. If not, `sonnim flow --accept-loss` goes on with the oldest record there is, and notes "
        "the gap in rejected_events.",
    )


def require_reach(log: EventLog, offset_of: Callable[[int], int], *, accept_loss: bool = False) -> None:
    """Raise RecordsLost, before anything is begun, if the log lacks what some partition is to read next. A log that is away is
    waited for later."""
    with contextlib.suppress(LogUnavailable):
        for number in range(log.partitions):
            missing = gap(log, number, offset_of(number))
            if missing is not None and not accept_loss:
                raise refusal(missing)

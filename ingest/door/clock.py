"""Step 4, clock: times as sent -> UTC epoch milliseconds, corrected for the sender's clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.door.draft import Arrival, Draft, Refused
from ingest.vocabulary import AHEAD_MS_MAX, EARLIEST_MS, LATE_MS_MAX, LATEST_MS, Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def correct_clock(draft: Draft, arrival: Arrival) -> None:
    """`occurred_at = received_at - (sent_at - occurred_at)` where `sent_at` is told, and never after `received_at`.

    An event that tells no time happened when it was received. Up to 24 hours in the future is taken as now; up to
    7 days late is accepted, any age where the arrival is history.
    """
    told, record, received_at = draft.told, draft.record, arrival.received_at
    record["received_at"] = received_at
    occurred_at = received_at
    if "occurred_at" in told:
        occurred_at = epoch_ms("occurred_at", told["occurred_at"])
    if "sent_at" in told:
        sent_at = epoch_ms("sent_at", told["sent_at"])
        if sent_at > LATEST_MS:
            raise Refused(Reason.IN_THE_FUTURE, f"sent_at: {shown(sent_at)}")
        record["sent_at"] = sent_at
        if "occurred_at" in told:
            occurred_at = received_at - (sent_at - occurred_at)
    if occurred_at > received_at:
        if occurred_at - received_at > AHEAD_MS_MAX:
            raise Refused(Reason.IN_THE_FUTURE, f"occurred_at: {shown(occurred_at)}, received {shown(received_at)}")
        occurred_at = received_at
    elif occurred_at < EARLIEST_MS:
        raise Refused(Reason.BAD_TIME, f"occurred_at: {shown(occurred_at)} after correction by sent_at")
    elif received_at - occurred_at > LATE_MS_MAX and not arrival.history:
        raise Refused(Reason.TOO_LATE, f"occurred_at: {shown(occurred_at)}, received {shown(received_at)}")
    record["occurred_at"] = occurred_at


def epoch_ms(place: str, value: Any) -> int:
    """Epoch milliseconds of a number, or of an ISO 8601 text with its zone; a fraction of a millisecond is cut."""
    if type(value) is int:
        time = value
    elif type(value) is float and value.is_integer():
        time = int(value)
    elif type(value) is float and value == value and abs(value) != float("inf"):
        time = int(value // 1)
    elif type(value) is str:
        time = _from_iso(place, value)
    else:
        raise Refused(Reason.BAD_TIME, f"{place}: epoch milliseconds or ISO 8601 needed")
    if time < EARLIEST_MS:
        seconds = EARLIEST_MS // 1000 <= time <= LATEST_MS // 1000
        hint = "looks like seconds, milliseconds are needed" if seconds else "before the year 2000"
        raise Refused(Reason.BAD_TIME, f"{place}: {shown(time)} {hint}")
    return time


def shown(time: int) -> str:
    """A time for people: ISO 8601 where a calendar has it, else the bare number."""
    if -62_135_596_800_000 <= time <= 253_402_300_799_999:
        return (_EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(time) if abs(time) < 10**20 else "a time of more than 20 digits"


def _from_iso(place: str, value: str) -> int:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(Reason.BAD_TIME, f"{place}: {value[:80]!r} is not ISO 8601") from None
    if time.tzinfo is None:
        raise Refused(Reason.BAD_TIME, f"{place}: {value[:80]!r} names no zone; end it with Z or +09:00")
    return (time - _EPOCH) // _MILLISECOND

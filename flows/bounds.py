"""What the engine can hold of an event. The door lets nothing else in; other producers may write to the log too.

The limits are the door's (ingest/vocabulary.py). Columns are looked at as a whole; only where something is wrong, rows are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.visitors.batch import Bools, column_of
from flows.visitors.tables import Array
from ingest.vocabulary import (
    AHEAD_MS_MAX,
    EARLIEST_MS,
    EVENT_ID_BYTES_MAX,
    EVENT_ITEMS_MAX,
    LATEST_MS,
    MONEY_MAX,
    PROPERTIES_BYTES_MAX,
    QUANTITY_MAX,
    TEXT_CHARACTERS_MAX,
    VISITOR_ID_BYTES_MAX,
    Reason,
)

SITE_ID_BYTES_MAX = 64
NAME_BYTES_MAX = 64
TEXT_BYTES_MAX = 4 * TEXT_CHARACTERS_MAX

_IDS = {
    "site_id": (SITE_ID_BYTES_MAX, Reason.BAD_SITE_ID, Reason.BAD_SITE_ID),
    "visitor_id": (VISITOR_ID_BYTES_MAX, Reason.ID_TOO_LONG, Reason.MISSING_VISITOR_ID),
    "event_id": (EVENT_ID_BYTES_MAX, Reason.ID_TOO_LONG, Reason.MISSING_EVENT_ID),
    "name": (NAME_BYTES_MAX, Reason.BAD_NAME, Reason.MISSING_NAME),
}
_CONTROL = "[\\x00-\\x1f\\x7f]"

Refused = dict[int, tuple[Reason, str]]
"""Row -> why it is refused."""


def refused(events: pa.Table) -> Refused:
    """The rows of events (flows.decode.SCHEMA, combined, required columns never null) that the engine can't hold, and why."""
    found: Refused = {}

    def refuse(rows: Bools, reason: Reason, detail: str) -> None:
        for row in np.flatnonzero(rows).tolist():
            found.setdefault(row, (reason, detail))

    if len(events):
        _ids(events, refuse)
        _times(events, refuse)
        _texts(events, refuse)
        _amount("value", column_of(events, "value"), MONEY_MAX, Reason.NEGATIVE_MONEY, refuse)
        _items(column_of(events, "items"), refuse)
    return found


Refuse = Callable[[Bools, Reason, str], None]


def _ids(events: pa.Table, refuse: Refuse) -> None:
    for name, (most, too_long, missing) in _IDS.items():
        column = column_of(events, name)
        lengths = _lengths(column)
        if lengths.min() == 0:
            refuse(lengths == 0, missing, f"{name}: missing")
        if lengths.max() > most:
            refuse(lengths > most, too_long, f"{name}: more than {most} bytes")
    for name in ("site_id", "visitor_id", "event_id", "transaction_id"):
        column = column_of(events, name)
        text = _text(column)
        if len(text) and (text.min() < 0x20 or 0x7F in text):
            refuse(_matches(column, _CONTROL), Reason.CONTROL_CHARACTER_IN_ID, f"{name}: holds a control character")
    site = column_of(events, "site_id")
    if ord("/") in _text(site):
        refuse(_matches(site, "/"), Reason.BAD_SITE_ID, "site_id: holds a slash")


def _times(events: pa.Table, refuse: Refuse) -> None:
    for name in ("received_at", "occurred_at", "sent_at"):
        column = column_of(events, name)
        least, most = pc.min_max(column).values()
        if least.is_valid and (least.as_py() < EARLIEST_MS or most.as_py() > LATEST_MS):
            outside = pc.or_(pc.less(column, EARLIEST_MS), pc.greater(column, LATEST_MS))
            refuse(_bools(outside), Reason.BAD_TIME, f"{name}: not in the years 2000 to 2199")
    ahead = column_of(events, "occurred_at").to_numpy().astype(np.float64) - column_of(events, "received_at").to_numpy()
    if ahead.max() > AHEAD_MS_MAX:
        refuse(ahead > AHEAD_MS_MAX, Reason.IN_THE_FUTURE, "occurred_at: more than a day after received_at")


def _texts(events: pa.Table, refuse: Refuse) -> None:
    for name in events.column_names:
        column = column_of(events, name)
        if name in _IDS or not pa.types.is_string(column.type):
            continue
        most = PROPERTIES_BYTES_MAX if name == "properties" else TEXT_BYTES_MAX
        lengths = _lengths(column)
        if lengths.max() > most:
            reason = Reason.PROPERTIES_TOO_LARGE if name == "properties" else Reason.TEXT_TOO_LONG
            refuse(lengths > most, reason, f"{name}: more than {most:,} bytes")


def _items(column: pa.ListArray, refuse: Refuse) -> None:
    lines = column.flatten()
    if not len(lines):
        return
    counts = np.diff(_offsets(column))
    if counts.max() > EVENT_ITEMS_MAX:
        refuse(counts > EVENT_ITEMS_MAX, Reason.TOO_MANY_ITEMS, f"items: more than {EVENT_ITEMS_MAX}")
    owner = np.repeat(np.arange(len(counts)), counts)

    def refuse_lines(rows: Bools, reason: Reason, detail: str) -> None:
        whole = np.zeros(len(counts), np.bool_)
        whole[owner[rows]] = True
        refuse(whole, reason, detail)

    item = lines.field("item_id")
    lengths = _lengths(item)
    if lengths.min() == 0 or lines.null_count or item.null_count:
        missing = (lengths == 0) | _bools(pc.is_null(item)) | _bools(pc.is_null(lines))
        refuse_lines(missing, Reason.MISSING_ITEM_ID, "items: item_id missing")
    for field in lines.type:
        if pa.types.is_string(field.type) and (lengths := _lengths(lines.field(field.name))).max() > TEXT_BYTES_MAX:
            refuse_lines(
                lengths > TEXT_BYTES_MAX,
                Reason.TEXT_TOO_LONG,
                f"items.{field.name}: more than {TEXT_BYTES_MAX:,} bytes",
            )
    price, quantity = lines.field("price"), lines.field("quantity")
    _amount("items.price", price, MONEY_MAX, Reason.NEGATIVE_MONEY, refuse_lines)
    _amount("items.quantity", quantity, QUANTITY_MAX, Reason.OUT_OF_RANGE, refuse_lines)
    most = float(pc.max(price).as_py() or 0) * float(pc.max(quantity).as_py() or 1) * float(counts.max())
    if most > MONEY_MAX:
        worth = pc.fill_null(price, 0).to_numpy().astype(np.float64) * pc.fill_null(quantity, 1).to_numpy()
        total = np.bincount(owner, worth, len(counts))
        refuse(total > MONEY_MAX, Reason.OUT_OF_RANGE, f"items: together worth over {MONEY_MAX:,}")


def _amount(name: str, column: pa.Array, most: int, negative: Reason, refuse: Refuse) -> None:
    least, greatest = pc.min_max(column).values()
    if not least.is_valid or (least.as_py() >= 0 and greatest.as_py() <= most):
        return
    refuse(_bools(pc.less(column, 0)), negative, f"{name}: negative")
    refuse(_bools(pc.greater(column, most)), Reason.OUT_OF_RANGE, f"{name}: over {most:,}")


def _offsets(column: pa.Array) -> Array:
    """Of strings or lists; nulls take no room."""
    offsets: Array = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return offsets


def _lengths(column: pa.Array) -> Array:
    return np.diff(_offsets(column))


def _text(column: pa.Array) -> Array:
    """All bytes of a string column."""
    offsets, data = _offsets(column), column.buffers()[2]
    if data is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]


def _matches(column: pa.Array, pattern: str) -> Bools:
    return _bools(pc.match_substring_regex(column, pattern))


def _bools(column: pa.Array) -> Bools:
    found: Bools = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return found

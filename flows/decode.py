"""A block of the event log -> columns. Arrow reads the JSON, so that no Python object is made for an event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from flows import bounds
from flows.erasure import ERASED
from flows.visitors.batch import DEVICE, NAMES, Batch, Bools, Items, Words, column_of, joined
from flows.visitors.seen import EVENT_ID
from flows.visitors.tables import Array, Ints, changed, runs
from ingest.vocabulary import EARLIEST_MS, LATEST_MS, REJECTED_TEXT_CHARACTERS, Reason

_S, _I, _B = pa.string(), pa.int64(), pa.bool_()

ITEM = pa.struct(
    [("item_id", _S), ("item_name", _S), ("price", _I), ("quantity", _I), ("brand", _S), ("category", _S)]
    + [(f"category{i}", _S) for i in range(2, 6)]
    + [("variant", _S)]
)
_EVENT_TYPES = {
    "occurred_at": _I,
    "received_at": _I,
    "sent_at": _I,
    "value": _I,
    "bot": _B,
    "server": _B,
    "pageview": _B,
}
EVENT_COLUMNS = (
    "site_id", "visitor_id", "event_id", "name", "occurred_at", "received_at", "sent_at", "member_id", "bot", "server", "pageview",
    "url", "title", "referrer", "search_keyword", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    "search_term", "environment", "os", "browser", "app_version", "user_agent", "ip", "locale", "transaction_id", "value", "currency",
)  # fmt: skip
SCHEMA = pa.schema(
    [(name, _EVENT_TYPES.get(name, _S)) for name in EVENT_COLUMNS]
    + [("items", pa.list_(ITEM)), ("properties", _S), ("kind", _S), ("payload", _S)]
)
"""Columns of a log record: an event's, and `kind` and `payload` of a record between shards."""

_JOINT, _RAW_JOINT = b"\\u001f", b"\x1f"
_JOINT_ESCAPED = re.compile(rb"(?<!\\)((?:\\\\)*)\\u001[fF]")
"""The one character that columns are joined with (flows/visitors/batch.py) becomes a space."""

_PIECE = 1 << 20
"""Bytes that Arrow parses at once; larger blocks are parsed by several threads."""

_REQUIRED = ("site_id", "visitor_id", "event_id", "name", "occurred_at", "received_at")


@dataclass(frozen=True)
class Broken:
    """A line of the log that can't be read."""

    line: bytes
    offset: int
    reason: str


class Internal(NamedTuple):
    """A record that is no event: an order fact, an order, or a rejection by the door."""

    kind: str
    offset: int
    site_id: str
    received_at: int
    payload: str  # JSON


@dataclass(frozen=True)
class Decoded:
    """What a block holds: events (rows of SCHEMA, with their offsets), records that are no events, broken lines."""

    events: pa.Table
    offsets: Ints
    internal: list[Internal]
    broken: list[Broken]


def decode(lines: bytes, offsets: Ints) -> Decoded:
    """Decode newline-terminated JSON lines with an offset each. Never raises for what is in them.

    Events that the engine can't hold (flows/bounds.py) become rejections.
    """
    broken: list[Broken] = []
    if _RAW_JOINT in lines:
        lines = lines.replace(_RAW_JOINT, b" ")
    if _JOINT in lines or b"\\u001F" in lines:
        lines = _JOINT_ESCAPED.sub(rb"\1 ", lines)
    if not len(offsets):
        return Decoded(SCHEMA.empty_table(), offsets, [], broken)
    table = _read(lines)
    if table is None or table.num_rows != len(offsets):
        good, kept = [], []
        for line, offset in zip(lines.split(b"\n"), offsets.tolist(), strict=False):
            problem = _problem(line)
            if problem:
                broken.append(Broken(line, offset, problem))
            else:
                good.append(line)
                kept.append(offset)
        offsets = np.array(kept, np.int64)
        table = _read(b"".join(line + b"\n" for line in good)) if good else SCHEMA.empty_table()
        if table is None or table.num_rows != len(good):
            raise AssertionError("each of these lines was read alone before")
    internal: list[Internal] = []
    kinds = table["kind"]
    if kinds.null_count < len(kinds):
        rows = np.flatnonzero(pc.is_valid(kinds).to_numpy())
        picked = table.select(["kind", "site_id", "received_at", "payload"]).take(pa.array(rows)).to_pylist()
        internal = [
            Internal(r["kind"], int(offsets[i]), (r["site_id"] or "")[:80], _time(r["received_at"]), r["payload"] or "")
            for i, r in zip(rows.tolist(), picked, strict=True)
            if r["kind"] != ERASED
        ]
        events = np.flatnonzero(pc.is_null(kinds).to_numpy())
        table, offsets = table.take(pa.array(events)), offsets[events]
    lacking = np.zeros(len(table), np.bool_)
    for name in _REQUIRED:
        if table[name].null_count:
            lacking |= pc.is_null(table[name]).to_numpy()
    if lacking.any():
        for i in np.flatnonzero(lacking).tolist():
            line = orjson.dumps(table.slice(i, 1).to_pylist()[0], default=str)
            broken.append(Broken(line, int(offsets[i]), "a required column is missing"))
        table, offsets = table.filter(pa.array(~lacking)), offsets[~lacking]
    table = table.drop_columns(["kind", "payload"]).combine_chunks()
    refused = bounds.refused(table)
    if refused:
        bad = sorted(refused)
        for row, event in zip(bad, table.take(pa.array(bad)).to_pylist(), strict=True):
            internal.append(_rejection(event, int(offsets[row]), *refused[row]))
        fine = np.ones(len(table), np.bool_)
        fine[bad] = False
        table, offsets = table.filter(pa.array(fine)).combine_chunks(), offsets[fine]
    return Decoded(table, offsets, internal, broken)


def _rejection(event: dict[str, Any], offset: int, reason: Reason, detail: str) -> Internal:
    """As the door's own rejections."""
    told = {name: value for name, value in event.items() if value is not None}
    text = orjson.dumps(told).decode()[:REJECTED_TEXT_CHARACTERS]
    payload = orjson.dumps({"reason": reason, "detail": detail, "event": text}).decode()
    return Internal("rejected", offset, event["site_id"][:80], _time(event["received_at"]), payload)


def _time(told: int | None) -> int:
    """A time that fits its column: 0 where it is absent or would not."""
    return told if told is not None and EARLIEST_MS <= told <= LATEST_MS else 0


def _read(lines: bytes) -> pa.Table | None:
    if not _is_text(lines):
        return None
    try:
        return pj.read_json(
            pa.BufferReader(lines),
            read_options=pj.ReadOptions(use_threads=len(lines) > 2 * _PIECE, block_size=max(_PIECE, _longest(lines))),
            parse_options=pj.ParseOptions(explicit_schema=SCHEMA, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None


def _is_text(lines: bytes) -> bool:
    """Whether it is UTF-8, which Arrow's JSON reader does not look at."""
    whole = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(lines)], np.int32)), pa.py_buffer(lines))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _longest(lines: bytes) -> int:
    """An upper bound of a line's length, with its newline: Arrow's pieces must hold a line."""
    if len(lines) <= _PIECE:
        return len(lines) + 1
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == 10)
    return int(np.diff(ends, prepend=-1).max(initial=0)) + 1


def _problem(line: bytes) -> str | None:
    """Why a line can't be read alone, or None."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    if not isinstance(record, dict):
        return "not a JSON object"
    table = _read(line + b"\n")
    return None if table is not None and table.num_rows == 1 else "a column has the wrong type"


def batch_of(events: pa.Table, offsets: Ints) -> Batch:
    """Columns for the engine, of events (rows of SCHEMA without bots) with their offsets."""
    name = Words.of(column_of(events, "name"))
    told = pc.not_equal(pc.fill_null(column_of(events, "environment"), ""), "")
    device = Words.of(joined([column_of(events, name) for name in DEVICE]))
    visitor = pc.binary_join_element_wise(column_of(events, "site_id"), column_of(events, "visitor_id"), "/")
    return Batch(
        table=events,
        offset=offsets,
        occurred_at=column_of(events, "occurred_at").to_numpy(),
        event_id=fixed_width(column_of(events, "event_id")),
        name=name.are(*NAMES),
        pageview=pc.fill_null(column_of(events, "pageview"), False).to_numpy(zero_copy_only=False),
        visitor=Words.of(visitor),
        member=Words.of(column_of(events, "member_id")),
        device=Words(
            np.where(told.to_numpy(zero_copy_only=False), device.codes, len(device.words)), [*device.words, ""]
        ),
        url=Words.of(column_of(events, "url")),
        title=Words.of(column_of(events, "title")),
        search=Words.of(column_of(events, "search_term")),
        items=items_of(column_of(events, "items")),
    )


def unrepeated(events: pa.Table) -> Bools:
    """Where a visitor's event stands for the first time, shape (n,)."""
    known: set[tuple[str, ...]] = set()
    ids = zip(*(events[name].to_pylist() for name in ("site_id", "visitor_id", "event_id")), strict=True)
    return np.array([not (one in known or known.add(one)) for one in ids], np.bool_)  # type: ignore[func-returns-value]


def items_of(column: pa.ListArray) -> Items:
    """Item lines of events; lines of one event and item are one: quantities summed, the last price told, the greatest category."""
    row = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    lines = column.flatten()
    item, category = Words.of(lines.field("item_id")), Words.of(lines.field("category"))
    quantity = pc.fill_null(lines.field("quantity"), 1).to_numpy()
    price = pc.fill_null(lines.field("price"), -1).to_numpy()
    key = (row << 32) | item.codes
    if len(np.unique(key)) < len(key):
        rank = np.empty(len(category.words), np.int64)
        rank[sorted(range(len(rank)), key=category.words.__getitem__)] = np.arange(len(rank))
        order = np.argsort(key, kind="stable")
        starts = runs(changed(key[order]))
        position = np.arange(len(order))
        told = np.maximum.reduceat(np.where(price[order] >= 0, position, -1), starts)
        by_rank = np.argsort(rank)
        first = order[starts]
        merged = np.argsort(first)  # back to the order of the lines
        first, told = first[merged], told[merged]
        quantity = np.add.reduceat(quantity[order], starts)[merged]
        greatest = np.maximum.reduceat(rank[category.codes[order]], starts)[merged]
        price = np.where(told >= 0, price[order][told], -1)
        row, item = row[first], Words(item.codes[first], item.words)
        category = Words(by_rank[greatest], category.words)
    return Items(row, item, category, quantity, price)


def fixed_width(ids: pa.StringArray) -> Array:
    """Event ids as S64, shape (n,): the bytes that count when times are equal."""
    width = np.dtype(EVENT_ID).itemsize
    data = ids.buffers()[2]
    if not len(ids) or data is None:
        return np.zeros(len(ids), EVENT_ID)
    bounds = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1].astype(np.int64)
    length = np.minimum(np.diff(bounds), width)
    text = np.frombuffer(data, np.uint8)
    widest = int(length.max())
    out = np.zeros((len(ids), width), np.uint8)
    for i in range(widest):  # a column of bytes at a time: no Python object an id
        there = length > i
        out[there, i] = text[(bounds[:-1] + i)[there]]
    return out.view(EVENT_ID).reshape(-1)


def stretches(lines: bytes, offsets: Ints, most: int) -> Iterator[tuple[bytes, Ints]]:
    """A block in stretches of at most `most` lines."""
    if len(offsets) <= most:
        if len(offsets):
            yield lines, offsets
        return
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == 10) + 1
    begin = 0
    for first in range(0, len(offsets), most):
        last = min(first + most, len(offsets))
        end = int(ends[last - 1])
        yield lines[begin:end], offsets[first:last]
        begin = end

"""Parts on their way from visitors' shards to their members' (docs/architecture.md, "People"): records of the log."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from flows.records import Outgoing, key, outgoing, text, whole
from flows.visitors.people import PartRecord, Row, check_row, rows_for_parts
from ingest.vocabulary import LATEST_MS

LARGE_BYTES = 100_000
"""Rows of more bytes travel compressed: somebody with thousands of orders, and a broker takes records of 1 MB at most."""

MOST_BYTES = 64 << 20
_INT64 = (1 << 63) - 1


class Tick(NamedTuple):
    """What a part tells of: a tick by its end (epoch ms), whether it is not over yet, and whether something of it is not late."""

    at: int = 0
    open: bool = False
    fresh: bool = True


def parts_of(
    rows: pa.Table, told: Mapping[tuple[str, str], int], ticks: Mapping[str, Tick] = MappingProxyType({})
) -> list[Outgoing]:
    """A record for each of `told`: (site_id/visitor_id, member id) -> version. `rows`: all their stints' rows, of table `visitors`;
    `ticks`: by site_id/visitor_id."""
    held: dict[tuple[str, str], dict[int, Row]] = {whose: {} for whose in told}
    if len(rows):
        sites, visitors = rows["site_id"].to_pylist(), rows["visitor_id"].to_pylist()
        for site_id, visitor_id, row in zip(sites, visitors, rows_for_parts(rows), strict=True):
            held[f"{site_id}/{visitor_id}", row["member_id"]][row.get("stint_start", 0)] = row
    return [
        _part(visitor, member, version, held[visitor, member], ticks.get(visitor, Tick()))
        for (visitor, member), version in told.items()
    ]


def _part(visitor: str, member_id: str, version: int, rows: Mapping[int, Row], tick: Tick) -> Outgoing:
    site_id, visitor_id = visitor.split("/", 1)
    told: dict[str, Any] = {"site_id": site_id, "member_id": member_id, "visitor_id": visitor_id, "version": version}
    if tick.at:
        told["at"] = tick.at
    if tick.open:
        told["open"] = True
    if not tick.fresh:
        told["fresh"] = False
    held = orjson.dumps(list(rows.items()))
    if len(held) <= LARGE_BYTES:
        told["rows"] = orjson.Fragment(held)
    else:
        told["packed"] = b64encode(zlib.compress(held, 6)).decode()
    return outgoing(f"{site_id}/{member_id}", "part", site_id, told)


def part_of(payload: str, offset: int) -> PartRecord:
    """A part as it arrives. Raises ValueError, KeyError or TypeError for what a shard could not have sent."""
    told = orjson.loads(payload)
    held = orjson.loads(_unpacked(told["packed"])) if "packed" in told else told["rows"]
    rows = {whole(begin, LATEST_MS): check_row(row) for begin, row in held}
    member = f"{key(told['site_id'])}/{text(told['member_id'])}"
    at, is_open, fresh = told.get("at", 0), told.get("open", False), told.get("fresh", True)
    if not isinstance(is_open, bool) or not isinstance(fresh, bool):
        raise TypeError("open and fresh are true or false")
    version = whole(told["version"], _INT64)
    return PartRecord(member, offset, text(told["visitor_id"]), version, rows, whole(at, LATEST_MS), is_open, fresh)


def _unpacked(packed: str) -> bytes:
    stream = zlib.decompressobj()
    try:
        held = stream.decompress(b64decode(packed, validate=True), MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"packed: {error}") from None
    if not stream.eof:
        raise ValueError(f"packed: more than {MOST_BYTES:,} bytes")
    return held

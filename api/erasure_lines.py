"""Lines of the event log that tell of a person who is erased, and what is to stand in their place. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from api.erasure_claim import Claim, event_text
from flows.erasure import KINDS, blank
from ingest.members import KIND as MEMBER


def replacement(line: bytes, partition: int, offset: int, claim: Claim) -> bytes | None:
    """What is to stand where a line stands, of the same length; None where it may stay.

    A line of the person becomes a blank one; an event of somebody else that names the member loses the name.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict):
        return blank(len(line)) if claim.is_told(line.decode(errors="replace"), 0) else None
    if record.get("site_id") != claim.site_id:
        return None
    if record.get("kind") is None:
        return _event(line, record, partition, offset, claim)
    return blank(len(line)) if _is_his(record, offset, claim) else None


def _event(line: bytes, event: dict[str, Any], partition: int, offset: int, claim: Claim) -> bytes | None:
    visitor_id, at, member_id = event.get("visitor_id"), event.get("occurred_at"), event.get("member_id")
    if not isinstance(visitor_id, str) or type(at) is not int:
        return blank(len(line)) if claim.is_told(line.decode(errors="replace"), 0) else None
    if claim.owns_event(visitor_id, at, offset):
        return blank(len(line))
    if isinstance(member_id, str) and claim.names_only(visitor_id, at, member_id, partition, offset):
        unnamed = orjson.dumps({name: value for name, value in event.items() if name != "member_id"})
        return unnamed.ljust(len(line)) if len(unnamed) <= len(line) else blank(len(line))
    return None


def _is_his(record: dict[str, Any], offset: int, claim: Claim) -> bool:
    """Whether a record between shards, or a rejection, is the person's."""
    kind, payload = record["kind"], record.get("payload")
    if not isinstance(payload, str):
        return False
    if kind == "rejected":
        at = record.get("received_at")
        return any(claim.is_told(text, at if type(at) is int else 0) for text in event_text(payload))
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return claim.is_told(payload, 0)
    if kind in KINDS:
        return str(told.get("mark")).startswith(f"{claim.mark}-")
    visitor_id = str(told.get("visitor_id"))
    if kind in ("part", MEMBER):
        return bool(claim.member_id) and told.get("member_id") == claim.member_id and offset <= claim.upto_person
    if kind == "order_fact":
        return claim.owns_copy(str(told.get("transaction_id")), visitor_id, str(told.get("event_id")))
    order = told.get("order")
    if kind == "order" and isinstance(order, dict):
        return claim.owns_order(str(order.get("transaction_id")), visitor_id)
    return claim.is_told(payload, 0)

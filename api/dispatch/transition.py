"""A transition as its line in the log tells it, and what is sent of it: a function of the line and the hook, nothing else. Pure."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson

from api.times import iso
from flows.membership.transitions import Transition

MOST_BYTES: Final = 20_000
"""Of a body (Standard Webhooks: payloads are small)."""

TEST: Final = "hook.test"
EVENTS: Final = {"entered": "segment.entered", "exited": "segment.exited"}

_TEXTS: Final = ("id", "site_id", "segment_id", "person_id", "member_id", "visitor_id", "reason")
_NUMBERS: Final = ("segment_version", "entry", "at", "since")
_LAST: Final = 1 << 42  # year 2109: times are epoch ms


def event_of(transition: Transition) -> str:
    """How hooks call it."""
    return EVENTS[transition.type]


def body_of(transition: Transition) -> bytes:
    """What is sent: JSON, always the same bytes."""
    exits = transition.type == "exited"
    data: dict[str, Any] = {
        "segment": {"id": transition.segment_id, "version": transition.segment_version},
        "person": {
            "person_id": transition.person_id,
            "member_id": transition.member_id or None,
            "visitor_id": transition.visitor_id or None,
        },
        "entry": transition.entry,
        "entered_at": iso(transition.since if exits else transition.at),
        **({"exited_at": iso(transition.at)} if exits else {}),
        "reason": transition.reason,
        "transition_id": transition.id,
    }
    return orjson.dumps({"type": event_of(transition), "timestamp": iso(transition.at), "data": data})


def read_line(line: bytes) -> Transition | None:
    """The transition of a line; None for a line that says nothing, as an erased one. Raises `ValueError` for what cannot be read."""
    if not line.strip():
        return None
    told = orjson.loads(line)
    if not isinstance(told, dict):
        raise ValueError("a line is a JSON object")
    if "id" not in told and ("kind" in told or not told):
        return None
    kind = told.get("type")
    texts: dict[str, Any] = {name: told.get(name) for name in _TEXTS}
    numbers: dict[str, Any] = {name: told.get(name) for name in _NUMBERS}
    if kind not in ("entered", "exited") or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("type is entered or exited, ids and reason are texts")
    if not all(type(number) is int and 0 <= number < _LAST for number in numbers.values()):
        raise ValueError("segment_version, entry and times are whole numbers")
    if (
        not all(texts[name] for name in ("id", "site_id", "segment_id", "person_id"))
        or type(told.get("fires")) is not bool
    ):
        raise ValueError("id, site_id, segment_id, person_id and fires are required")
    transition = Transition(type=kind, fires=told["fires"], **texts, **numbers)
    if len(body_of(transition)) >= MOST_BYTES:
        raise ValueError("it is too large to be sent")
    return transition


def webhook_id(transition_id: str, hook_id: str) -> str:
    """The id of what a hook is told of a transition: the same on every attempt, whoever makes it."""
    return "msg_" + hashlib.sha256(f"{transition_id}\n{hook_id}".encode()).hexdigest()[:32]


def body_of_test(hook_id: str, at: int) -> bytes:
    """What a test sends."""
    return orjson.dumps({"type": TEST, "timestamp": iso(at), "data": {"hook_id": hook_id}})

"""Lines of the log of transitions, and what is sent of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.dispatch.transition import MOST_BYTES, body_of, read_line, webhook_id
from flows.erasure import blank

LINE: dict[str, Any] = {
    "id": "tr_1", "type": "entered", "site_id": "shop", "segment_id": "seg_1", "segment_version": 2, "person_id": "member:m",
    "member_id": "m", "visitor_id": "", "entry": 3, "at": 1_767_225_600_123, "since": 1_767_225_600_123, "reason": "time", "fires": True,
}  # fmt: skip


def text(**changes: Any) -> bytes:
    return json.dumps({**LINE, **changes}).encode()


def test_the_order_and_spacing_of_a_line_do_not_change_what_is_sent() -> None:
    turned = json.dumps(dict(reversed(LINE.items())), indent=None, separators=(", ", " : ")).encode()
    one, other = read_line(text()), read_line(turned)
    assert one is not None
    assert other is not None
    assert body_of(one) == body_of(other)
    assert json.loads(body_of(one))["timestamp"] == "2026-01-01T00:00:00.123Z"


def test_an_id_is_the_same_for_the_same_transition_and_hook_alone() -> None:
    assert webhook_id("tr_1", "hook_1") == webhook_id("tr_1", "hook_1")
    assert len({webhook_id(one, hook) for one in ("tr_1", "tr_2") for hook in ("hook_1", "hook_2")}) == 4
    assert webhook_id("tr_1", "hook_1").startswith("msg_")


@pytest.mark.parametrize("length", [2, 5, 18, 200])
def test_a_line_that_was_erased_says_nothing(length: int) -> None:
    assert read_line(blank(length)) is None
    assert read_line(b" ") is None


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"\xff", b'"x"', text(type="left"), text(at="1"), text(at=-1), text(at=True), text(entry=1.5), text(id=""),
        text(fires=1), text(person_id=None), text(member_id=None), text(reason=7), text(since=1 << 60), text(type=["entered"]),
        text(person_id="x" * MOST_BYTES),
    ],
)  # fmt: skip
def test_what_is_no_transition_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_line(line)

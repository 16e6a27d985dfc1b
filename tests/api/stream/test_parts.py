"""Positions, memories and viewers by themselves."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.stream.memory import ABSENT_MS, KEPT_MS, MOST, Memory, State
from api.stream.position import OLDEST_MS, Position, Written, read_position
from api.stream.shapes import Message
from api.stream.viewer import WAITING, Viewer

WRITTEN = st.builds(Written, st.integers(0, 1 << 40), st.integers(0, 1 << 42))


def at(offset: int, ms: int = 0) -> Position:
    return Position({0: Written(offset, ms)})


@given(st.dictionaries(st.integers(0, 1023), WRITTEN, max_size=64))
def test_a_position_is_read_as_it_was_written(partitions: dict[int, Written]) -> None:
    position = Position(partitions)
    assert read_position(position.text()) == position


@given(st.text() | st.binary().map(lambda told: told.decode("latin-1")))
def test_no_text_makes_a_position_fail(text: str) -> None:
    found = read_position(text)
    assert found is None or read_position(found.text()) == found


def test_a_position_can_be_gone_on_from_if_it_is_not_ahead_and_not_too_old() -> None:
    assert at(5, OLDEST_MS).reachable_from(at(5, 0))
    assert not at(5, OLDEST_MS + 1).reachable_from(at(5, 0))
    assert not at(4, 1).reachable_from(at(5, 0))
    assert not at(4, 1).reachable_from(Position({1: Written(1, 0)}))


def test_a_memory_knows_what_was_told_up_to_a_position() -> None:
    memory = Memory()
    memory.note([(("v", ""), State(3, 10))], [], [], at(3))
    assert memory.told(("v", ""), State(3, 10))
    assert not memory.told(("v", ""), State(4, 10))
    assert not memory.told(("v", ""), State(3, 11))
    assert memory.told(("v", ""), State(3, 10), before=at(3))
    assert not memory.told(("v", ""), State(3, 10), before=at(2))
    assert not memory.told(("", "v"), State(3, 10))


def test_who_is_gone_is_told_so_again_after_a_while_or_when_he_was_back() -> None:
    memory = Memory()
    memory.note([], [], ["visitor:v"], at(1, 1_000))
    assert memory.absent("visitor:v", at(2, 1_000 + ABSENT_MS - 1))
    assert not memory.absent("visitor:v", at(2, 1_000 + ABSENT_MS))
    memory.note([], ["visitor:v"], [], at(2, 1_001))
    assert not memory.absent("visitor:v", at(2, 1_001))


def test_a_memory_stays_bounded() -> None:
    memory = Memory()
    for number in range(3):
        many = [f"{number}-{one}" for one in range(MOST // 2)]
        memory.note([((one, ""), State(1, 1)) for one in many], [], many, at(number, number))
    assert len(memory) == 2 * MOST
    memory.note([], [], [], at(4, 3 + KEPT_MS))
    assert len(memory) == 0


def message(number: int) -> Message:
    return Message("people", str(number), at(number))


async def taken(viewer: Viewer, count: int) -> list[Message]:
    until = asyncio.get_running_loop().time() + 30
    return [one for _ in range(count) if (one := await viewer.next(until)) is not None]


def test_a_viewer_who_is_too_slow_is_told_to_ask_for_the_list_again() -> None:
    async def watched() -> list[Message]:
        viewer = Viewer()
        for number in range(WAITING + 3):
            viewer.tell(message(number))
        return await taken(viewer, 3)

    told = asyncio.run(watched())
    assert [(one.kind, one.position) for one in told] == [
        ("reset", at(WAITING)), ("people", at(WAITING + 1)), ("people", at(WAITING + 2)),
    ]  # fmt: skip


@pytest.mark.parametrize("missed", [message(1), None])
def test_what_a_viewer_missed_comes_before_all_else(missed: Message | None) -> None:
    async def watched() -> list[Message]:
        viewer = Viewer(after=at(0))
        viewer.tell(message(2))
        waiting = asyncio.create_task(taken(viewer, 1 if missed is None else 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        viewer.resume(missed)
        return await waiting

    assert asyncio.run(watched()) == [*([missed] if missed else []), message(2)]


def test_an_ended_viewer_is_told_nothing_more() -> None:
    async def watched() -> Message | None:
        viewer = Viewer()
        viewer.tell(message(1))
        viewer.end()
        return await viewer.next(asyncio.get_running_loop().time() + 30)

    assert asyncio.run(watched()) is None

"""What came before has reached everybody only when everybody has told and been told."""

from __future__ import annotations

from flows.progress import Progress


def progress(partitions: int = 2, elsewhere: dict[int, int] | None = None) -> Progress:
    return Progress(partitions, lambda now: elsewhere or {})


def test_nothing_is_settled_while_a_partition_has_said_nothing() -> None:
    told = progress()
    told.note(0, 1_000)
    assert told.settled(0, 1_000, 1_000) == 0


def test_the_slowest_partition_decides() -> None:
    told = progress()
    told.note(0, 5_000)
    told.note(1, 2_000)
    assert told.settled(0, 5_000, 5_000) == 2_000


def test_what_the_others_told_has_to_be_read_first() -> None:
    told = progress()
    told.note(0, 5_000)
    told.note(1, 4_000)
    assert (
        told.settled(0, 4_500, 5_000) == 0
    )  # it has read what was sent until 4,500, but the others may have told at 5,000
    assert told.settled(0, 5_000, 5_100) == 4_000


def test_it_does_not_go_back() -> None:
    told = progress()
    told.note(0, 5_000)
    told.note(1, 4_000)
    assert told.settled(0, 5_000, 5_000) == 4_000
    told.note(1, 3_000)
    assert told.settled(0, 5_100, 5_100) == 4_000


def test_partitions_of_other_processes_say_it_by_their_commits() -> None:
    told = progress(elsewhere={0: 9_000, 1: 3_000})
    told.note(0, 5_000)
    assert told.settled(0, 5_000, 5_000) == 3_000

"""What is given to the writer is written in order, and nothing after a mistake."""

from dataclasses import replace
from threading import Event

import orjson
import pyarrow as pa
import pytest

from flows.flush import Commit, Flush
from flows.membership.transitions import Transition
from flows.products import Products
from flows.progress import Progress
from flows.records import Outgoing
from flows.writer import Handed, Writer
from sql.store import StoreError


class Log:
    partitions = 2

    def __init__(self) -> None:
        self.records: list[tuple[int, bytes]] = []

    def append(self, records) -> None:
        self.records += records


class Refusing:
    """A store that refuses the visitors of one shard, and holds back everything until it is told to go on."""

    def __init__(self, refused: int | None) -> None:
        self.refused, self.go_on = refused, Event()
        self.written: list[tuple[str, int]] = []

    def insert(self, name: str, rows: pa.Table) -> None:
        self.go_on.wait(10)
        number = rows["partition" if name == "commits" else "shard"][0].as_py()
        if name == "visitors" and number == self.refused:
            raise StoreError("no such column")
        self.written.append((name, number))


def flush(shard: int, to_offset: int) -> Flush:
    state = {"visitors": pa.table({"shard": pa.array([shard], pa.uint16())})}
    return Flush(Commit(shard, to_offset - 1, to_offset, 0), state, [], Products())


def test_a_shards_writes_keep_their_order():
    log, store = Log(), Refusing(None)
    writer = Writer(log, store)
    store.go_on.set()
    writer.submit(0, Handed([Outgoing("s/v", b"{}")]))
    for offset in (1, 2):
        writer.submit(0, flush(0, offset))
    writer.settle()
    assert store.written == [("visitors", 0), ("commits", 0)] * 2
    assert [line for _, line in log.records] == [b"{}"]


def test_after_a_mistake_no_commit_is_written():
    log, store = Log(), Refusing(0)
    writer = Writer(log, store)
    writer.submit(0, flush(0, 1))
    writer.submit(0, flush(0, 2))
    store.go_on.set()
    with pytest.raises(StoreError, match="no such column"):
        writer.settle()
    writer.settle()  # what stood behind it
    writer.submit(0, Handed([Outgoing("s/v", b"{}")]))
    writer.settle()
    assert store.written == []
    assert log.records == []


def test_what_is_told_others_does_not_wait_for_the_store_but_the_store_waits_for_it():
    log, store = Log(), Refusing(None)
    writer = Writer(log, store)
    writer.submit(0, flush(0, 1))
    writer.submit(0, Handed([Outgoing("s/v", b"{}")]))
    while not log.records:
        pass
    assert store.written == []
    store.go_on.set()
    writer.settle()
    assert store.written == [("visitors", 0), ("commits", 0)]


def test_transitions_are_in_their_log_before_the_rows_are_written():
    store = Refusing(None)
    store.go_on.set()

    class Transitions(Log):
        def append(self, records) -> None:
            assert store.written == []
            super().append(records)

    transitions, progress = Transitions(), Progress(1, lambda now: {})
    writer = Writer(Log(), store, transitions=transitions, progress=progress)
    one = Transition("tr_1", "entered", "s", "seg", 1, "visitor:v", "", "v", 1, 5, 5, "event", True)
    writer.submit(0, Handed([], [one], until=7))
    writer.submit(0, replace(flush(0, 1), transitions=[replace(one, id="tr_2")]))
    writer.settle()
    assert [orjson.loads(line)["id"] for _, line in transitions.records] == ["tr_1", "tr_2"]
    assert store.written == [("visitors", 0), ("commits", 0)]
    assert progress.settled(0, 7, 7) == 7

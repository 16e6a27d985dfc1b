"""The broker is killed, hangs and comes back under load: what was promised is there, and the rest was said."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.log import KafkaLog, LogUnavailable
from tests.broker.broker import Broker

PARTITIONS = 3


@pytest.fixture
def log(breakable_kafka: Broker, topic: str) -> Iterator[KafkaLog]:
    opened = KafkaLog(breakable_kafka.bootstrap, topic, PARTITIONS, append_seconds=3, read_seconds=1, open_seconds=60)
    patiently_append(opened, [(0, b"first 0")])
    yield opened
    opened.close()


def patiently_append(log: KafkaLog, records: list[tuple[int, bytes]], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            return log.append(records)
        except LogUnavailable:
            assert time.monotonic() < until


def everything(log: KafkaLog) -> list[list[bytes]]:
    found: list[list[bytes]] = []
    for partition in range(PARTITIONS):
        lines, offset, end = [], 0, log.end(partition)
        while offset < end:
            block = log.read(partition, offset, 1 << 20)
            lines += block.lines.splitlines()
            offset = block.next_offset
        found.append(lines)
    return found


def test_a_broker_killed_and_restarted_loses_nothing_it_promised_and_keeps_the_order(
    breakable_kafka: Broker, log: KafkaLog
) -> None:
    stop = threading.Event()
    refused = threading.Event()

    def write(worker: int) -> list[int]:
        promised, n = [], 0
        while not stop.is_set():
            try:
                log.append([(partition, f"{worker} {n}".encode()) for partition in range(PARTITIONS)])
                promised.append(n)
            except LogUnavailable:
                refused.set()
            n += 1
        return promised

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, worker) for worker in range(4)]
        try:
            for _ in range(2):
                time.sleep(1)
                refused.clear()
                breakable_kafka.kill()
                assert refused.wait(20)
                breakable_kafka.start()
                patiently_append(log, [(0, b"again 0")])
            time.sleep(0.5)
        finally:
            stop.set()
        promised = [future.result() for future in writing]
    for lines in everything(log):
        pairs = [line.split() for line in lines]
        for worker in range(4):
            found = [int(n) for who, n in pairs if who == str(worker).encode()]
            assert found == sorted(set(found))
            assert set(promised[worker]) <= set(found)
            assert len(promised[worker]) > 10


@pytest.mark.parametrize("how", ["killed", "hangs"])
def test_while_the_broker_is_away_every_call_answers_soon_and_says_so(
    breakable_kafka: Broker, log: KafkaLog, how: str
) -> None:
    assert log.read(0, 0, 100).lines == b"first 0\n"
    breakable_kafka.kill() if how == "killed" else breakable_kafka.pause()
    try:
        for n in range(3):
            with pytest.raises(LogUnavailable):
                log.append([(1, b"unheard %d" % n)])
        with pytest.raises(LogUnavailable):
            log.end(0)
        assert log.read(0, 1, 100).lines == b""  # nothing is known to be there
    finally:
        breakable_kafka.start() if how == "killed" else breakable_kafka.resume()
    patiently_append(log, [(2, b"heard")])
    assert set(everything(log)[2]) == {b"heard"}  # more than once if it was said again
    assert log.read(0, 1, 100).lines == b""


def test_a_queue_that_is_full_is_said_and_nothing_waits_longer_than_it_may(
    breakable_kafka: Broker, log: KafkaLog, topic: str
) -> None:
    small = KafkaLog(
        breakable_kafka.bootstrap, topic, PARTITIONS, append_seconds=2, settings={"queue.buffering.max.messages": 100}
    )
    small.append([(0, b"more than fits at once")] * 1_000)
    breakable_kafka.kill()
    try:
        with pytest.raises(LogUnavailable):
            small.append([(0, b"x")] * 1_000)
        with pytest.raises(LogUnavailable):
            small.append([(0, b"x")] * 1_000)
    finally:
        breakable_kafka.start()
    patiently_append(small, [(1, b"y")])
    small.close()


def test_a_log_opened_while_the_broker_is_away_is_unavailable(breakable_kafka: Broker, topic: str) -> None:
    breakable_kafka.kill()
    with pytest.raises(LogUnavailable, match="does not tell"):
        KafkaLog(breakable_kafka.bootstrap, topic, 1, open_seconds=0.5)

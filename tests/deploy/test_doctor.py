"""`sonnim doctor` finds what is wrong and says what to do."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from api.dispatch.ledger import Ledger
from deploy import doctor
from deploy.doctor import Finding, examine
from deploy.settings import Settings
from ingest.log import FileLog, KafkaLog
from sql.store import Store
from tests.flows.running import AT, SECOND, Running, events

Found = dict[str, Finding]


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, clickhouse_url=store.url, clickhouse_database=store.database, log_partitions=2)


def found(settings: Settings, now: int) -> Found:
    return {finding.part: finding for finding in examine(settings, lambda: now)}


def test_where_nothing_is_wrong_with_the_flow_it_says_how_far_it_is(settings: Settings, store: Store) -> None:
    log = FileLog(settings.log_dir, 2)
    flow = Running(log, store)
    log.append([(0, line) for line in events(range(5), AT)])
    flow.drain()
    told = found(settings, flow.now + SECOND)
    assert told["event log"].state == told["tables"].state == told["flow"].state == "ok"
    assert told["flow"].found == "figures are 1.0 s old, 0 records are not applied yet"
    assert told["sites"].state == "warning"
    assert (told["API"].state, told["clock"].state) == ("wrong", "wrong")  # nobody listens; the test's clock is its own


def test_a_backlog_is_told_in_records_and_seconds(settings: Settings, store: Store) -> None:
    log = FileLog(settings.log_dir, 2)
    flow = Running(log, store)
    flow.drain()
    log.append([(1, line) for line in events(range(1_234), flow.now + SECOND, step=1)])
    told = found(settings, flow.now + 31 * SECOND)["flow"]
    assert told.state == "wrong"
    assert told.found == "figures are 31.0 s old, 1,234 records are not applied yet, the oldest is 30.0 s old"


def test_what_the_flow_waits_for_is_told(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    Running(FileLog(settings.log_dir, 2), store).drain()
    page = '# TYPE sonnim_flow_waiting gauge\nsonnim_flow_waiting{on="clickhouse",why="disk_full"} 1.0\n'
    page += 'sonnim_flow_waiting{on="log",why="away"} 0.0\n'
    monkeypatch.setattr(doctor.httpx, "get", lambda url, timeout: type("Answer", (), {"text": page})())
    told = doctor._waiting(settings.model_copy(update={"flow_metrics_port": 1}))
    assert told == "clickhouse (disk full)"
    assert doctor._waiting(settings) == ""


def test_lost_records_and_another_log_are_told(settings: Settings, store: Store) -> None:
    log = FileLog(settings.log_dir, 2, segment_bytes=500)
    flow = Running(log, store)
    flow.drain()
    for line in events(range(40), AT):
        log.append([(0, line)])
    log.trim(0, log.end(0))
    told = found(settings, flow.now)["flow"]
    assert (told.state, told.advice) == ("wrong", "docs/operations.md, records that are lost.")
    store.command(
        "INSERT INTO commits (partition, from_offset, to_offset, at) VALUES (1, 0, 99, toDateTime64('2026-01-01', 3))"
    )
    assert "made anew" in found(settings, flow.now)["flow"].advice


def test_a_log_that_is_not_there_is_told(settings: Settings) -> None:
    told = found(settings, AT)
    assert told["event log"].state == told["flow"].state == "wrong"


def transition(number: int, at: int) -> bytes:
    """A line of the log of transitions."""
    told = {
        "id": f"tr_{number}",
        "type": "entered",
        "site_id": "s",
        "segment_id": "seg",
        "segment_version": 1,
        "person_id": "member:m",
    }
    more = {"member_id": "m", "visitor_id": "", "entry": 1, "at": at, "since": at, "reason": "event", "fires": True}
    return orjson.dumps(told | more)


def test_how_far_hooks_are_behind_is_told(settings: Settings, store: Store) -> None:
    Running(FileLog(settings.log_dir, 2), store).drain()
    log, ledger = FileLog(settings.transitions_dir, 2), Ledger(store)
    told = found(settings, AT)
    assert told["log of transitions"].state == "ok"
    assert told["hooks"].found == "0 transitions are not read yet; 0 deliveries wait; nobody sends them"
    ledger.beat("somebody", 1, True)
    assert found(settings, AT)["hooks"] == Finding("hooks", "ok", "0 transitions are not read yet; 0 deliveries wait")
    log.append([(1, transition(number, AT + number)) for number in range(3)])
    ledger.write_positions({1: log.read(1, 0, 1).next_offset}, AT)
    expected = "2 transitions are not read yet, the oldest is of 9.0 s ago; 0 deliveries wait"
    assert found(settings, AT + 1 + 9 * SECOND)["hooks"].found == expected


def test_a_log_of_transitions_that_is_behind_lost_or_another_one_is_told(settings: Settings, store: Store) -> None:
    Running(FileLog(settings.log_dir, 2), store).drain()
    log, ledger = FileLog(settings.transitions_dir, 2, segment_bytes=500), Ledger(store)
    ledger.beat("somebody", 1, True)
    log.append([(0, transition(number, AT)) for number in range(doctor.LAG_RECORDS + 1)])
    told = found(settings, AT)["hooks"]
    assert (told.state, told.found[:30]) == ("warning", "5,001 transitions are not read")
    log.append([(0, transition(0, AT))])
    ledger.write_positions({0: 1}, AT)
    log.trim(0, log.end(0))
    assert "deleted before" in found(settings, AT)["hooks"].found
    ledger.write_positions({0: log.end(0), 1: 99}, AT + 1)
    assert "ends at 0, but was read up to 99" in found(settings, AT)["hooks"].found


def test_without_a_log_of_transitions_it_says_who_makes_it(settings: Settings, store: Store) -> None:
    told = found(settings, AT)
    assert told["log of transitions"].state == told["hooks"].state == "wrong"
    assert told["log of transitions"].advice == "`sonnim up` or `sonnim api` makes it."


def test_partitions_that_are_not_read_are_told_with_their_records(kafka: str, topic: str, settings: Settings) -> None:
    KafkaLog(kafka, topic, 2).close()
    told = settings.model_copy(update={"kafka_bootstrap": kafka, "kafka_topic": topic, "kafka_partitions": 2})
    until = time.monotonic() + 20
    while (finding := found(told, AT).get("topic")) is None:  # a broker tells of a topic late
        assert time.monotonic() < until
    assert finding == Finding("topic", "ok", "keeps records 9.0 days")
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_partitions([NewPartitions(topic, 4)])[topic].result(20)
    until = time.monotonic() + 20
    while (finding := found(told, AT).get("topic")) is None or finding.state == "ok":  # a broker tells of new ones late
        assert time.monotonic() < until
    assert finding.found == "2 partitions more than are used, 0 records in them are not read"

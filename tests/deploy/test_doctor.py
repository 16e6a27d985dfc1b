"""`sonnim doctor` finds what is wrong and says what to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

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


def test_partitions_that_are_not_read_are_told_with_their_records(kafka: str, topic: str, settings: Settings) -> None:
    KafkaLog(kafka, topic, 2).close()
    told = settings.model_copy(update={"kafka_bootstrap": kafka, "kafka_topic": topic, "kafka_partitions": 2})
    assert found(told, AT)["topic"] == Finding("topic", "ok", "keeps records 9.0 days")
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_partitions([NewPartitions(topic, 4)])[topic].result(20)
    until = time.monotonic() + 20
    while (finding := found(told, AT).get("topic")) is None or finding.state == "ok":  # a broker tells of new ones late
        assert time.monotonic() < until
    assert finding.found == "2 partitions more than are used, 0 records in them are not read"

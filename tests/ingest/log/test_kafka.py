"""What is Kafka's own; what every log does is in tests/contract/."""

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource
from confluent_kafka.cimpl import NewPartitions

from flows.lost import RecordsLost, gap
from ingest.log import KafkaLog, KafkaSettingsRefused, LogUnavailable, OffsetOutOfRange, PartitionsDiffer
from ingest.log.kafka_read import KafkaReader
from ingest.log.kafka_settings import LOGGER, KafkaSettings


@pytest.fixture
def log(kafka: str, topic: str) -> Iterator[KafkaLog]:
    opened = KafkaLog(kafka, topic, 3, append_seconds=20, read_seconds=10)
    yield opened
    opened.close()


@pytest.fixture
def admin(kafka: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka})


def lines(log: KafkaLog, partition: int, max_bytes: int = 1 << 20) -> list[bytes]:
    offset, found = log.start(partition), []
    while offset < log.end(partition) and (block := log.read(partition, offset, max_bytes)).lines:
        found += block.lines.splitlines()
        offset = block.next_offset
    return found


def becomes_unavailable(call: Callable[[], object]) -> bool:
    """A broker deletes when it comes to it."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            call()
        except LogUnavailable:
            return True
    return False


def send(bootstrap: str, topic: str, *values: bytes | None, **settings: str) -> None:
    """As another program would."""
    producer = Producer({"bootstrap.servers": bootstrap, **settings})
    if settings:
        producer.init_transactions(20)
        producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    if settings:
        producer.commit_transaction(20)
    assert producer.flush(20) == 0


def test_an_offset_is_kafkas_plus_one(log: KafkaLog) -> None:
    log.append([(1, b"a"), (1, b"b")])
    assert log.read(1, 0, 100).offsets.tolist() == [1, 2]
    assert (log.start(1), log.end(1)) == (0, 2)


def test_a_topic_is_made_with_what_the_log_relies_on(kafka: str, topic: str, admin: AdminClient) -> None:
    KafkaLog(kafka, topic, 5, retention_days=10).close()
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    config = {name: entry.value for name, entry in admin.describe_configs([resource])[resource].result(20).items()}
    assert config["retention.ms"] == str(10 * 86_400_000)
    assert config["cleanup.policy"] == "delete"
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert config["max.message.bytes"] == str(16 << 20)
    existing = KafkaLog(kafka, topic, None)
    assert existing.partitions == 5
    assert existing.retention_ms() == 10 * 86_400_000
    existing.close()


def test_a_topic_nobody_made_is_not_made_by_who_only_asks(kafka: str, topic: str) -> None:
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=topic):
            KafkaLog(kafka, topic, None)


def test_added_partitions_are_left_alone_and_told_of(
    log: KafkaLog, kafka: str, topic: str, admin: AdminClient, caplog: pytest.LogCaptureFixture
) -> None:
    admin.create_partitions([NewPartitions(topic, 6)])[topic].result(20)
    until = time.monotonic() + 20
    while len(admin.list_topics(topic).topics[topic].partitions) < 6:
        assert time.monotonic() < until
    log.append([(2, b"goes on")])
    assert log.unread() == {}
    LOGGER.filters[0].told.clear()
    again = KafkaLog(kafka, topic, 3, append_seconds=20, read_seconds=10)
    assert "has 6 partitions, 3 are used" in caplog.text
    assert again.partitions == 3
    assert lines(again, 2) == [b"goes on"]
    assert len(again.ends()) == 3
    producer = Producer({"bootstrap.servers": kafka})
    for partition in (3, 5, 5):
        producer.produce(topic, b"lost on us", partition=partition)
    assert producer.flush(20) == 0
    assert again.unread() == {3: 1, 4: 0, 5: 2}
    with pytest.raises(PartitionsDiffer, match="has 6 partitions, 7 were asked for"):
        KafkaLog(kafka, topic, 7)
    again.close()


def test_records_that_were_deleted_are_out_of_range_also_for_who_reads(
    log: KafkaLog, topic: str, admin: AdminClient
) -> None:
    log.append([(0, b"x" * 100) for _ in range(50)])
    assert log.read(0, 0, 100).next_offset == 1
    admin.delete_records([TopicPartition(topic, 0, 30)])[TopicPartition(topic, 0, 30)].result(20)
    assert log.start(0) == 30
    with pytest.raises(OffsetOutOfRange, match="30"):
        log.read(0, 29, 100)
    assert log.read(0, 30, 100).offsets.tolist() == [31]


def test_a_topic_that_vanished_is_unavailable_and_one_made_anew_is_out_of_range(
    kafka: str, topic: str, admin: AdminClient
) -> None:
    log = KafkaLog(kafka, topic, 1, append_seconds=2, read_seconds=1)
    log.append([(0, b"x")] * 10)
    assert log.read(0, 0, 1_000).next_offset == 10
    admin.delete_topics([topic])[topic].result(20)
    assert becomes_unavailable(lambda: log.end(0))
    assert becomes_unavailable(log.ends)
    assert becomes_unavailable(lambda: log.append([(0, b"y")]))
    again = KafkaLog(kafka, topic, 1, append_seconds=20)
    again.append([(0, b"new")])
    with pytest.raises(OffsetOutOfRange):
        again.read(0, 10, 1_000)
    with pytest.raises(RecordsLost, match="ends at offset 1, but up to 10"):
        gap(again, 0, 10)
    again.close()
    log.close()


def test_what_others_write_is_still_one_line_a_record(log: KafkaLog, kafka: str, topic: str) -> None:
    send(kafka, topic, b'{\n "a": 1\n}', None, b"", b"two")
    block = log.read(0, 0, 1_000)
    while block.next_offset < 4:
        more = log.read(0, block.next_offset, 1_000)
        assert len(more.offsets) == more.lines.count(b"\n")
        block = more
    assert lines(log, 0) == [b'{  "a": 1 }', b"two"]


def test_marks_of_transactions_do_not_keep_a_reader_waiting(log: KafkaLog, kafka: str, topic: str) -> None:
    send(kafka, topic, b"one", b"two", **{"transactional.id": topic})
    block = log.read(0, 0, 1_000)
    while block.next_offset < 2:
        block = log.read(0, block.next_offset, 1_000)
    assert log.end(0) == 3
    assert log.read(0, 2, 1_000).lines == b""


def test_partitions_nobody_reads_are_let_go_and_taken_up_again(log: KafkaLog, kafka: str, topic: str) -> None:
    log.append([(partition, b"%d " % n + b"x" * 1_000) for n in range(300) for partition in range(3)])
    reader = KafkaReader(KafkaSettings(kafka), topic, 20, {}, buffered_bytes=50_000)
    found: dict[int, list[int]] = {0: [], 1: [], 2: []}
    position = [0, 0, 0]
    while min(position) < 300:
        for partition in range(3):
            block = reader.read(partition, position[partition], 10_000)
            found[partition] += [int(line.split()[0]) for line in block.lines.splitlines()]
            position[partition] = block.next_offset
    assert found == {partition: list(range(300)) for partition in range(3)}
    reader.close()


def test_a_record_no_topic_takes_is_refused_before_anything_is_written(log: KafkaLog) -> None:
    with pytest.raises(ValueError, match="bytes"):
        log.append([(0, b"good"), (0, b"x" * (16 << 20))])
    assert log.end(0) == 0


def test_settings_sonnims_promises_rest_on_cannot_be_changed() -> None:
    for name in ("acks", "enable.idempotence", "auto.offset.reset", "bootstrap.servers"):
        with pytest.raises(KafkaSettingsRefused, match=name):
            KafkaLog("127.0.0.1:1", "any", settings={name: "1"})


def test_no_value_of_a_setting_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    secret = "correct horse"
    with pytest.raises(KafkaSettingsRefused) as refused:
        KafkaLog("127.0.0.1:1", "any", settings={"sasl.password": secret, "security.protocol": "battery staple"})
    assert "security.protocol" in str(refused.value)
    with caplog.at_level(logging.DEBUG), pytest.raises(LogUnavailable) as away:
        KafkaLog(
            "127.0.0.1:1",
            "any",
            settings={
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "sonnim",
                "sasl.password": secret,
            },
            open_seconds=0.5,
        )
    shown = f"{refused.value} {away.value} {KafkaSettings('b', {'sasl.password': secret})!r} {caplog.text}"
    assert secret not in shown
    assert "battery staple" not in shown

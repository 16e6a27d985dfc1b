"""The topic of the log: made with its partitions where there is none, checked where there is one."""

import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from ingest.log.kafka_settings import LOGGER, MOST_RECORD_BYTES, KafkaSettings, told
from ingest.log.log import LogUnavailable, PartitionsDiffer

DAY_MS: Final = 86_400_000
_ABSENT: Final = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}


def made_or_found(
    settings: KafkaSettings,
    topic: str,
    partitions: int | None,
    replication: int | None,
    retention_days: float,
    seconds: float,
) -> int:
    """The number of partitions that `topic` has; makes it if `partitions` is told and there is none.

    It may be more than `partitions`: somebody added some, and Kafka cannot take them away again.
    `replication` None: the brokers' default. From three replicas on, two must have a record before it counts as written.
    Raises PartitionsDiffer if there are fewer, FileNotFoundError (no topic, and no `partitions`), LogUnavailable after about
    `seconds`, and KafkaSettingsRefused.
    """
    if partitions is not None and partitions < 1:
        raise ValueError("an event log has at least one partition")
    try:
        admin = AdminClient(settings.admin(), logger=LOGGER)
    except KafkaException as error:
        raise settings.refused(error) from None
    until = time.monotonic() + seconds
    found = _partitions(admin, topic, until)
    if found is None:
        if partitions is None:
            raise FileNotFoundError(f"no topic {topic} at {settings.bootstrap}")
        _make(admin, topic, partitions, replication, retention_days, until)
        while (found := _partitions(admin, topic, until)) is None:
            _pause(topic, until)
    if partitions is not None and found < partitions:
        raise PartitionsDiffer(
            f"the topic {topic} has {found} partitions, {partitions} were asked for; "
            f"set the number back to {found}, or use another topic"
        )
    if partitions is not None and found > partitions:
        LOGGER.warning(
            "the topic %s has %d partitions, %d are used: what other producers write to the others is not read",
            topic,
            found,
            partitions,
        )
    return found


def _partitions(admin: AdminClient, topic: str, until: float) -> int | None:
    """How many there are, once each has a leader; None if there is no topic."""
    while True:
        left = max(until - time.monotonic(), 0.1)
        try:
            described = admin.describe_topics(TopicCollection([topic]), request_timeout=left)[topic].result(left + 1)
        except KafkaException as error:
            if error.args[0].code() in _ABSENT:
                return None
            raise LogUnavailable(f"Kafka does not tell of the topic {topic}: {told(error)}") from error
        except FutureTimeoutError as error:
            raise LogUnavailable(f"Kafka does not tell of the topic {topic}: no answer") from error
        if all(partition.leader is not None and partition.leader.id >= 0 for partition in described.partitions):
            return len(described.partitions)
        _pause(topic, until)


def _make(
    admin: AdminClient, topic: str, partitions: int, replication: int | None, retention_days: float, until: float
) -> None:
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(int(retention_days * DAY_MS)),
        "max.message.bytes": str(MOST_RECORD_BYTES),
        # A sender's wrong clock must not decide what is deleted.
        "message.timestamp.type": "LogAppendTime",
        "unclean.leader.election.enable": "false",
    }
    if replication is not None and replication >= 3:
        config["min.insync.replicas"] = "2"
    new = NewTopic(topic, partitions, -1 if replication is None else replication, config=config)
    left = max(until - time.monotonic(), 0.1)
    try:
        admin.create_topics([new], request_timeout=left)[topic].result(left + 1)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was faster
            raise LogUnavailable(f"the topic {topic} cannot be made: {told(error)}") from error
    except FutureTimeoutError as error:
        raise LogUnavailable(f"the topic {topic} cannot be made: no answer") from error


def _pause(topic: str, until: float) -> None:
    if time.monotonic() > until:
        raise LogUnavailable(f"partitions of the topic {topic} have no leader")
    time.sleep(0.05)

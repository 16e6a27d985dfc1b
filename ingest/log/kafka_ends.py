"""Where the partitions of a topic end, asked for all at once, on a connection of its own: who reads is not delayed."""

import threading
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec  # type: ignore[attr-defined]

from ingest.log.kafka_settings import LOGGER, KafkaSettings, told
from ingest.log.log import LogUnavailable


class KafkaEnds:
    """Threads may share it; it connects at the first call."""

    def __init__(self, settings: KafkaSettings, topic: str, seconds: float) -> None:
        """`seconds`: the longest an answer is waited for."""
        self._settings, self._topic, self._seconds = settings, topic, seconds
        self._making = threading.Lock()
        self._admin: AdminClient | None = None

    def ends(self, partitions: Sequence[int]) -> list[int]:
        """The offset the next record of each gets. Raises LogUnavailable."""
        return self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def starts(self, partitions: Sequence[int]) -> list[int]:
        """The offset of the oldest record of each. Raises LogUnavailable."""
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def retention_ms(self) -> int | None:
        """How long the brokers keep a record; None for ever. Raises LogUnavailable."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, self._topic)
        try:
            asked = self._ready().describe_configs([resource], request_timeout=self._seconds)[resource]
            kept = int(asked.result(self._seconds + 1)["retention.ms"].value)
        except KafkaException as error:
            raise LogUnavailable(f"Kafka does not tell of the topic {self._topic}: {told(error)}") from error
        except FutureTimeoutError as error:
            raise LogUnavailable(f"Kafka does not tell of the topic {self._topic}: no answer") from error
        return kept if kept >= 0 else None

    def _offsets(self, partitions: Sequence[int], which: OffsetSpec) -> list[int]:
        asked = {TopicPartition(self._topic, number): which for number in partitions}
        try:
            answers = self._ready().list_offsets(asked, request_timeout=self._seconds)
            found = {where.partition: answer.result(self._seconds + 1).offset for where, answer in answers.items()}
        except KafkaException as error:
            raise LogUnavailable(f"Kafka does not tell where {self._topic} ends: {told(error)}") from error
        except FutureTimeoutError as error:
            raise LogUnavailable(f"Kafka does not tell where {self._topic} ends: no answer") from error
        return [found[number] for number in partitions]

    def _ready(self) -> AdminClient:
        with self._making:
            if self._admin is None:
                try:
                    self._admin = AdminClient(self._settings.admin(), logger=LOGGER)
                except KafkaException as error:
                    raise self._settings.refused(error) from None
            return self._admin

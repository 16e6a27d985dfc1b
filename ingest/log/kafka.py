"""The event log in Apache Kafka: one topic, a partition of it a partition of the log.

A record's offset is Kafka's plus one, so that it is above zero and reading goes on at the offset of the last record read.
Durable means what `acks=all` means: on every in-sync replica (docs/kafka.md).
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from ingest.log.kafka_append import KafkaAppender
from ingest.log.kafka_ends import KafkaEnds
from ingest.log.kafka_read import KafkaReader
from ingest.log.kafka_settings import MOST_RECORD_BYTES, KafkaSettings, Setting
from ingest.log.kafka_topic import made_or_found
from ingest.log.log import Block, LogUnavailable

PARTITIONS: Final = 64
RETENTION_DAYS: Final = 9.0
"""The horizon of the flow, 8 days, and one more."""


class KafkaLog:
    """`EventLog` on Kafka; threads share one, several processes each open their own."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        partitions: int | None = PARTITIONS,
        *,
        settings: Mapping[str, Setting] | None = None,
        replication: int | None = None,
        retention_days: float = RETENTION_DAYS,
        append_seconds: float = 4.0,
        read_seconds: float = 2.0,
        open_seconds: float = 10.0,
    ) -> None:
        """Opens the log in `topic`, or makes the topic. `partitions` may be None for one that exists; if it has more, the
        first ones are used.

        `bootstrap`: brokers, `host:port,host:port`. `settings`: any of librdkafka's, as for TLS and SASL; never shown.
        `replication`: of a topic that is made; None is the brokers' default. The seconds bound how long a call waits.
        Raises PartitionsDiffer, FileNotFoundError (no topic, and no `partitions`), KafkaSettingsRefused and LogUnavailable.
        """
        checked = KafkaSettings(bootstrap, settings)
        found = made_or_found(checked, topic, partitions, replication, retention_days, open_seconds)
        self._partitions, self._unused = partitions or found, range(partitions or found, found)
        self._settings, self._topic, self._read_seconds = checked, topic, read_seconds
        self._ends: dict[int, int] = {}
        self._appender = KafkaAppender(checked, topic, append_seconds, self._ends)
        self._asker = KafkaEnds(checked, topic, read_seconds)
        self._opening = threading.Lock()
        self._reader: KafkaReader | None = None
        self._closed = False

    @property
    def partitions(self) -> int:
        return self._partitions

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        for partition, line in records:
            if not line or b"\n" in line:
                raise ValueError("a record of the event log is one line, not empty, without a newline")
            if not 0 <= partition < self._partitions:
                raise ValueError(f"partition {partition} of {self._partitions}")
            if len(line) > MOST_RECORD_BYTES - 1024:
                raise ValueError(f"a record of {len(line):,} bytes; a topic takes {MOST_RECORD_BYTES:,}")
        if records:
            self._appender.append(records)

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        return self._open_reader().read(partition, offset, max_bytes)

    def start(self, partition: int) -> int:
        return self._open_reader().watermarks(partition)[0]

    def end(self, partition: int) -> int:
        return self._open_reader().watermarks(partition)[1]

    def ends(self) -> Sequence[int]:
        self._require_open()
        return self._asker.ends(range(self._partitions))

    def count(self, partition: int, after: int, upto: int) -> int:
        self._require_open()
        return max(0, upto - after)

    def unread(self) -> Mapping[int, int]:
        """Partitions that the topic has beyond those of the log, when it was opened, and how many records each holds.

        They are never read. Raises LogUnavailable.
        """
        if not self._unused:
            return {}
        starts, ends = self._asker.starts(self._unused), self._asker.ends(self._unused)
        return {number: end - start for number, start, end in zip(self._unused, starts, ends, strict=True)}

    def retention_ms(self) -> int | None:
        """How long the brokers keep a record; None for ever. Raises LogUnavailable."""
        return self._asker.retention_ms()

    def close(self) -> None:
        with self._opening:
            self._closed = True
            self._appender.close()
            if self._reader is not None:
                self._reader.close()

    def _require_open(self) -> None:
        if self._closed:
            raise LogUnavailable("the event log is closed")

    def _open_reader(self) -> KafkaReader:
        reader = self._reader
        if reader is None:
            with self._opening:
                if self._closed:
                    raise LogUnavailable("the event log is closed")
                if self._reader is None:
                    self._reader = KafkaReader(self._settings, self._topic, self._read_seconds, self._ends)
                reader = self._reader
        return reader

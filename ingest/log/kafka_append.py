"""Appending to Kafka: one idempotent producer a process, and a wait for every record's delivery report."""

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ingest.log.kafka_settings import LOGGER, KafkaSettings, told
from ingest.log.log import LogUnavailable

_POLL_SECONDS: Final = 0.1
_DOUBTFUL_SECONDS: Final = 0.5
"""How long an append waits while the last thing known of Kafka is that it did not answer in time."""


class _Pending:
    """The records of one append whose delivery is not reported yet. Reports all come on the polling thread."""

    __slots__ = ("_appender", "_left", "error", "settled")

    def __init__(self, appender: "KafkaAppender", count: int) -> None:
        self._appender = appender
        self._left = count
        self.error: KafkaError | None = None
        self.settled = threading.Event()

    def report(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._appender.delivered(message)
        else:
            self.error = error
        self._left -= 1
        if not self._left:
            self.settled.set()


class KafkaAppender:
    """Threads may share it."""

    def __init__(self, settings: KafkaSettings, topic: str, seconds: float, ends: dict[int, int]) -> None:
        """`seconds`: the longest an append waits. `ends`: partition -> the end as far as this process knows; deliveries
        raise it. Connects in the background, so that the first event finds a producer that is ready. Raises
        KafkaSettingsRefused."""
        self._ends = ends
        self._settings, self._topic, self._seconds = settings, topic, seconds
        self._making = threading.Lock()
        self._answers = True
        self._closed = False
        self._producer: Producer | None = None
        self._poller: threading.Thread | None = None
        self._ready()

    def append(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Returns once Kafka has acknowledged every record. Raises LogUnavailable: the records are there, or not, or
        arrive later; who sends them again relies on event ids."""
        producer = self._ready()
        until = time.monotonic() + (self._seconds if self._answers else min(_DOUBTFUL_SECONDS, self._seconds))
        pending = _Pending(self, len(records))
        produce, topic, report = producer.produce, self._topic, pending.report
        try:
            for partition, line in records:
                try:
                    produce(topic, line, None, partition, report)
                except BufferError:
                    self._produce_when_there_is_room(producer, partition, line, pending, until)
        except KafkaException as error:
            self._failed(producer, error.args[0])
            raise LogUnavailable(f"Kafka takes no records: {told(error)}") from error
        if not pending.settled.wait(max(until - time.monotonic(), 0)):
            self._answers = False
            raise LogUnavailable("Kafka did not acknowledge in time")
        if pending.error is not None:
            self._failed(producer, pending.error)
            raise LogUnavailable(f"Kafka did not take every record: {pending.error.str()}")

    def delivered(self, message: Message) -> None:
        """A record is in the log."""
        self._answers = True
        partition, offset = message.partition(), message.offset()
        if partition is not None and offset is not None and offset >= self._ends.get(partition, 0):
            self._ends[partition] = offset + 1

    def close(self) -> None:
        with self._making:
            self._closed = True
            producer, self._producer = self._producer, None
        if producer is not None:
            self._give_up(producer)
        if self._poller is not None:
            self._poller.join()

    def _produce_when_there_is_room(
        self, producer: Producer, partition: int, line: bytes, pending: _Pending, until: float
    ) -> None:
        while time.monotonic() < until:
            time.sleep(0.005)
            with contextlib.suppress(BufferError):
                producer.produce(self._topic, line, None, partition, pending.report)
                return
        raise LogUnavailable("the queue to Kafka is full")

    def _ready(self) -> Producer:
        producer = self._producer
        if producer is None:
            with self._making:
                if self._closed:
                    raise LogUnavailable("the event log is closed")
                if self._producer is None:
                    try:
                        self._producer = Producer(self._settings.producer(self._seconds), logger=LOGGER)
                    except KafkaException as error:
                        raise self._settings.refused(error) from None
                    self._poller = threading.Thread(
                        target=self._poll, args=(self._producer,), name="kafka-reports", daemon=True
                    )
                    self._poller.start()
                producer = self._producer
        return producer

    def _poll(self, producer: Producer) -> None:
        while self._producer is producer:
            producer.poll(_POLL_SECONDS)

    def _failed(self, producer: Producer, error: KafkaError) -> None:
        """After a fatal error a producer is of no use any more: the next append makes a new one."""
        if error.code() == KafkaError._MSG_TIMED_OUT:
            self._answers = False
        if not error.fatal() and error.code() != KafkaError._FATAL:
            return
        with self._making:
            if self._producer is not producer:
                return
            self._producer = None
        LOGGER.error("the producer is given up: %s", error.str())
        self._give_up(producer)

    @staticmethod
    def _give_up(producer: Producer) -> None:
        """What is still queued was not promised to anybody."""
        with contextlib.suppress(KafkaException, RuntimeError):
            producer.purge()
            producer.flush(1)

"""Reading from Kafka: one consumer a process, whose records are sorted into a buffer a partition.

Offsets here are Kafka's: the one to fetch next. That is the same number as the log's offset of the last record read,
because a record's offset in the log is its offset in Kafka plus one.
"""

import itertools
import threading
import time
from typing import Final

import numpy as np
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from ingest.log.kafka_settings import LOGGER, KafkaSettings, told
from ingest.log.log import Block, LogUnavailable, OffsetOutOfRange

_AT_ONCE: Final = 10_000
_WAIT_SECONDS: Final = 0.05
_DOUBTFUL_SECONDS: Final = 0.5
"""How long a call waits while the last thing known of Kafka is that it did not answer in time."""
_PASSING: Final = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.REPLICA_NOT_AVAILABLE,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._TRANSPORT,
}
BUFFERED_BYTES: Final = 256 << 20


class _Tail:
    """A partition that is being read: what has arrived and was not handed out."""

    __slots__ = ("offsets", "position", "reached", "size", "values")

    def __init__(self, position: int) -> None:
        self.position = position  # up to here records were handed out
        self.reached = position  # up to here they have arrived
        self.values: list[bytes] = []
        self.offsets: list[int] = []  # of the log: Kafka's plus one
        self.size = 0  # bytes of `values`, newlines counted

    def take(self, max_bytes: int) -> Block:
        count = len(self.values)
        if self.size > max_bytes:
            sizes = itertools.accumulate(len(value) + 1 for value in self.values)
            count = max(sum(1 for _ in itertools.takewhile(lambda size: size <= max_bytes, sizes)), 1)
        values, self.values = self.values[:count], self.values[count:]
        offsets, self.offsets = self.offsets[:count], self.offsets[count:]
        lines = b"\n".join(values) + b"\n"
        self.size -= len(lines)
        if lines.count(b"\n") != count:  # not written by Sonnim: JSON over several lines
            lines = b"".join(value.replace(b"\n", b" ") + b"\n" for value in values)
        self.position = offsets[-1]
        return Block(lines, np.array(offsets, np.int64), self.position)


class KafkaReader:
    """Threads may share it. Records are read in the order of a partition; a jump to elsewhere costs a round trip."""

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        seconds: float,
        ends: dict[int, int],
        buffered_bytes: int = BUFFERED_BYTES,
    ) -> None:
        """`seconds`: the longest anything waits for Kafka. `ends`: partition -> the end as far as this process
        knows; appending and asking raise it.

        `buffered_bytes`: above it, partitions that nobody reads are let go until somebody does.
        Raises KafkaSettingsRefused; it connects at the first call.
        """
        self._topic, self._seconds, self._ends, self._buffered_bytes = topic, seconds, ends, buffered_bytes
        self._using = threading.Lock()
        self._tails: dict[int, _Tail] = {}
        self._closed = False
        self._answers = True
        try:
            self._consumer = Consumer(settings.consumer(), logger=LOGGER)
            # A broker answers a connection's requests one after the other: a question would wait for the fetch before it.
            self._asker = Consumer(settings.consumer(), logger=LOGGER)
        except KafkaException as error:
            raise settings.refused(error) from None

    def read(self, partition: int, offset: int, max_bytes: int) -> Block:
        """As `EventLog.read`. Waits only for records that are known to be there."""
        until = time.monotonic() + self._patience()
        wait = 0.0
        while True:
            with self._using:
                tail = self._tail_at(partition, offset)
                if not tail.values:
                    self._gather(partition, tail, wait)
                    self._let_go_of_unread(partition)
                if tail.values:
                    return tail.take(max_bytes)
                if self._tails.get(partition) is tail and not self._has_more(partition, tail):
                    return Block(b"", np.empty(0, np.int64), offset)
            if time.monotonic() > until:
                self._answers = False
                with self._using:
                    self._let_go(partition)
                    self._ends.pop(partition, None)  # perhaps it is the end of a topic that is no more
                raise LogUnavailable(f"Kafka does not deliver partition {partition} of {self._topic}")
            wait = _WAIT_SECONDS

    def watermarks(self, partition: int) -> tuple[int, int]:
        """Offset of the oldest record in Kafka, and the offset the next one will get; asks the broker."""
        with self._using:
            return self._watermarks(partition)

    def close(self) -> None:
        with self._using:
            if not self._closed:
                self._closed = True
                self._tails.clear()
                self._consumer.close()
                self._asker.close()

    def _watermarks(self, partition: int) -> tuple[int, int]:
        """Asks again while a leader is being found: of a topic just made, or after a broker was lost."""
        until = time.monotonic() + self._patience()
        while True:
            self._require_open()
            left = max(until - time.monotonic(), 0.1)
            try:
                found = self._asker.get_watermark_offsets(self._at(partition), timeout=left)
            except KafkaException as error:
                if time.monotonic() > until or error.args[0].code() not in _PASSING:
                    self._answers = False
                    raise self._unavailable(partition, error) from error
                time.sleep(_WAIT_SECONDS)
                continue
            if found is None:
                raise LogUnavailable(f"Kafka does not tell where partition {partition} of {self._topic} ends")
            self._ends[partition] = max(self._ends.get(partition, 0), found[1])
            self._answers = True
            return found

    def _tail_at(self, partition: int, offset: int) -> _Tail:
        """The tail to read on from `offset`; the partition is taken up anew there unless that is where it was."""
        self._require_open()
        tail = self._tails.get(partition)
        if tail is not None and tail.position == offset:
            return tail
        low, high = self._watermarks(partition)
        if not low <= offset <= high:
            raise OffsetOutOfRange(
                f"partition {partition} of {self._topic}: offset {offset} is not between {low}, the oldest that is "
                f"kept, and {high}, the end"
            )
        self._let_go(partition)
        try:
            if not self._tails:  # else it may find the leaders only at its next look round, once a second
                self._consumer.list_topics(self._topic, timeout=self._patience())
            self._consumer.incremental_assign([self._at(partition, offset)])
        except KafkaException as error:
            raise self._unavailable(partition, error) from error
        tail = self._tails[partition] = _Tail(offset)
        return tail

    def _has_more(self, partition: int, tail: _Tail) -> bool:
        """Whether records are known to be there that have not arrived."""
        known = self._consumer.get_watermark_offsets(self._at(partition), cached=True)
        return tail.reached < max(self._ends.get(partition, 0), known[1] if known else 0)

    def _gather(self, partition: int, tail: _Tail, wait: float) -> None:
        """Sorts what has arrived into the buffers, until `partition` has some or nothing is left.

        Waits `wait` seconds for a first record. (Asked for many, the client waits till it has as many.)
        """
        try:
            messages = self._consumer.consume(1, wait) if wait else []
            while self._tails.get(partition) is tail:
                messages += self._consumer.consume(_AT_ONCE, 0)
                for number, run in itertools.groupby(messages, Message.partition):
                    self._sort(-1 if number is None else number, list(run))
                if tail.values or not messages:
                    return
                messages = []
        except KafkaException as error:
            raise self._unavailable(partition, error) from error

    def _sort(self, partition: int, messages: list[Message]) -> None:
        """Puts one partition's records into its buffer. After an error the partition is let go: who reads it next asks
        the broker where it begins and ends, and so learns what is wrong."""
        tail = self._tails.get(partition)
        if tail is None:
            return
        if any(map(Message.error, messages)):
            for message in messages:
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    LOGGER.warning("partition %d of %s: %s", partition, self._topic, error.str())
                    self._let_go(partition)
                    return
            tail.reached = max(tail.reached, messages[-1].offset() or 0)
            messages = [message for message in messages if message.error() is None]
            if not messages:
                return
        values = [value for value in map(Message.value, messages) if value]
        offsets = [offset + 1 for offset in map(Message.offset, messages) if offset is not None]
        tail.reached = max(tail.reached, offsets[-1])
        if len(values) != len(messages):  # not written by Sonnim: nothing in it
            offsets = [offset for offset, message in zip(offsets, messages, strict=True) if message.value()]
        tail.values += values
        tail.offsets += offsets
        tail.size += sum(map(len, values)) + len(values)

    def _let_go_of_unread(self, reading: int) -> None:
        while sum(tail.size for tail in self._tails.values()) > self._buffered_bytes:
            others = [(tail.size, number) for number, tail in self._tails.items() if number != reading and tail.size]
            if not others:
                return
            self._let_go(max(others)[1])

    def _let_go(self, partition: int) -> None:
        if self._tails.pop(partition, None) is not None:
            self._consumer.incremental_unassign([self._at(partition)])

    def _at(self, partition: int, offset: int | None = None) -> TopicPartition:
        return (
            TopicPartition(self._topic, partition) if offset is None else TopicPartition(self._topic, partition, offset)
        )

    def _patience(self) -> float:
        return self._seconds if self._answers else min(_DOUBTFUL_SECONDS, self._seconds)

    def _require_open(self) -> None:
        if self._closed:
            raise LogUnavailable("the event log is closed")

    def _unavailable(self, partition: int, error: KafkaException) -> LogUnavailable:
        return LogUnavailable(f"partition {partition} of {self._topic} cannot be read: {told(error)}")

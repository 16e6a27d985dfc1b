"""Bytewax state: one shard a key. Opens its partition from the store at the first pull and flushes every second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bytewax.operators import StatefulBatchLogic

from flows import metrics
from flows.flush import Flush
from flows.partition import Outgoing, Partition
from flows.source import Pull

FLUSH_EVERY = 1_000
"""Milliseconds between flushes."""

FLUSH_EVERY_BEHIND = 4_000
"""Milliseconds between flushes while the log is far ahead: fresh figures must wait anyway, so flushes are fewer and larger."""

Output = Sequence[Outgoing] | Flush


class ShardLogic(StatefulBatchLogic[Pull, Output, None]):
    """Pulls of one partition in, records for other shards and flushes out."""

    def __init__(self, open_partition: Callable[[int, int], Partition]) -> None:
        """`open_partition(number, offset)` restores a partition as it was committed."""
        self._open = open_partition
        self._partition: Partition | None = None
        self._flushed_at = 0

    def on_batch(self, values: list[Pull]) -> tuple[Iterable[Output], bool]:
        out: list[Output] = []
        for pull in values:
            if self._partition is None:
                self._partition = self._open(pull.partition, pull.start)
            partition = self._partition
            for stretch in pull.read.stretches:
                records = partition.apply(stretch.decoded, stretch.upto, pull.now)
                if records:
                    out.append(records)
            if pull.now - self._flushed_at >= (FLUSH_EVERY_BEHIND if pull.read.behind else FLUSH_EVERY):
                self._flushed_at = pull.now
                out.append(self._flush(partition, pull.now))
        return out, StatefulBatchLogic.RETAIN

    def _flush(self, partition: Partition, now: int) -> Flush:
        flush = partition.flush(now)
        label, counts = str(partition.number), partition.counts
        for outcome in ("events", "bots", "repeated", "rejected"):
            metrics.EVENTS.labels(label, outcome).inc(getattr(counts, outcome))
            setattr(counts, outcome, 0)
        metrics.VISITORS.labels(label).set(len(partition.shard.slots))
        metrics.STATE_BYTES.labels(label).set(partition.shard.nbytes)
        return flush

    def snapshot(self) -> None:
        return None

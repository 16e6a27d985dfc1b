"""The shards of a process: pulls of partitions in, what their state puts out. A partition is opened from the store at its first pull."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from flows import metrics
from flows.cadence import due
from flows.flush import Flush
from flows.partition import Partition
from flows.progress import Progress
from flows.source import Pull
from flows.writer import Handed

FLUSH_EVERY = 1_000
"""Milliseconds between flushes."""

FLUSH_EVERY_BEHIND = 4_000
"""Milliseconds between flushes while the log is far ahead: fresh figures must wait anyway, so flushes are fewer and larger."""

FLUSH_SOON = 300
"""Milliseconds between flushes of a shard that writes `FEW` rows a second at most, if there is something to write: where little happens it
is seen sooner."""

FEW = 20

SOON_EVERY = 150
"""Milliseconds between such flushes of a process, whatever shards they are of: many small parts would be ClickHouse's work."""

HAND_OVER_EVERY = 200
"""Milliseconds between records to members' shards: each of them flushes its people every second anyway. With the flush while the
log is far ahead."""

Output = Handed | Flush

log = structlog.get_logger()


class Shards:
    """A step of the dataflow: pulls in, records for other shards and flushes out, each with its partition.

    It is not one of Bytewax's stateful operators: those send each key to a worker of their own choice, and blocks would
    cross process borders. Here what a worker reads it applies.
    """

    def __init__(
        self,
        open_partition: Callable[[int, int], Partition],
        sites: Callable[[int], Sequence[str]] = lambda now: (),
        progress: Progress | None = None,
    ) -> None:
        """`open_partition(number, offset)` restores a partition as it was committed; `sites(now)` are all there are; `progress`: of all
        partitions."""
        self._open, self._sites, self._progress = open_partition, sites, progress
        self._shards: dict[int, _Shard] = {}
        self._haste = _Haste()

    def __call__(self, pulls: list[Pull]) -> list[tuple[int, Output]]:
        """What pulls of this worker's partitions put out, in order."""
        out: list[tuple[int, Output]] = []
        for pull in pulls:
            shard = self._shards.get(pull.partition)
            if shard is None:
                shard = self._shards[pull.partition] = _Shard(
                    self._open(pull.partition, pull.start), self._sites, self._progress, self._haste
                )
            out += [(pull.partition, output) for output in shard.take(pull)]
        return out


class _Haste:
    """Lets the shards of a process flush before their time, one after the other."""

    def __init__(self) -> None:
        self._at = 0

    def allows(self, now: int, flushed_at: int) -> bool:
        """Whether a shard that flushed at `flushed_at` may flush again."""
        if not (due(now, flushed_at, FLUSH_SOON) and due(now, self._at, SOON_EVERY)):
            return False
        self._at = now
        return True


class _Shard:
    """One partition, flushed every second, or sooner where little happens."""

    def __init__(
        self,
        partition: Partition,
        sites: Callable[[int], Sequence[str]],
        progress: Progress | None,
        haste: _Haste,
    ) -> None:
        self._partition, self._sites, self._progress, self._haste = partition, sites, progress, haste
        self._flushed_at = self._handed_over_at = 0
        self._unwritten = self._few = False  # there is something to write; the last flush had few rows for its time

    def take(self, pull: Pull) -> Iterator[Output]:
        partition = self._partition
        for stretch in pull.read.stretches:
            records = partition.apply(stretch.decoded, stretch.upto, pull.now)
            if records:
                yield Handed(records)
        settled = self._progress.settled(partition.number, pull.as_of, pull.now) if self._progress else pull.as_of
        partition.advance(pull.as_of, settled, pull.now)
        self._unwritten |= bool(pull.read.stretches)
        if self._is_due(pull):
            passed, self._flushed_at, self._handed_over_at = pull.now - self._flushed_at, pull.now, pull.now
            flush = self._flush(partition, pull)
            rows = sum(table.num_rows for table in flush.state.values())
            self._unwritten, self._few = False, rows * 1_000 <= FEW * passed
            yield flush
            yield Handed((), until=partition.told_until)
        elif not pull.read.behind and due(pull.now, self._handed_over_at, HAND_OVER_EVERY):
            self._handed_over_at = pull.now
            yield Handed(partition.hand_over(), partition.take_transitions(), partition.told_until)
        elif transitions := partition.take_transitions():
            yield Handed((), transitions)

    def _is_due(self, pull: Pull) -> bool:
        if due(pull.now, self._flushed_at, FLUSH_EVERY_BEHIND if pull.read.behind else FLUSH_EVERY):
            return True
        return self._unwritten and self._few and not pull.read.behind and self._haste.allows(pull.now, self._flushed_at)

    def _flush(self, partition: Partition, pull: Pull) -> Flush:
        flush = partition.flush(pull.now)
        flush = replace(
            flush, commit=replace(flush.commit, at=pull.as_of)
        )  # what is fresh is what was read, not the write
        label, counts = str(partition.number), partition.counts
        for outcome in ("events", "bots", "repeated", "rejected"):
            metrics.EVENTS.labels(label, outcome).inc(getattr(counts, outcome))
            setattr(counts, outcome, 0)
        if flush.rejected:
            self._tell_rejected(flush.rejected, pull)
        metrics.VISITORS.labels(label).set(len(partition.shard.slots))
        metrics.PEOPLE.labels(label).set(len(partition.people))
        metrics.STATE_BYTES.labels(label).set(partition.nbytes)
        return flush

    def _tell_rejected(self, rejected: Mapping[tuple[str, str], int], pull: Pull) -> None:
        """One line a site and reason. Sites nobody knows are one in the metric, so that it cannot grow without end."""
        known = set(self._sites(pull.now))
        for (site_id, reason), count in rejected.items():
            metrics.REJECTED.labels(reason, site_id if site_id in known else "").inc(count)
            log.warning("rejected", partition=pull.partition, site=site_id[:80], reason=reason, count=count)

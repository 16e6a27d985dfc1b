"""From lines of the log of transitions to deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.dispatch.catalogue import Catalogue
from api.dispatch.delivery import Delivery, new_delivery
from api.dispatch.outbox import Outbox
from api.dispatch.policy import Told, asks, skips, told_of
from api.dispatch.transition import read_line, webhook_id
from flows.membership.transitions import Transition
from ingest.log import EventLog, OffsetOutOfRange
from sql.hooks import Hook

BLOCK_BYTES: Final = 128 << 10
MOST_BYTES: Final = 1 << 20


@dataclass
class Batch:
    """Transitions with their partitions, in order; how far each partition is read then; what could not be read, and what was lost."""

    transitions: list[tuple[int, Transition]] = field(default_factory=list)
    read_to: dict[int, int] = field(default_factory=dict)
    unreadable: int = 0
    lost: list[int] = field(default_factory=list)


def read(log: EventLog, positions: Mapping[int, int]) -> Batch:
    """What is new after these positions, about a megabyte of it. Raises LogUnavailable."""
    batch, size = Batch(), 0
    ends = log.ends()
    for partition, position in positions.items():
        if ends[partition] == position:
            continue
        try:
            block = log.read(partition, position, BLOCK_BYTES)
        except OffsetOutOfRange:  # trimmed away, or another log than before
            batch.lost.append(partition)
            batch.read_to[partition] = log.start(partition)
            continue
        for line in block.lines.split(b"\n"):
            try:
                transition = read_line(line)
            except ValueError:
                batch.unreadable += 1
                continue
            if transition is not None and transition.fires:
                batch.transitions.append((partition, transition))
        batch.read_to[partition] = block.next_offset
        size += len(block.lines)
        if size >= MOST_BYTES:
            break
    return batch


@dataclass
class Wanted:
    """A transition that a hook is to be told of, if it was not told yet."""

    partition: int
    transition: Transition
    hook: Hook

    @property
    def key(self) -> tuple[str, str, str]:
        """Site, hook and webhook id."""
        return self.hook.site_id, self.hook.hook_id, webhook_id(self.transition.id, self.hook.hook_id)


def wanted(batch: Batch, catalogue: Catalogue) -> list[Wanted]:
    """What hooks ask for; nothing of segments that are not there, nor of people who are being erased."""
    return [
        Wanted(partition, one, hook)
        for partition, one in batch.transitions
        if (one.site_id, one.segment_id) in catalogue.segments
        and not catalogue.is_erased(one.site_id, one.member_id, one.visitor_id, one.at)
        for hook in catalogue.of_site(one.site_id)
        if asks(hook, one)
    ]


def decide(
    found: Iterable[Wanted], known: set[str], told: Mapping[Told, int], outbox: Outbox, now: int
) -> Iterator[tuple[Hook, Delivery]]:
    """The deliveries to make of what is wanted and not known, skipped ones too. Each is remembered once the next is asked for: one that
    could not be taken up is told again. `told`: of the ledger."""
    for one in found:
        delivery = new_delivery(one.transition, one.hook, one.partition, now)
        if delivery.webhook_id in known or delivery.webhook_id in outbox.seen:
            continue
        looked = told_of(one.hook, one.transition) if one.hook.terms.again != "always" else None
        reason = ""
        if looked is not None:
            last = max((times[looked] for times in (told, outbox.told) if looked in times), default=None)
            reason = skips(one.hook, one.transition, last)
        if reason:
            delivery.status, delivery.reason = "skipped", reason
        yield one.hook, delivery
        outbox.remember(delivery.webhook_id, None if reason else looked, one.transition.at)

"""What a process that sends holds in memory, and what it has yet to write into the ledger. One event loop; times are epoch ms.

Positions and rows are taken together: a position is written only after the rows of all that stands before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from api.dispatch.catalogue import Catalogue
from api.dispatch.delivery import LEASE_MS, Delivery, Key
from api.dispatch.ledger import Ledger
from api.dispatch.policy import Told

MOST_HELD: Final = 20_000
MOST_REMEMBERED: Final = 100_000
ROWS_AT_ONCE: Final = 5_000


@dataclass
class Outbox:
    """`held`: queued or under way. `unwritten`: changed since they were written. `read_to`: partition -> offset up to which all is
    decided; `written_to`: that is written."""

    held: dict[Key, Delivery] = field(default_factory=dict)
    unwritten: dict[Key, Delivery] = field(default_factory=dict)
    read_to: dict[int, int] = field(default_factory=dict)
    written_to: dict[int, int] = field(default_factory=dict)
    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)  # webhook ids taken up by this process
    told: OrderedDict[Told, int] = field(default_factory=OrderedDict)  # when what they were told of happened
    versions: OrderedDict[Key, int] = field(default_factory=OrderedDict)  # of rows written last

    @property
    def has_room(self) -> bool:
        """Whether more may be read."""
        return len(self.held) < MOST_HELD and len(self.unwritten) < MOST_HELD

    def note(self, delivery: Delivery) -> None:
        """It changed: it is to be written."""
        if not delivery.forgotten:
            self.unwritten[delivery.key] = delivery

    def remember(self, webhook_id: str, told: Told | None, at: int) -> None:
        """A delivery was taken up; `told` if its hook may not be told again."""
        self.seen[webhook_id] = None
        if told is not None:
            self.told[told] = max(at, self.told.pop(told, at))
        _bound(self.seen)
        _bound(self.told)

    def is_busy(self, key: Key) -> bool:
        """Whether a delivery is in memory, newer than its row."""
        return key in self.held or key in self.unwritten

    def is_stale(self, delivery: Delivery) -> bool:
        """Whether what was read is older than what this process has written or is about to."""
        return self.is_busy(delivery.key) or delivery.version < self.versions.get(delivery.key, 0)

    def forget(self, catalogue: Catalogue) -> None:
        """Neither send nor write what is of people who are being erased."""
        if catalogue.claims:
            for delivery in [*self.held.values(), *self.unwritten.values()]:
                if catalogue.is_erased(delivery.site_id, delivery.member_id, delivery.visitor_id, delivery.at):
                    delivery.forgotten = True
                    self.unwritten.pop(delivery.key, None)

    async def write(self, ledger: Ledger, now: int, blocking: Callable[..., Any]) -> None:
        """Write what changed, then how far that is. `blocking(function, *arguments)` runs it in a thread. Raises StoreUnavailable and
        StoreError: all of it is written the next time then."""
        taken, self.unwritten = self.unwritten, {}
        moved = {one: to for one, to in self.read_to.items() if self.written_to.get(one) != to}
        try:
            rows = [self._row(delivery, now) for delivery in taken.values()]
            for first in range(0, len(rows), ROWS_AT_ONCE):
                await blocking(ledger.write, rows[first : first + ROWS_AT_ONCE])
            if moved:
                await blocking(ledger.write_positions, moved, now)
        except BaseException:
            back = {key: delivery for key, delivery in taken.items() if not delivery.forgotten}
            self.unwritten = {**back, **self.unwritten}
            raise
        self.written_to.update({one: to for one, to in moved.items() if one in self.read_to})

    def release(self, partitions: Iterable[int]) -> None:
        """Partitions are another process's now."""
        for partition in partitions:
            self.read_to.pop(partition, None)
            self.written_to.pop(partition, None)

    def _row(self, delivery: Delivery, now: int) -> dict[str, Any]:
        row = delivery.row(now)
        self.versions[delivery.key] = row["version"]
        _bound(self.versions)
        if delivery.status == "waiting" and delivery.key in self.held:
            row["next_attempt_at"] = now + LEASE_MS
        return row


def _bound(memory: OrderedDict[Any, Any]) -> None:
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)

"""A lane a hook: what waits to be sent to it at once, and what is under way. One that hangs holds up nobody else. One event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from api.dispatch import signing
from api.dispatch.attempt import Caller, Outcome
from api.dispatch.delivery import Delivery, Status
from api.dispatch.outbox import Outbox
from api.dispatch.policy import DISABLED
from api.dispatch.schedule import Pace, next_attempt, retry_after
from api.metrics import Metrics
from sql.hooks import Hook

MOST_QUEUED: Final = 1_000

_LOG = logging.getLogger("sonnim.api")


@dataclass
class Lane:
    """`refused`: the version of the hook that its receiver wanted no more of."""

    hook: Hook
    pace: Pace = field(default_factory=Pace)
    queue: deque[Delivery] = field(default_factory=deque)
    under_way: dict[asyncio.Task[None], Delivery] = field(default_factory=dict)
    refused: int = -1

    @property
    def open(self) -> bool:
        """Whether anything may be sent."""
        return self.hook.terms.active and self.hook.version > self.refused

    @property
    def disabled(self) -> bool:
        """Whether its receiver wants no more."""
        return bool(self.hook.disabled_reason) or self.hook.version <= self.refused


class Lanes:
    """Sends deliveries, as fast as each receiver takes them."""

    def __init__(
        self,
        outbox: Outbox,
        caller: Caller,
        clock: Callable[[], int],
        metrics: Metrics,
        refused: Callable[[Hook], None],
    ) -> None:
        """`clock`: epoch ms. `refused`: told of a hook whose receiver answered 410."""
        self._outbox, self._caller, self._clock, self._metrics, self._refused = outbox, caller, clock, metrics, refused
        self._lanes: dict[str, Lane] = {}
        self._stopping = False

    def has_room(self, hook: Hook) -> bool:
        """Whether a hook can take more than it has."""
        lane = self._lanes.get(hook.hook_id)
        if lane is None:
            return hook.terms.active and self._outbox.has_room
        usable = lane.open and self._clock() >= lane.pace.paused_until
        return usable and len(lane.queue) <= MOST_QUEUED // 2 and self._outbox.has_room

    def offer(self, hook: Hook, delivery: Delivery) -> None:
        """Send it as soon as may be; where the lane is full or rests it goes to the ledger, and comes back from there."""
        lane = self._lanes.setdefault(hook.hook_id, Lane(hook))
        self._outbox.note(delivery)
        if self._stopping or len(lane.queue) >= MOST_QUEUED or not self._outbox.has_room:
            self._put_back(lane, delivery)
            return
        self._outbox.held[delivery.key] = delivery
        lane.queue.append(delivery)
        self._pump(lane)

    def update(self, hooks: dict[str, Hook]) -> None:
        """Hooks as they are now; those left out are deleted."""
        for hook_id, lane in list(self._lanes.items()):
            if hook_id in hooks:
                lane.hook = hooks[hook_id]
                self._pump(lane)
            else:
                self._empty(lane, "skipped", "deleted")
                if not lane.under_way:
                    del self._lanes[hook_id]

    def release(self, partitions: set[int]) -> None:
        """Give what waits of partitions back: another process has them."""
        for lane in self._lanes.values():
            kept = [delivery for delivery in lane.queue if delivery.partition not in partitions]
            for delivery in lane.queue:
                if delivery.partition in partitions:
                    self._put_back(lane, delivery)
            lane.queue = deque(kept)

    async def stop(self, seconds: float) -> None:
        """Let what is under way end for so long; what does not, and what waits, goes back to the ledger."""
        self._stopping = True
        for lane in self._lanes.values():
            self._empty(lane, "waiting", "")
        tasks = {task: lane for lane in self._lanes.values() for task in lane.under_way}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # -- within

    def _pump(self, lane: Lane) -> None:
        if not lane.open:
            self._empty(lane, "failed" if lane.disabled else "waiting", DISABLED if lane.disabled else "")
        elif self._clock() < lane.pace.paused_until:
            self._empty(lane, "waiting", "")
        while lane.queue and len(lane.under_way) < lane.pace.limit:
            delivery = lane.queue.popleft()
            if delivery.forgotten:
                self._outbox.held.pop(delivery.key, None)
                continue
            task = asyncio.create_task(self._send(lane, delivery))
            lane.under_way[task] = delivery
            task.add_done_callback(lambda done, lane=lane: self._ended(lane, done))  # type: ignore[misc]

    async def _send(self, lane: Lane, delivery: Delivery) -> None:
        hook, now, body = lane.hook, self._clock(), delivery.body.encode()
        headers = signing.headers(hook.secrets(now), delivery.webhook_id, now // 1000, body)
        if not delivery.attempts and not delivery.recheck and delivery.segment_id:
            self._metrics.first_attempt.observe(max(now - delivery.at, 0) / 1000)
        outcome = await self._caller.post(hook.terms.url, headers, body)
        self._settle(lane, delivery, outcome)

    def _settle(self, lane: Lane, delivery: Delivery, outcome: Outcome) -> None:
        now, pace, verdict = self._clock(), lane.pace, outcome.verdict
        delivery.attempts += 1
        delivery.last_status, delivery.last_error, delivery.changed_at = outcome.status, outcome.error, now
        self._metrics.attempts.labels(verdict).inc()
        if verdict == "delivered":
            pace.went_well()
            self._finish(delivery, "delivered", "")
            return
        if verdict == "gone":
            lane.refused = lane.hook.version
            self._finish(delivery, "failed", DISABLED)
            self._refused(lane.hook)
            return
        if verdict == "slow":
            pace.slow_down(now, retry_after(outcome.retry_after, now) if outcome.retry_after else None)
        else:
            pace.went_wrong()
        due = next_attempt(delivery.attempts, delivery.webhook_id, now)
        if due is None or lane.disabled:
            self._finish(delivery, "failed", DISABLED if lane.disabled else "")
            return
        delivery.next_attempt_at = due
        self._put_back(lane, delivery)

    def _ended(self, lane: Lane, task: asyncio.Task[None]) -> None:
        delivery = lane.under_way.pop(task)
        if task.cancelled():
            self._put_back(lane, delivery)
        elif error := task.exception():
            _LOG.error("a delivery could not be tried", exc_info=error)
            self._settle(lane, delivery, Outcome(0, f"{type(error).__name__}"))
        self._pump(lane)

    def _empty(self, lane: Lane, status: Status, reason: str) -> None:
        while lane.queue:
            delivery = lane.queue.popleft()
            if status == "waiting":
                self._put_back(lane, delivery)
            else:
                delivery.changed_at = self._clock()
                self._finish(delivery, status, reason)

    def _finish(self, delivery: Delivery, status: Status, reason: str) -> None:
        delivery.status, delivery.reason = status, reason
        self._metrics.deliveries.labels(status).inc()
        self._outbox.held.pop(delivery.key, None)
        self._outbox.note(delivery)

    def _put_back(self, lane: Lane, delivery: Delivery) -> None:
        """To the ledger: it is taken up again when it is due."""
        delivery.next_attempt_at = max(delivery.next_attempt_at, lane.pace.paused_until)
        self._outbox.held.pop(delivery.key, None)
        self._outbox.note(delivery)

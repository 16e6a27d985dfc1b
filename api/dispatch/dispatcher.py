"""Sends hooks: one asyncio thread in each process of the API. The processes share the partitions of the log of transitions.

What is read is tried at once and written into the ledger a moment later; a position moves after the rows. So a process may die at any
instant: what it had not written is read again, with the same webhook ids.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from api.dispatch import policy, reader
from api.dispatch.addresses import Network
from api.dispatch.attempt import TIMEOUT_SECONDS, Caller
from api.dispatch.catalogue import Catalogue, load
from api.dispatch.delivery import Delivery
from api.dispatch.lanes import MOST_QUEUED, Lanes
from api.dispatch.ledger import Ledger
from api.dispatch.outbox import Outbox
from api.metrics import Metrics
from ingest.log import EventLog, LogUnavailable
from sql.hooks import EFFECTIVE_AFTER_MS, Hook, disable_hook
from sql.store import Store, StoreUnavailable

_LOG = logging.getLogger("sonnim.api")
_T = TypeVar("_T")

PATIENCE_MS = 10 * 60_000
"""So long after a delay the flow is waited for, to write the row that tells whether somebody is still in the segment."""

Check = Literal["true", "false", "unknown"]
GONE = "the receiver answered 410: it wants no more"


@dataclass(frozen=True)
class Rhythm:
    """How often, in seconds. `lease`: a process that has not said for so long that it lives has no partitions."""

    read: float = 0.025
    write: float = 0.25
    catalogue: float = 0.5
    due: float = 0.5
    beat: float = 2.0
    lease: float = 10.0
    waiting: float = 15.0
    away: float = 0.5
    stop: float = 3.0


class Dispatcher:
    """`start` and `stop` are for any thread."""

    def __init__(
        self,
        store: Store,
        log: EventLog,
        clock: Callable[[], int],
        metrics: Metrics,
        *,
        allowed: Sequence[Network] = (),
        timeout_seconds: float = TIMEOUT_SECONDS,
        rhythm: Rhythm | None = None,
    ) -> None:
        """`log`: of transitions. `clock`: epoch ms. `allowed`: networks that hooks may be in beside the public internet."""
        self._store, self._log, self._clock, self._metrics = store, log, clock, metrics
        self._allowed, self._timeout, self._rhythm = tuple(allowed), timeout_seconds, rhythm or Rhythm()
        self._ledger = Ledger(store)
        self.process_id = secrets.token_hex(8)
        self._beats = 0
        self._outbox = Outbox()
        self._due_to_me: set[int] = set()
        self._catalogue: Catalogue | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._running = threading.Event()
        self._refusals: set[asyncio.Task[None]] = set()
        self._writing: asyncio.Lock | None = None

    def start(self) -> None:
        """Work in a thread, until `stop`."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="hooks", daemon=True)
        self._thread.start()
        self._running.wait(5)

    def stop(self) -> None:
        """Let what is under way end, write how far it is, and leave the partitions to others."""
        if self._loop is not None and self._ended is not None and self._thread is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(self._rhythm.stop + 5)

    @property
    def partitions(self) -> list[int]:
        """Those that this process reads now."""
        return sorted(self._outbox.read_to)

    # -- the loops

    async def _run(self) -> None:
        self._loop, self._ended, self._writing = asyncio.get_running_loop(), asyncio.Event(), asyncio.Lock()
        self._threads = ThreadPoolExecutor(6, "hooks-work")
        caller = Caller(self._allowed, timeout_seconds=self._timeout)
        self._lanes = Lanes(self._outbox, caller, self._clock, self._metrics, self._refused)
        self._running.set()
        rhythm = self._rhythm
        loops = [
            asyncio.create_task(self._every(pause, turn))
            for pause, turn in (
                (rhythm.beat, self._share),
                (rhythm.catalogue, self._look),
                (rhythm.read, self._read),
                (rhythm.due, self._take_due),
                (rhythm.write, self._write),
                (rhythm.waiting, self._count),
            )
        ]
        try:
            await self._ended.wait()
            for loop in (*loops, *self._refusals):
                loop.cancel()
            await asyncio.gather(*loops, *self._refusals, return_exceptions=True)
            await self._lanes.stop(rhythm.stop)
            await self._leave()
        finally:
            await caller.close()
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _every(self, pause: float, turn: Callable[[], Awaitable[bool]]) -> None:
        """Turn after turn, at once again if one says that there is more. Nothing ends it but cancellation."""
        while True:
            try:
                more = await turn()
            except (StoreUnavailable, LogUnavailable):
                more = False
                await asyncio.sleep(self._rhythm.away)  # nothing is lost: it is tried again
            except Exception:
                more = False
                _LOG.exception("hooks do not go on; it is tried again")
                await asyncio.sleep(self._rhythm.away)
            await asyncio.sleep(0 if more else pause)

    async def _blocking(self, function: Callable[..., _T], *arguments: Any) -> _T:
        assert self._threads is not None
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _share(self) -> bool:
        """Say that this process lives, and take the partitions that are its own then."""
        self._beats += 1
        await self._blocking(self._ledger.beat, self.process_id, self._beats, True)
        living = await self._blocking(self._ledger.living, int(self._rhythm.lease * 1000))
        if self.process_id not in living:
            return False
        place, count = living.index(self.process_id), len(living)
        mine = {one for one in range(self._log.partitions) if one % count == place}
        lost = set(self._outbox.read_to) - mine
        if lost:
            self._lanes.release(lost)
            await self._write()
            self._outbox.release(lost)
        # who has them still gives them back at his next beat: else both would tell of the same for a moment
        ready = mine if count == 1 else mine & self._due_to_me
        self._due_to_me = mine
        new = ready - set(self._outbox.read_to)
        if new:
            kept = await self._blocking(self._ledger.positions)
            starts = {one: kept.get(one) for one in new}
            for one, start in starts.items():
                if start is None:
                    start = await self._blocking(self._log.start, one)
                else:
                    self._outbox.written_to[one] = start
                self._outbox.read_to[one] = start
        return False

    async def _look(self) -> bool:
        """See what hooks, segments and erasures there are now."""
        try:
            catalogue = await self._blocking(load, self._store, self._clock())
        except BaseException:
            self._catalogue = None  # nothing more is read until it is known again
            raise
        self._catalogue = catalogue
        self._outbox.forget(catalogue)
        self._lanes.update(catalogue.hooks)
        return False

    async def _read(self) -> bool:
        """Read what is new, and begin to send it. True if there was something."""
        positions = dict(self._outbox.read_to)
        if self._catalogue is None or not positions or not self._outbox.has_room:
            return False
        now = self._clock()
        batch = await self._blocking(reader.read, self._log, positions)
        if not batch.read_to:
            self._metrics.dispatch_lag.set(0)
            return False
        latest = max((one.at for _, one in batch.transitions), default=0)
        catalogue = await self._known_since(min(latest, now) - EFFECTIVE_AFTER_MS)
        found = reader.wanted(batch, catalogue)
        known, told = await self._told(found)
        self._tell_of(batch, now)
        for hook, delivery in reader.decide(found, known, told, self._outbox, self._clock()):
            self._begin(hook, delivery)
        for partition, offset in batch.read_to.items():
            if self._outbox.read_to.get(partition) == positions[partition]:  # else it was given away meanwhile
                self._outbox.read_to[partition] = offset
        return batch.read_to != {one: positions[one] for one in batch.read_to}

    async def _known_since(self, moment: int) -> Catalogue:
        """A catalogue that has every hook made before a moment (epoch ms)."""
        while self._catalogue is None or self._catalogue.loaded_at < moment:
            await asyncio.sleep(self._rhythm.read)
        return self._catalogue

    async def _told(self, found: list[reader.Wanted]) -> tuple[set[str], dict[policy.Told, int]]:
        if not found:
            return set(), {}
        known = await self._blocking(self._ledger.known, [one.key for one in found])
        once = [one for one in found if one.hook.terms.again != "always"]
        if not once:
            return known, {}
        sites, hooks = [one.hook.site_id for one in once], [one.hook.hook_id for one in once]
        people = [one.transition.person_id for one in once]
        return known, await self._blocking(self._ledger.told, sites, hooks, people)

    def _begin(self, hook: Hook, delivery: Delivery) -> None:
        if delivery.status == "skipped":
            self._metrics.deliveries.labels("skipped").inc()
            self._outbox.note(delivery)
        elif delivery.next_attempt_at > self._clock():
            self._outbox.note(delivery)
        else:
            self._lanes.offer(hook, delivery)

    def _tell_of(self, batch: reader.Batch, now: int) -> None:
        if batch.transitions:
            self._metrics.dispatch_lag.set(max(now - min(one.at for _, one in batch.transitions), 0) / 1000)
        if batch.unreadable:
            self._metrics.unreadable.inc(batch.unreadable)
            _LOG.warning("%d lines of the log of transitions cannot be read and are left out", batch.unreadable)
        if batch.lost:
            _LOG.warning(
                "the log of transitions is not there any more where it was read last: partitions %s", batch.lost
            )

    async def _take_due(self) -> bool:
        """Take up from the ledger what is due. True if there may be more."""
        catalogue, partitions, now = self._catalogue, self.partitions, self._clock()
        if catalogue is None or not partitions:
            return False
        hooks = [hook_id for hook_id, hook in catalogue.hooks.items() if self._lanes.has_room(hook)]
        due = await self._blocking(self._ledger.due, hooks, partitions, now, 2 * MOST_QUEUED)
        wanted = [one for one in due if not self._outbox.is_busy(one[1:])]
        for first in range(0, len(wanted), MOST_QUEUED):
            found = await self._blocking(self._ledger.deliveries, wanted[first : first + MOST_QUEUED])
            checks = await self._checked([one for one in found if one.recheck and not one.attempts])
            for delivery in found:
                hook = catalogue.hooks.get(delivery.hook_id)
                erased = catalogue.is_erased(delivery.site_id, delivery.member_id, delivery.visitor_id, delivery.at)
                is_due = (
                    delivery.status == "waiting" and delivery.next_attempt_at <= now
                )  # it was tried meanwhile, perhaps
                if hook is not None and is_due and not erased and not self._outbox.is_stale(delivery):
                    self._take(hook, delivery, checks.get(delivery.webhook_id, "true"))
        return False

    def _take(self, hook: Hook, delivery: Delivery, check: Check) -> None:
        now = self._clock()
        if check == "unknown" and now < delivery.at + hook.terms.delay_seconds * 1000 + PATIENCE_MS:
            delivery.next_attempt_at = now + 1_000
            self._outbox.note(delivery)
        elif check != "true":
            entered = delivery.type == "segment.entered"
            delivery.status, delivery.changed_at = "skipped", now
            delivery.reason = policy.LEFT if entered else policy.RETURNED
            told = (delivery.hook_id, delivery.segment_id, delivery.person_id, delivery.type)
            self._outbox.told.pop(told, None)
            self._begin(hook, delivery)
        elif self._lanes.has_room(hook):
            self._lanes.offer(hook, delivery)

    async def _checked(self, deliveries: list[Delivery]) -> dict[str, Check]:
        """By webhook id whether it is true still: who entered is in it, who left is not."""
        found: dict[str, Check] = {}
        for site_id in {one.site_id for one in deliveries}:
            of_site = [one for one in deliveries if one.site_id == site_id]
            people = {(one.member_id, one.visitor_id) for one in of_site}
            now_in = await self._blocking(self._ledger.in_segments, site_id, people)
            for one in of_site:
                membership = now_in[one.member_id, one.visitor_id]
                if membership.judged_at < one.at:
                    found[one.webhook_id] = "unknown"  # the flow has yet to write what the transition made of him
                else:
                    is_in = one.segment_id in membership.segments
                    found[one.webhook_id] = "true" if is_in == (one.type == "segment.entered") else "false"
        return found

    async def _write(self) -> bool:
        assert self._writing is not None
        async with self._writing:
            await self._outbox.write(self._ledger, self._clock(), self._blocking)
        return False

    async def _count(self) -> bool:
        self._metrics.waiting.set(await self._blocking(self._ledger.waiting))
        return False

    # -- the ends of things

    def _refused(self, hook: Hook) -> None:
        task = asyncio.create_task(self._disable(hook))
        self._refusals.add(task)
        task.add_done_callback(self._refusals.discard)

    async def _disable(self, hook: Hook) -> None:
        """A receiver wants no more: its hook is off until somebody turns it on, and what waits has failed."""
        about = (hook.site_id, hook.hook_id)
        while True:
            try:
                await self._blocking(disable_hook, self._store, *about, GONE, self._clock())
                await self._write()
                change = partial(self._ledger.change, from_status="waiting")
                await self._blocking(change, *about, "failed", policy.DISABLED, self._clock())
                return
            except StoreUnavailable:
                await asyncio.sleep(self._rhythm.away)

    async def _leave(self) -> None:
        try:
            await self._write()
            await self._blocking(self._ledger.beat, self.process_id, self._beats + 1, False)
        except StoreUnavailable:
            _LOG.warning("ClickHouse is away: what was sent last is sent again")

"""One question that somebody watches: looked at once for all who do, by two tasks that live while there are viewers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

from api.asked import Asked
from api.context import Context
from api.problems import ProblemError
from api.stream.applied import Applied
from api.stream.counting import Counted, count
from api.stream.looking import Found, look
from api.stream.memory import Memory
from api.stream.position import Position
from api.stream.shapes import Counters, Message, reset
from api.stream.topic import Topic
from api.stream.viewer import Viewer
from sql.store import StoreUnavailable

LOOK_S = 0.3
"""Between the beginnings of two looks for who changed, seconds; slow looks are a third of the time."""

COUNT_S = 2.0
"""Between the beginnings of two counts, seconds; slow counts are a tenth of the time."""

FRESH_S = 10.0
"""So often counters that say the same are told all the same: they are of a later moment."""

AWAY_S, MISTAKE_S = 1.0, 10.0
"""Pauses after ClickHouse was away, and after a mistake."""

_LOG = logging.getLogger("sonnim.api")
_MOMENT = {"as_of", "age_seconds"}
Answer = TypeVar("Answer")


class Channel:
    """Tells its viewers. All but the looking itself is done in the loop's thread, so that nobody joins in the middle of a telling.

    A channel without viewers is at rest: no task runs. It goes on where it stopped when one comes.
    """

    def __init__(self, context: Context, topic: Topic, applied: Applied, threads: anyio.CapacityLimiter) -> None:
        self.topic = topic
        self.viewers: dict[Viewer, asyncio.Task[None] | None] = {}  # with the task that reads what he missed
        self._context, self._applied, self._threads = context, applied, threads
        self._memory = Memory()
        self._position: Position | None = None
        self._ready = asyncio.Event()  # there is a position
        self._asked: Asked | None = None
        self._counted: Counted | None = None
        self._said: Counters | None = None  # what viewers know, if somebody watches
        self._said_at = 0.0  # the loop's time
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, viewer: Viewer, asked: Asked) -> None:
        """One more viewer. `asked`: the segment as his request found it."""
        if not self.viewers:
            self._asked = asked
        self.viewers[viewer] = None
        if len(self.viewers) == 1:
            self._tasks = [asyncio.create_task(self._look_on()), asyncio.create_task(self._count_on())]
        if self._said is not None:
            viewer.tell(self._message(self._said))
        if viewer.after is not None:
            self.viewers[viewer] = asyncio.create_task(self._catch_up(viewer, viewer.after))

    def leave(self, viewer: Viewer) -> list[asyncio.Task[None]]:
        """One less. Returns tasks that were told to end: a query that is under way is waited for."""
        ending = [task for task in [self.viewers.pop(viewer, None)] if task is not None]
        if not self.viewers:
            ending += self._tasks
            self._tasks, self._said = [], None
        for task in ending:
            task.cancel()
        return ending

    def end(self) -> None:
        """End the streams of all viewers."""
        for viewer in self.viewers:
            viewer.end()

    async def _look_on(self) -> None:
        if self._position is None:
            await self._keep_on(self._begin, LOOK_S, 1, until=self._ready.is_set)
        await self._keep_on(self._look, LOOK_S, 3)

    async def _count_on(self) -> None:
        await self._ready.wait()
        await self._keep_on(self._count, COUNT_S, 10)

    async def _begin(self) -> None:
        self._position = await self._in_thread(self._applied_now)
        self._ready.set()

    async def _look(self) -> None:
        asked, after = self._asked, self._position
        assert asked is not None
        assert after is not None
        found = await self._in_thread(lambda: self._found(asked, after, self._applied_now()))
        self._memory.note(found.rows, found.present, found.gone, found.position)
        self._position = found.position
        if found.message is not None:
            self._tell(found.message)

    async def _count(self) -> None:
        try:
            counted = await self._in_thread(lambda: count(self._context, self.topic))
        except StoreUnavailable:
            if self._counted is not None:
                self._say(self._counted.aged(self._context.clock()))
            raise
        except ProblemError:  # the segment is deleted: who comes again is told so
            self.end()
            return
        before, self._counted, self._asked = self._counted, counted, counted.asked
        if before is not None and _other_people(before, counted):
            self._memory.forget_absent()
            self._tell(reset(self._position))
        self._say(counted.counters)

    async def _catch_up(self, viewer: Viewer, after: Position) -> None:
        await self._ready.wait()
        upto = self._position  # what comes later is told to all, and waits for him
        assert upto is not None

        async def missed() -> None:
            asked = self._asked
            assert asked is not None
            found = await self._in_thread(lambda: self._missed(asked, after, upto))
            viewer.resume(found.message if found is not None else reset(upto))

        await self._keep_on(missed, AWAY_S, 1, until=lambda: viewer.after is None)

    def _missed(self, asked: Asked, after: Position, upto: Position) -> Found | None:
        """What was to be told between two positions; None if it cannot be told any more. In a thread."""
        if not self._applied_now().reachable_from(after):
            return None
        found = self._found(asked, after, upto, again=True)
        return found if found.whole else None

    def _found(self, asked: Asked, after: Position, upto: Position, *, again: bool = False) -> Found:
        return look(self._context, self.topic, asked, self._memory, after, upto, again=again)

    def _applied_now(self) -> Position:
        return self._applied.read(self._context.clock())

    async def _keep_on(
        self,
        work: Callable[[], Awaitable[None]],
        every: float,
        share: int,
        *,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Do it again and again, `every` so many seconds, for at most one part in `share` of the time, whatever fails."""
        loop = asyncio.get_running_loop()
        while True:
            began, pause = loop.time(), None
            try:
                await work()
            except StoreUnavailable:
                pause = AWAY_S
            except Exception:
                _LOG.exception("a stream of Live cannot be told")
                pause = MISTAKE_S
            if until():
                return
            took = loop.time() - began
            await asyncio.sleep(max(every - took, took * (share - 1)) if pause is None else pause)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await run_sync(work, limiter=self._threads)

    def _say(self, counters: Counters) -> None:
        now, said = asyncio.get_running_loop().time(), self._said
        same = said is not None and said.model_dump(exclude=_MOMENT) == counters.model_dump(exclude=_MOMENT)
        if not same or now - self._said_at >= FRESH_S:
            self._said, self._said_at = counters, now
            self._tell(self._message(counters))

    def _message(self, counters: Counters) -> Message:
        return Message("counters", counters.model_dump_json(), self._position)

    def _tell(self, message: Message) -> None:
        for viewer in self.viewers:
            viewer.tell(message)


def _other_people(before: Counted, now: Counted) -> bool:
    """Whether others are meant than before, or some were erased: then the list has to be asked for again."""
    old, new = before.asked.segment, now.asked.segment
    edited = old is not None and new is not None and old.version != new.version
    return edited or before.erased != now.erased

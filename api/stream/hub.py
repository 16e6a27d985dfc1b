"""All streams of a process: who watches what, how many, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import anyio
from starlette.concurrency import run_in_threadpool

from api.asked import Asked
from api.context import Context
from api.problems import ProblemError
from api.stream.applied import Applied
from api.stream.channel import Channel
from api.stream.position import read_position
from api.stream.shapes import Message, reset
from api.stream.topic import Topic
from api.stream.viewer import Viewer
from sql.store import StoreUnavailable

REST_S = 30.0
"""So long a channel that nobody watches remembers what it told, for those who come again at once."""

ALLOWED_S = 3.0
"""So often it is asked whether a viewer may still watch: his role, session or key may be taken."""

THREADS = 8
"""So many queries of streams at once: they leave threads to the other calls."""


class Watching(NamedTuple):
    """A viewer and what he watches."""

    viewer: Viewer
    channel: Channel


class Streams:
    """Channels by topic. All calls in the loop's thread; nothing runs while nobody watches."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._applied = Applied(context.store)
        self._channels: dict[Topic, Channel] = {}
        self._resting: dict[Topic, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._threads: anyio.CapacityLimiter | None = None
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many watch."""
        return sum(len(channel.viewers) for channel in self._channels.values())

    @property
    def channels(self) -> int:
        """How many questions are kept: watched, or left a moment ago."""
        return len(self._channels)

    def join(self, topic: Topic, asked: Asked, last_id: str | None) -> Watching:
        """One more viewer, who was told everything up to the event `last_id`. Raises `ProblemError` 503 if there are too many."""
        settings = self._context.settings
        if self._closed or self.viewers >= settings.stream_viewers:
            raise ProblemError(
                503,
                "too_many_viewers",
                "As many watch as this process can tell. Try again in a moment.",
                headers={"Retry-After": str(settings.retry_after_seconds)},
            )
        after = read_position(last_id) if last_id else None
        viewer = Viewer(after)
        if last_id and after is None:
            viewer.tell(reset(None))
        channel = self._channel(topic)
        channel.join(viewer, asked)
        self._note()
        return Watching(viewer, channel)

    def leave(self, watching: Watching) -> None:
        """A viewer has gone."""
        viewer, channel = watching
        for task in channel.leave(viewer):
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        if not channel.viewers and self._channels.get(channel.topic) is channel:
            if self._closed:
                del self._channels[channel.topic]
            else:
                later = asyncio.get_running_loop().call_later(REST_S, self._forget, channel.topic)
                self._resting[channel.topic] = later
        self._note()

    async def messages(self, watching: Watching, allowed: Callable[[], object]) -> AsyncIterator[Message]:
        """What is told a viewer, until he has watched long enough, or `allowed` raises `ProblemError`: he may not any more."""
        loop, viewer = asyncio.get_running_loop(), watching.viewer
        until = loop.time() + self._context.settings.stream_seconds
        while not viewer.ended and loop.time() < until:
            asking = min(until, loop.time() + ALLOWED_S)
            while (message := await viewer.next(asking)) is not None:
                yield message
            try:
                await run_in_threadpool(allowed)
            except StoreUnavailable:
                continue  # nobody can say; it is asked again
            except ProblemError:
                return

    def close(self) -> None:
        """End all streams, and let nobody in any more: the server stops."""
        self._closed = True
        for channel in self._channels.values():
            channel.end()
        for handle in self._resting.values():
            handle.cancel()
        self._resting.clear()

    async def settle(self) -> None:
        """Wait for what was told to end."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _channel(self, topic: Topic) -> Channel:
        resting = self._resting.pop(topic, None)
        if resting is not None:
            resting.cancel()
        channel = self._channels.get(topic)
        if channel is None:
            self._threads = self._threads or anyio.CapacityLimiter(THREADS)
            channel = self._channels[topic] = Channel(self._context, topic, self._applied, self._threads)
        return channel

    def _forget(self, topic: Topic) -> None:
        self._resting.pop(topic, None)
        self._channels.pop(topic, None)

    def _note(self) -> None:
        self._context.metrics.viewers.set(self.viewers)

"""One who watches: what is to be told him, bounded, and how his stream ends."""

from __future__ import annotations

import asyncio
from collections import deque

from api.stream.position import Position
from api.stream.shapes import Message, reset

WAITING = 32
"""So many messages wait for a viewer; with more he is told to ask for the list again."""


class Viewer:
    """Messages for one connection. All calls in the loop's thread.

    `after`: what he was told by an earlier connection. As long as it is not None nothing is told him: what he missed comes first.
    """

    def __init__(self, after: Position | None = None) -> None:
        self.after = after
        self.ended = False
        self._waiting: deque[Message] = deque()
        self._something = asyncio.Event()

    def tell(self, message: Message) -> None:
        """Have a message told. Nobody waits for a slow viewer: what he has not taken is dropped, and he is told so."""
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            message = reset(message.position)
        self._waiting.append(message)
        self._something.set()

    def resume(self, missed: Message | None) -> None:
        """Tell what he missed, and then what waits already. A `reset` makes up for all of it but the figures."""
        self.after = None
        if missed is not None:
            self._waiting.appendleft(missed)
        self._something.set()

    def end(self) -> None:
        """End the stream, at once."""
        self.ended = True
        self._something.set()

    async def next(self, until: float) -> Message | None:
        """The next message; None at the end, or at `until` (the loop's time)."""
        loop = asyncio.get_running_loop()
        while not self.ended and loop.time() < until:
            if self._waiting and self.after is None:
                return self._waiting.popleft()
            self._something.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._something.wait()
            except TimeoutError:
                return None
        return None

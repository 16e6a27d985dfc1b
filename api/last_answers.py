"""The last answer to a question, for the while ClickHouse is away: it says how old it is, and that it is stale."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

from pydantic import BaseModel

from api.schemas import Fresh
from sql.store import StoreUnavailable

REMEMBERED = 500
BELIEVED_MS = 15 * 60_000
"""An older answer is none any more."""

Answer = TypeVar("Answer", bound=Fresh)
Question = tuple[str, str, str]  # site, what was asked, and how, as JSON


def question(site_id: str, what: str, how: BaseModel | None = None) -> Question:
    """What an answer is known by. Of one site: no other site's question is equal."""
    return site_id, what, how.model_dump_json() if how is not None else ""


class LastAnswers:
    """The REMEMBERED questions asked last. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Question, tuple[Fresh, int]] = OrderedDict()

    def answer(self, asked: Question, now: int, ask: Callable[[], Answer]) -> Answer:
        """`ask()`; while ClickHouse is away what it returned last, marked stale. `now`: epoch ms.

        Raises `StoreUnavailable` if this was never asked before, or too long ago.
        """
        try:
            found = ask()
        except StoreUnavailable:
            with self._lock:
                known, at = self._known.get(asked, (None, 0))
            if known is None or now - at > BELIEVED_MS:
                raise
            age = None if known.age_seconds is None else known.age_seconds + max(0, now - at) / 1000
            return cast(Answer, known.model_copy(update={"stale": True, "age_seconds": age}))
        with self._lock:
            self._known[asked] = found, now
            self._known.move_to_end(asked)
            while len(self._known) > REMEMBERED or now - next(iter(self._known.values()))[1] > BELIEVED_MS:
                self._known.popitem(last=False)
        return found

    def forget(self, site_id: str) -> None:
        """Forget the answers of a site: somebody they may tell of is erased."""
        with self._lock:
            for asked in [asked for asked in self._known if asked[0] == site_id]:
                del self._known[asked]

"""What the routes stand on, built once by `create_app` and handed to each request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from api.declared import DeclaredTraits
from api.freshness import FreshnessReader
from api.keyring import Keyring
from api.last_answers import LastAnswers
from api.metrics import Metrics
from api.settings import ApiSettings
from ingest.log import EventLog
from sql.store import Store


@dataclass(frozen=True)
class Context:
    """`clock` returns epoch milliseconds; nothing else in the API knows the time."""

    store: Store
    log: EventLog
    clock: Callable[[], int]
    settings: ApiSettings
    keyring: Keyring
    traits: DeclaredTraits
    freshness: FreshnessReader
    metrics: Metrics
    last: LastAnswers = field(default_factory=LastAnswers)
    editing: threading.Lock = field(default_factory=threading.Lock)  # one edit of a segment at a time


def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


Here = Annotated[Context, Depends(_context)]

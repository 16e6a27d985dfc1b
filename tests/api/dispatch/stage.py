"""A site with hooks, a log of transitions in files, and processes that send: each a `Dispatcher` of its own."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.dispatch.addresses import networks
from api.dispatch.delivery import Delivery, delivery_of
from api.dispatch.dispatcher import Dispatcher, Rhythm
from api.dispatch.signing import new_secret
from api.metrics import Metrics
from api.times import LATEST
from flows.writer import partition_of
from ingest.log import FileLog
from sql.hooks import Hook, HookTerms, create_hook, get_hook
from sql.segments import create_segment
from sql.sites import add_site
from sql.store import Store
from tests.api.conftest import MINUTE, NOW, Clock
from tests.api.dispatch.receiver import Receiver

QUICK = Rhythm(catalogue=0.05, due=0.05, write=0.05, beat=0.1, lease=1.5, away=0.05, waiting=0.2, stop=0.3)
LOCAL = networks("127.0.0.0/8")
EVENTS = ("segment.entered", "segment.exited")
PARTITIONS = 4


class Stage:
    """Hooks are as old as a minute: they are told of everything that happens at `clock.now`."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.directory = store, directory
        self.clock = Clock()
        self.site_id = f"s{uuid.uuid4().hex[:10]}"
        add_site(store, self.site_id, "Shop", "KRW", "Asia/Seoul", NOW)
        self.segment_id = self.segment()
        self.log = FileLog(directory, PARTITIONS)
        self.metrics = Metrics()
        self.count = 0
        self.dispatchers: list[Dispatcher] = []
        self.receivers: list[Receiver] = []

    def close(self) -> None:
        for dispatcher in self.dispatchers:
            dispatcher.stop()
        for receiver in self.receivers:
            receiver.close()
        self.log.close()

    def segment(self) -> str:
        expression = {"field": "visits", "op": ">=", "value": 1}
        return create_segment(self.store, self.site_id, "Segment", expression, NOW - MINUTE).segment_id

    def receiver(self, *arguments: Any, **more: Any) -> Receiver:
        self.receivers.append(Receiver(*arguments, **more))
        return self.receivers[-1]

    def hook(self, receiver: Receiver | str, events: tuple[str, ...] = EVENTS, **terms: Any) -> Hook:
        url = receiver if isinstance(receiver, str) else receiver.url
        return create_hook(self.store, self.site_id, HookTerms(url, events, **terms), new_secret(), NOW - MINUTE)

    def dispatcher(
        self, store: Store | None = None, log: Any = None, rhythm: Rhythm = QUICK, **more: Any
    ) -> Dispatcher:
        """One that runs."""
        made = Dispatcher(
            store or self.store, log or self.log, self.clock, self.metrics, rhythm=rhythm, **{"allowed": LOCAL, **more}
        )
        made.start()
        self.dispatchers.append(made)
        return made

    def line(self, person: str = "", type: str = "entered", **more: Any) -> dict[str, Any]:
        """A transition; `person` a member id, or a new one."""
        self.count += 1
        member = person or f"m{self.count}"
        return {
            "id": f"tr_{self.count:032x}", "type": type, "site_id": self.site_id, "segment_id": self.segment_id, "segment_version": 1,
            "person_id": f"member:{member}", "member_id": member, "visitor_id": "", "entry": 1, "at": self.clock.now,
            "since": self.clock.now, "reason": "event", "fires": True, **more,
        }  # fmt: skip

    def append(self, *lines: dict[str, Any] | bytes) -> None:
        records = []
        for line in lines:
            text = line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
            key = "" if isinstance(line, bytes) else f"{line['site_id']}/{line['member_id'] or line['visitor_id']}"
            records.append((partition_of(key, PARTITIONS), text))
        self.log.append(records)

    def happen(self, count: int = 1, **more: Any) -> list[dict[str, Any]]:
        """So many transitions of different people, in the log."""
        lines = [self.line(**more) for _ in range(count)]
        self.append(*lines)
        return lines

    def deliveries(self, hook: Hook) -> list[Delivery]:
        """The ledger of a hook, in order of transition."""
        about = {"site_id": hook.site_id, "hook_id": hook.hook_id, "status": "", "webhook_id": ""}
        page = {"after": LATEST, "after_id": "", "size": 100_000}
        found = [delivery_of(row) for row in self.store.rows("deliveries", {**about, **page})]
        return sorted(found, key=lambda one: one.transition_id)

    def statuses(self, hook: Hook) -> list[str]:
        return [one.status for one in self.deliveries(hook)]

    def now(self, hook: Hook) -> Hook:
        found = get_hook(self.store, hook.site_id, hook.hook_id)
        assert found is not None
        return found


def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)

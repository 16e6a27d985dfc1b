"""A site with an API, a log in files and a scripted flow, and what of a person can be found anywhere in it."""

from __future__ import annotations

import json
import re
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api.app import create_app
from api.settings import ApiSettings
from flows.visitors.seen import key_hashes
from flows.writer import partition_of
from ingest.log import FileLog
from sql.keys import create_key
from sql.sites import add_site
from sql.store import Store
from tests.api.client import Client
from tests.api.conftest import MINUTE, NOW, Clock
from tests.api.visitors import Visit, Visitor, insert_rows, person, row_of
from tests.erasure.scripted_flow import ScriptedFlow

SECRET = b"of this installation"
PARTITIONS = 4


def hash_of(key: str) -> int:
    return int(key_hashes([key])[0])


class Shop:
    """One site. Rows are written by the test, events go through the log."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.directory = store, directory
        self.site_id = f"s{uuid.uuid4().hex[:10]}"
        add_site(store, self.site_id, "Shop", "KRW", "Asia/Seoul", NOW)
        key, _ = create_key(store, self.site_id, "secret", NOW)
        self.reads = {"Authorization": f"Bearer {key}"}
        self.clock = Clock()
        self.log = FileLog(directory, PARTITIONS)
        self.transitions = FileLog(directory / "transitions", PARTITIONS)
        self.flow = ScriptedFlow(store, self.log)
        self.client: Client | None = None
        self._waiting: list[tuple[int, bytes]] = []
        self.start()

    def start(self) -> None:
        """Another process of the API, in the place of the one before."""
        if self.client is not None:
            self.client.close()
        settings = ApiSettings(address_secret=SECRET)
        self.app = create_app(self.store, self.log, self.clock, settings, transitions=self.transitions)
        self.client = Client(self.app)
        self.eraser = self.app.state.eraser

    def close(self) -> None:
        self.client.close()
        self.log.close()
        self.transitions.close()

    # -- what happens in the shop

    def event(self, visitor_id: str, event_id: str, at: int = NOW - MINUTE, **more: Any) -> None:
        """An event, in the log."""
        self.told(visitor_id, event_id, at, **more)
        self.send()

    def told(self, visitor_id: str, event_id: str, at: int, **more: Any) -> None:
        """An event that waits for `send`."""
        told = {
            "site_id": self.site_id, "visitor_id": visitor_id, "event_id": event_id, "name": "page_view",
            "occurred_at": at, "received_at": at, **more,
        }  # fmt: skip
        key = f"{self.site_id}/{visitor_id}"
        self._waiting.append((partition_of(key, PARTITIONS), json.dumps(told, ensure_ascii=False).encode()))

    def send(self) -> None:
        """What waits goes into the log."""
        self.log.append(self._waiting)
        self._waiting = []

    def record(self, key: str, kind: str, payload: dict[str, Any], **more: Any) -> None:
        """A record between shards, or a rejection, in the log."""
        line = {"kind": kind, "site_id": self.site_id, "payload": json.dumps(payload, ensure_ascii=False), **more}
        number = partition_of((key and f"{self.site_id}/{key}") or self.site_id, PARTITIONS)
        self.log.append([(number, json.dumps(line, ensure_ascii=False).encode())])

    def rejected(self, event: Any, at: int = NOW - MINUTE) -> None:
        """Something that the door refused."""
        text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        told = {"reason": "too_late", "detail": "", "event": text}
        self.record("", "rejected", told, received_at=at)

    def order(self, transaction_id: str, *copies: tuple[str, int]) -> None:
        """An order of copies (visitor, time), its row and the facts in the log."""
        facts = [
            {
                "site_id": self.site_id, "visitor_id": visitor, "event_id": f"{transaction_id}-{n}", "name": "purchase",
                "occurred_at": at, "transaction_id": transaction_id, "value": 1000, "items": [],
            }
            for n, (visitor, at) in enumerate(copies)
        ]  # fmt: skip
        key = f"{self.site_id}/{transaction_id}"
        number = partition_of(key, PARTITIONS)
        for fact in facts:
            line = {"kind": "order_fact", "site_id": self.site_id, "payload": json.dumps(fact)}
            self.log.append([(number, json.dumps(line).encode())])
        for version in range(1, len(facts) + 1):
            row = {
                "site_id": self.site_id, "transaction_id": transaction_id, "shard": number, "version": version,
                "visitor_id": copies[0][0], "key_hash": hash_of(key), "facts": json.dumps(facts[:version]),
            }  # fmt: skip
            insert_rows(self.store, "orders", [row])
        for n, (visitor, at) in enumerate(copies):
            self.event(visitor, f"{transaction_id}-{n}", at, name="purchase", transaction_id=transaction_id)

    def stint(
        self,
        visitor_id: str,
        member_id: str = "",
        begin: int = 0,
        *,
        seen: int = NOW - MINUTE,
        version: int = 1,
        **columns: Any,
    ) -> None:
        """A row of `visitors`, and an older version of it."""
        key = f"{self.site_id}/{visitor_id}"
        told = {
            "stint_start": begin,
            "member_id": member_id,
            "shard": partition_of(key, PARTITIONS),
            "key_hash": hash_of(key),
        }
        for number in (max(version - 1, 0), version):
            visit = Visit(max(begin, seen - MINUTE), seen)
            row = row_of(self.site_id, Visitor(visitor_id, [visit], version=number, columns={**told, **columns}))
            insert_rows(self.store, "visitors", [row])

    def member(self, member_id: str, *devices: str, version: int = 1, begin: int = 0) -> None:
        """The row of a member's person, with stints on devices that are written already."""
        key = f"{self.site_id}/{member_id}"
        parts = [(visitor_id, begin, NOW - MINUTE) for visitor_id in devices]
        told = {"shard": partition_of(key, PARTITIONS), "key_hash": hash_of(key), "part_version": [1] * len(devices)}
        one = person(member_id, [Visit(NOW - 2 * MINUTE, NOW - MINUTE)], parts, version=version, columns=told)
        insert_rows(self.store, "visitors", [row_of(self.site_id, one)])
        for visitor_id in devices:
            told = {"site_id": self.site_id, "member_id": member_id, "visitor_id": visitor_id, "row": {}}
            self.record(member_id, "part", told)

    def tell(self, member_id: str, **told: Any) -> None:
        """What was told of a member, in the log."""
        payload = {"site_id": self.site_id, "member_id": member_id, "as_of": NOW - MINUTE, "told": told}
        self.record(member_id, "member", payload, received_at=NOW - MINUTE)

    # -- erasing

    def erase(self, person_id: str) -> dict[str, Any]:
        """Ask for it."""
        answer = self.client.delete(f"/v1/people/{quote(person_id, safe='')}", headers=self.reads)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def receipt(self, receipt_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/v1/erasures/{receipt_id}", headers=self.reads)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def finish(self, receipt_id: str, until: str = "done") -> dict[str, Any]:
        """Let flow and API work until the receipt says so."""
        for _ in range(1_200):
            self.flow.run()
            self.eraser.turn()
            told = self.receipt(receipt_id)
            if told["state"] in (until, "done"):
                return told
            if told["state"] == "settling":
                self.clock.now += 10_000
                time.sleep(0.05)
        raise AssertionError(told)

    def gone(self, person_id: str, until: str = "settling") -> dict[str, Any]:
        """Erase somebody, until everything is deleted (`settling`) and its files have left the disk (`done`)."""
        return self.finish(self.erase(person_id)["receipt_id"], until)

    # -- what is left

    def found(self, *ids: str) -> list[str]:
        """Where these ids stand: tables, without FINAL, and lines of the log."""
        self.flow.run()
        places = []
        for name in self.tables():
            for row in self.rows(name):
                places += [f"{name}: {row}" for one in ids if _stands(one, row)]
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                lines = path.read_bytes().split(b"\n")
                places += [
                    f"{path.name}: {line!r}"
                    for line in lines
                    for one in ids
                    if _stands(one, line.decode(errors="replace"))
                ]
        return places

    def lines(self, *ids: str) -> list[str]:
        """Lines of the log that hold these ids."""
        return [place for place in self.found(*ids) if ".log: " in place]

    def tables(self) -> list[str]:
        sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View'"
        return [row["name"] for row in self.store.rows_of(sql)]

    def rows(self, table: str, *, final: bool = False) -> list[str]:
        """Every row of a table as JSON text."""
        rows = self.store.arrow_of(f"SELECT * FROM {table}{' FINAL' if final else ''}").to_pylist()
        return [json.dumps(row, default=str, ensure_ascii=False) for row in rows]


def _stands(name: str, text: str) -> bool:
    escaped = {json.dumps(name, ensure_ascii=only)[1:-1] for only in (True, False)}
    twice = {json.dumps(one, ensure_ascii=False)[1:-1] for one in escaped}
    forms = {
        name,
        *escaped,
        *twice,
        *(json.dumps(one, ensure_ascii=False)[1:-1] for one in twice),
        quote(name, safe=""),
    }
    return any(re.search(f"(?<![A-Za-z0-9_]){re.escape(form)}(?![A-Za-z0-9_])", text) for form in forms)

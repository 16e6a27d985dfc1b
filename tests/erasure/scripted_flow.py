"""The flow's part in an erasure, played by the script: events are written down, what erase records name becomes empty."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from flows.decode import decode
from flows.erasure import OPEN, order_of, person_of, visitor_of
from flows.flush import Kept, event_rows
from flows.members import member_of, member_rows
from ingest.log import FileLog
from sql.store import Store
from tests.api.visitors import insert_rows

NEWEST = """
    SELECT * EXCEPT (version, gone), toUnixTimestamp64Milli(stint_start) AS begin
    FROM visitors FINAL
    WHERE site_id = {site:String} AND visitor_id = {visitor:String} AND person = {person:String} AND NOT gone
"""


class ScriptedFlow:
    """Reads the log of a site whose rows the test has written. `stopped` makes it stand still."""

    def __init__(self, store: Store, log: FileLog) -> None:
        self.store, self.log = store, log
        self.stopped = False
        self.read = [0] * log.partitions
        self.erased: list[tuple[int, int, str]] = []

    def run(self) -> None:
        """Everything that the log holds, and what that puts into the log."""
        while not self.stopped and sum(self._step(number) for number in range(self.log.partitions)):
            pass

    def _step(self, number: int) -> bool:
        block = self.log.read(number, self.read[number], 1 << 20)
        if not len(block.offsets):
            return False
        decoded = decode(block.lines, block.offsets)
        if len(decoded.events):
            keep = np.ones(len(decoded.offsets), np.bool_)
            keys = decoded.offsets.astype(np.uint64)
            rows = event_rows(Kept(decoded.events, number, decoded.offsets, keys, keep).rows())
            self.store.insert("events", rows)
        for record in decoded.internal:
            self._apply(number, record)
        at = pa.array([0]).cast(pa.timestamp("ms", "UTC"))
        commit = {
            "partition": pa.array([number], pa.uint16()),
            "from_offset": pa.array([self.read[number]], pa.uint64()),
        }
        self.read[number] = block.next_offset
        self.store.insert(
            "commits", pa.table({**commit, "to_offset": pa.array([block.next_offset], pa.uint64()), "at": at})
        )
        return True

    def _apply(self, number: int, record: Any) -> None:
        if record.kind == "rejected":
            told = json.loads(record.payload)
            row = {"site_id": record.site_id, "received_at": record.received_at, "shard": number, **told}
            insert_rows(self.store, "rejected_events", [{**row, "log_offset": record.offset}])
            return
        if record.kind == "member":
            told = member_of(record.payload, record.offset, record.received_at)
            self.store.insert("member_data", member_rows([told], number))
            return
        self.erased.append((number, record.offset, record.kind))
        if record.kind == "erase_visitor":
            it = visitor_of(record.payload)
            self._empty(number, record.offset, it.site_id, it.visitor_id, "", it.member_id, it.begin, it.until)
        elif record.kind == "erase_person":
            person = person_of(record.payload)
            self._empty(number, record.offset, person.site_id, "", person.member_id, person.member_id, 0, OPEN)
        elif record.kind == "erase_order":
            order = order_of(record.payload)
            about = {"site": order.site_id, "id": order.transaction_id}
            sql = "SELECT key_hash, facts FROM orders FINAL WHERE site_id = {site:String} AND transaction_id = {id:String}"
            for row in self.store.rows_of(sql, about):
                facts = [fact for fact in json.loads(row["facts"]) if not order.concerns(fact)]
                insert_rows(
                    self.store,
                    "orders",
                    [
                        {
                            "site_id": order.site_id, "transaction_id": order.transaction_id, "shard": number,
                            "version": record.offset, "visitor_id": facts[0]["visitor_id"] if facts else "",
                            "key_hash": row["key_hash"], "facts": json.dumps(facts),
                        }
                    ],
                )  # fmt: skip

    def _empty(
        self, number: int, offset: int, site: str, visitor: str, person: str, member: str, begin: int, until: int
    ) -> None:
        for row in self.store.rows_of(NEWEST, {"site": site, "visitor": visitor, "person": person}):
            if row["member_id"] == member and begin <= row["begin"] < until:
                gone = {"stint_start": row["begin"], "gone": True, "shard": number, "version": offset}
                named = {"site_id": site, "visitor_id": visitor, "person": person, "member_id": ""}
                insert_rows(self.store, "visitors", [{**named, **gone, "key_hash": row["key_hash"]}])

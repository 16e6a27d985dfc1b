"""The ledger in ClickHouse, positions in the log, and who shares it. All calls raise StoreUnavailable and StoreError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from api.dispatch.delivery import Delivery, delivery_of, table_of
from api.dispatch.policy import Told
from api.people import in_parts
from sql.store import Store


@dataclass(frozen=True)
class Membership:
    """Segments somebody is in, as he was judged at `judged_at` (epoch ms; 0: never)."""

    segments: frozenset[str] = frozenset()
    judged_at: int = 0

    @staticmethod
    def of(row: dict[str, Any]) -> Membership:
        """As his row has it."""
        return Membership(frozenset(row["in_segments"]), row["judged_at"])

    def __or__(self, other: Membership) -> Membership:
        return Membership(self.segments | other.segments, max(self.judged_at, other.judged_at))


_NOBODY = Membership()


class Ledger:
    """Safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, deliveries: Sequence[tuple[str, str, str]]) -> set[str]:
        """Webhook ids that stand in the ledger, of some (site, hook, webhook id)."""
        return {row["webhook_id"] for row in self._asked("dispatch_known", deliveries)}

    def told(self, sites: Iterable[str], hooks: Iterable[str], people: Iterable[str]) -> dict[Told, int]:
        """When (epoch ms) each last happened of what the hooks were told, or are about to be told, of these people."""
        about = {"site_ids": sorted(set(sites)), "hook_ids": sorted(set(hooks))}
        return {
            (row["hook_id"], row["segment_id"], row["person_id"], row["type"]): row["told_at"]
            for part in in_parts(sorted(set(people)))
            for row in self._store.rows("dispatch_told", {**about, "people": part})
        }

    def due(self, hooks: Sequence[str], partitions: Sequence[int], now: int, most: int) -> list[tuple[str, str, str]]:
        """(site, hook, webhook id) of those that wait and are due, in that order; up to `most` a hook."""
        if not hooks or not partitions:
            return []
        about = {"hook_ids": list(hooks), "shards": list(partitions), "now": now, "size": most}
        return [(row["site_id"], row["hook_id"], row["webhook_id"]) for row in self._store.rows("dispatch_due", about)]

    def deliveries(self, wanted: Sequence[tuple[str, str, str]]) -> list[Delivery]:
        """Deliveries by (site, hook, webhook id)."""
        return [delivery_of(row) for row in self._asked("dispatch_rows", wanted)]

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows of deliveries."""
        self._store.insert("deliveries", table_of(rows))

    def waiting(self) -> int:
        """How many deliveries wait."""
        return int(self._store.rows("dispatch_waiting")[0]["waiting"])

    def change(self, site_id: str, hook_id: str, status: str, reason: str, now: int, **which: Any) -> int:
        """Give deliveries of a hook another status (`deliveries_change.sql`); returns how many. `which`: from_status, webhook_id and
        since (epoch ms) tell of which."""
        about = {"site_id": site_id, "hook_id": hook_id, "from_status": "", "webhook_id": "", "since": 0, **which}
        found = int(self._store.rows("deliveries_count", about)[0]["found"])
        if found:
            more = {"status": status, "reason": reason, "now": now, "version": now * 1000}
            self._store.command(self._store.text("deliveries_change"), {**about, **more})
        return found

    # -- sharing the log

    def positions(self) -> dict[int, int]:
        """How far each partition was read, where it ever was."""
        return {row["partition"]: row["position"] for row in self._store.rows("dispatch_positions")}

    def write_positions(self, positions: Mapping[int, int], now: int) -> None:
        """Everything up to there stands in the ledger."""
        columns = {
            "partition": pa.array(list(positions), pa.uint16()),
            "version": pa.array([now * 1000] * len(positions), pa.uint64()),
            "position": pa.array(list(positions.values()), pa.uint64()),
        }
        self._store.insert("dispatch_positions", pa.table(columns))

    def beat(self, process_id: str, beat: int, alive: bool) -> None:
        """Say that a process lives, or does no more."""
        columns = {
            "process_id": pa.array([process_id], pa.string()),
            "beat": pa.array([beat], pa.uint64()),
            "alive": pa.array([alive], pa.bool_()),
        }
        self._store.insert("dispatchers", pa.table(columns))

    def living(self, lease_ms: int) -> list[str]:
        """Processes that said so lately, in an order that all see."""
        return [row["process_id"] for row in self._store.rows("dispatch_living", {"lease": lease_ms})]

    # -- membership

    def in_segments(self, site_id: str, people: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Membership]:
        """In which segments some people of a site are, by (member id, visitor id). A visitor who logged in since is his member."""
        wanted = list(people)
        rows = self._rows_of(site_id, {one for _, one in wanted} - {""}, {one for one, _ in wanted} - {""})
        owners = {row["member_id"] for row in rows if row["visitor_id"] and row["member_id"]}
        rows += self._rows_of(site_id, set(), owners - {row["person"] for row in rows if row["person"]})
        of_member = {row["person"]: Membership.of(row) for row in rows if row["person"]}
        of_visitor: dict[str, Membership] = {}
        for row in rows:
            if visitor_id := row["visitor_id"]:
                found = of_member.get(row["member_id"], _NOBODY) if row["member_id"] else Membership.of(row)
                of_visitor[visitor_id] = of_visitor.get(visitor_id, _NOBODY) | found
        return {
            (member_id, visitor_id): (
                of_member.get(member_id, _NOBODY) if member_id else of_visitor.get(visitor_id, _NOBODY)
            )
            for member_id, visitor_id in wanted
        }

    def _rows_of(self, site_id: str, visitors: set[str], members: set[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for part in in_parts(sorted(visitors)):
            rows += self._store.rows("dispatch_members", {"site_id": site_id, "visitors": part, "members": []})
        for part in in_parts(sorted(members)):
            rows += self._store.rows("dispatch_members", {"site_id": site_id, "visitors": [], "members": part})
        return rows

    def _asked(self, query: str, wanted: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        ids = set(wanted)
        for first in range(0, len(wanted), 1_000):
            part = wanted[first : first + 1_000]
            sites, hooks, webhooks = (sorted({one[place] for one in part}) for place in range(3))
            found = self._store.rows(query, {"site_ids": sites, "hook_ids": hooks, "ids": webhooks})
            rows += [
                row
                for row in found
                if "site_id" not in row or (row["site_id"], row["hook_id"], row["webhook_id"]) in ids
            ]
        return rows

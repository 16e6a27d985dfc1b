"""The chaos of segments: the same log through a calm flow and through one whose every part is killed at random moments. Who enters and
leaves many segments has to be the same, the same as the plainest evaluator says, and told to a receiver."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from deploy.clock import now_ms
from deploy.settings import Settings
from deploy.up import answers
from deploy.wiring import open_log
from flows.writer import partition_of
from ingest.log import EventLog
from sql.hooks import HookTerms, create_hook
from sql.store import Store
from tests.chaos.chaos import PARTITIONS, SITE, Stack, _settle, _until
from tests.chaos.services import Service
from tests.conftest import free_port
from tests.laws.edges import expected, rounded

MINUTE, HOUR = 60_000, 3_600_000
SECRET = "whsec_" + "QUJD" * 8
SPANS = (5, 10, 15, 20, 30, 45, 60, 24 * 60)


@dataclass(frozen=True)
class Plan:
    """`hooked`: segments a receiver is told of; `checked`: visitors the plainest evaluator looks at."""

    visitors: int
    segments: int = 200
    hooked: int = 6
    checked: int = 60
    seed: int = 1
    kills: int = 12
    pause: tuple[float, float] = (1.0, 5.0)


@dataclass
class Outcome:
    """What happened, and what differs. `lost` and `added`: transitions, in comparison to the calm run."""

    events: int = 0
    transitions: int = 0
    lost: int = 0
    added: int = 0
    of_checked: int = 0
    wrong: int = 0  # in comparison to the plainest evaluator
    to_tell: int = 0
    told: int = 0
    again: int = 0  # requests for what was told already
    bodies_differ: int = 0
    kills: dict[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        wrong = self.lost or self.added or self.wrong or self.bodies_differ
        return not wrong and self.to_tell == self.told and self.transitions > 0 and self.of_checked > 0

    def lines(self) -> Iterator[str]:
        """The figures, for people."""
        for name, value in vars(self).items():
            yield f"{name:<16}{value if isinstance(value, dict) else format(value, ',')}"


def run(plan: Plan, directory: Path, say: Callable[[str], None] = lambda line: None) -> Outcome:
    """Both runs, and what differs. Leaves everything in `directory`."""
    outcome, chance = Outcome(), random.Random(plan.seed)
    begin = now_ms() - 5 * HOUR
    events, segments = _events(plan, begin), _segments(plan)
    until = begin + 3 * HOUR
    outcome.events = len(events)
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as open_things:
        receiver = _Receiver()
        open_things.callback(receiver.close)
        calm = Stack(directory / "calm", "calm", url)
        chaos = Stack(directory / "chaos", "chaos", url, hooks_allowed_networks="127.0.0.0/8")
        clickhouse = calm.service("clickhouse")
        server = Store(url, "default")
        for closing in (server.close, clickhouse.end, calm.close, chaos.close):
            open_things.callback(closing)
        _until("ClickHouse answers", lambda: answers(server), [clickhouse])
        for stack in (calm, chaos):
            _prepare(stack, events, segments, begin)
        hooked = sorted(segments)[: plan.hooked]
        terms = HookTerms(receiver.url, ("segment.entered", "segment.exited"), tuple(hooked), "always", 0, 0, True)
        create_hook(chaos.store, SITE, terms, SECRET, begin - HOUR)
        say("calm run ...")
        flow = calm.service("flow")
        _finish(calm, [flow], until)
        flow.end()
        say("chaos run ...")
        services = {"the api": chaos.service("api"), "the flow": chaos.service("flow", "flow", "--processes", "2")}
        services["clickhouse"] = clickhouse
        for n in range(plan.kills):
            time.sleep(chance.uniform(*plan.pause))
            kind = ("the flow", "a flow process", "the api", "a flow process", "clickhouse")[n % 5]
            say(f"kill -9 of {kind}")
            outcome.kills[kind] = outcome.kills.get(kind, 0) + 1
            if kind != "a flow process" or not services["the flow"].kill_child(chance):
                services["the flow" if kind == "a flow process" else kind].kill()
        _finish(chaos, list(services.values()), until)
        one, other = _transitions(calm.store, until), _transitions(chaos.store, until)
        outcome.transitions, outcome.lost, outcome.added = len(one), len(one - other), len(other - one)
        say("the plainest evaluator ...")
        _check(plan, events, segments, other, outcome, until - MINUTE)
        wanted = {row[0] for row in other if row[1] in hooked and row[-1]}
        _until("everything is told", lambda: wanted <= receiver.told.keys(), list(services.values()))
        outcome.to_tell = len(wanted)
        outcome.told = len(wanted & receiver.told.keys())
        outcome.again = sum(len(bodies) - 1 for bodies in receiver.told.values())
        outcome.bodies_differ = sum(len(set(bodies)) > 1 for bodies in receiver.told.values())
        for name in ("the api", "the flow"):
            services[name].end()
    return outcome


def _events(plan: Plan, begin: int) -> list[dict[str, Any]]:
    """Synthetic events of three hours: visitors who come, go and come back; every tenth logs in."""
    rng = np.random.default_rng(plan.seed)
    found = []
    names = np.array(["page_view", "page_view", "page_view", "view_item", "add_to_cart", "purchase", "heartbeat"])
    for visitor in range(plan.visitors):
        at = begin + int(rng.integers(MINUTE, 2 * HOUR))
        member = f"m{visitor}" if visitor % 10 == 0 else ""
        for n in range(int(rng.integers(1, 6))):
            at += int(rng.choice([500, 20_000, 6 * MINUTE, 35 * MINUTE]) * rng.random())
            name = str(rng.choice(names))
            event: dict[str, Any] = {
                "site_id": SITE, "visitor_id": f"v{visitor}", "event_id": f"{visitor}-{n}", "name": name, "occurred_at": at,
                "received_at": at + int(rng.integers(0, 300)), "bot": False, "pageview": name == "page_view",
                "environment": ["pc_web", "mobile_web", "hybrid_app"][visitor % 3], "os": "iOS",
            }  # fmt: skip
            if name in ("view_item", "add_to_cart", "purchase"):
                item = {"item_id": f"i{rng.integers(20)}", "price": 1_000 * int(rng.integers(1, 9)), "quantity": 1}
                event["items"] = [item]
            if name == "purchase":
                event |= {"transaction_id": f"t{visitor}-{n}", "currency": "KRW"}
            if member and n == 2:
                event["member_id"] = member
            found.append(event)
    return sorted(found, key=lambda event: event["received_at"])


def _segments(plan: Plan) -> dict[str, Any]:
    """Expressions by id, from simple to nested."""
    chance = random.Random(plan.seed)

    def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
        return {"field": field, "op": op, "value": value}

    def some() -> dict[str, Any]:
        minutes = chance.choice(SPANS[:-1])
        return chance.choice(
            [
                leaf("pageviews", ">=", chance.randint(1, 5)),
                leaf("visits", ">=", chance.randint(1, 3)),
                leaf("orders", chance.choice(["=", ">="]), chance.randint(0, 2)),
                leaf("revenue", "between", [1_000, chance.choice([3_000, 6_000, 9_000])]),
                leaf("cart_units", ">", 0),
                leaf("cart_value", ">=", chance.choice([2_000, 5_000])),
                leaf("last_seen", "more_than_ago", {"minutes": minutes}),
                leaf("last_seen", "within_last", {"minutes": minutes}),
                leaf("last_carted_at", "more_than_ago", {"minutes": minutes}),
                leaf("last_order_at", "within_last", {"minutes": minutes}),
                leaf("environment", "in", ["mobile_web", "hybrid_app"]),
                leaf("viewed_items", "contains_any", [f"i{chance.randrange(20)}" for _ in range(3)]),
                leaf("visit_pageviews", "<", chance.randint(1, 3)),
                leaf("pageviews_24h", ">=", chance.randint(1, 4)),
                leaf("logged_in", "is", chance.random() < 0.5),
            ]
        )

    found = {}
    for n in range(plan.segments):
        parts = [some() for _ in range(4)]
        found[f"seg{n:03}"] = {"all": [{"not": parts[0]}, *parts[1:]]} if n % 3 == 0 else {"all": parts[n % 2 :]}
    return found


def _prepare(stack: Stack, events: Sequence[dict[str, Any]], segments: dict[str, Any], begin: int) -> None:
    stack.add_site()
    rows = [
        {
            "site_id": SITE, "segment_id": segment_id, "version": 1, "name": segment_id, "expression": json.dumps(expression),
            "created_at": begin - HOUR, "deleted": 0,
        }
        for segment_id, expression in segments.items()
    ]  # fmt: skip
    schema = pa.schema(
        [(name, pa.string()) for name in ("site_id", "segment_id", "name", "expression")]
        + [("version", pa.uint32()), ("created_at", pa.timestamp("ms", "UTC")), ("deleted", pa.uint8())]
    )
    stack.store.insert("segments", pa.Table.from_pylist(rows, schema))
    log: EventLog = open_log(Settings(**stack._values))  # type: ignore[arg-type]
    lines = [(partition_of(f"{SITE}/{e['visitor_id']}", PARTITIONS), orjson.dumps(e)) for e in events]
    for first in range(0, len(lines), 20_000):
        log.append(lines[first : first + 20_000])
    log.close()


def _finish(stack: Stack, services: Sequence[Service], until: int) -> None:
    """Until everything is read, and everybody is judged up to a time."""
    _settle(stack, services)
    calm = [0, -1]

    def judged() -> bool:
        told = stack.store.rows_of(
            "SELECT count() AS n, (SELECT countIf(segments_due > fromUnixTimestamp64Milli(0, 'UTC')"
            " AND segments_due <= fromUnixTimestamp64Milli({until:Int64}, 'UTC') AND person = member_id)"
            " FROM visitors FINAL) AS due FROM transitions FINAL",
            {"until": until},
        )[0]
        calm[0] = calm[0] + 1 if told["n"] == calm[1] else 0
        calm[1] = told["n"]
        return calm[0] >= 12

    _until("everybody is judged", judged, services)


def _transitions(store: Store, until: int) -> set[tuple[Any, ...]]:
    query = (
        "SELECT transition_id, segment_id, type, person_id, entry, reason, toUnixTimestamp64Milli(at) AS at_ms, fires"
        " FROM transitions FINAL WHERE at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')"
    )
    return {tuple(row.values()) for row in store.rows_of(query, {"until": until})}


def _check(
    plan: Plan,
    events: Sequence[dict[str, Any]],
    segments: dict[str, Any],
    found: set[Any],
    outcome: Outcome,
    until: int,
) -> None:
    """Visitors nobody knows, against the plainest evaluator."""
    step = max(10, plan.visitors // plan.checked // 10 * 10)
    chosen = {f"v{n}" for n in range(1, plan.visitors, step)}  # none of them logs in
    mine = [event for event in events if event["visitor_id"] in chosen]
    right = expected(mine, segments, SPANS, until, {SITE: "KRW"})
    people = {f"visitor:{visitor}" for visitor in chosen}
    ours = {
        (kind, segment_id, person_id, entry, rounded(at))
        for _, segment_id, kind, person_id, entry, _, at, _ in found
        if person_id in people and at <= until
    }
    outcome.of_checked, outcome.wrong = len(right), len(right ^ ours)


class _Receiver:
    """A shop's server: remembers what it was told, by transition."""

    def __init__(self) -> None:
        self.told: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        lock = threading.Lock()
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    told[json.loads(body)["data"]["transition_id"]].append((self.headers["webhook-id"], body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

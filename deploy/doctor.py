"""`sonnim doctor`: looks at every part and says what is wrong and what to do."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from api.dispatch.dispatcher import Rhythm
from api.dispatch.ledger import Ledger
from api.dispatch.transition import read_line
from deploy.errors import UserError
from deploy.settings import Settings
from deploy.wiring import open_log, open_store, open_transitions
from flows.lag import backlog
from ingest.log import EventLog, KafkaLog, LogUnavailable, OffsetOutOfRange
from sql import migrate
from sql.migrate import MigrationError
from sql.sites import list_sites
from sql.store import Store, StoreError, StoreUnavailable

LEAST_FREE_BYTES = 2 << 30
CLOCK_MS = 2_000
LAG_RECORDS = 5_000
FIRST_BYTES = 1 << 16
DAY = 86_400_000
LEAST_RETENTION_MS = 9 * DAY
"""The flow's horizon of 8 days, and one more."""


@dataclass(frozen=True)
class Finding:
    """What was found of one part. `advice` is empty where all is well."""

    part: str
    state: Literal["ok", "warning", "wrong"]
    found: str
    advice: str = ""


def examine(settings: Settings, clock: Callable[[], int]) -> Iterator[Finding]:
    """All parts, from the ground up."""
    yield _data(settings)
    log, found = _log(settings)
    yield from found
    transitions, finding = _transitions(settings)
    yield finding
    store = open_store(settings)
    clickhouse = _clickhouse(settings, store)
    yield clickhouse
    if clickhouse.state == "ok":
        yield _clock(store, clock)
        tables = _migrations(store)
        yield tables
        if tables.state == "ok":
            yield _flow(store, log, clock(), settings)
            yield _hooks(store, transitions, clock())
            yield _sites(store)
    for opened in (log, transitions):
        if opened is not None:
            opened.close()
    yield _api(settings)


def _data(settings: Settings) -> Finding:
    part, path = "data directory", settings.data_dir
    if not path.exists():
        return Finding(part, "wrong", f"{path.resolve()} is not there", "`sonnim up` makes it; or set SONNIM_DATA_DIR.")
    if not os.access(path, os.W_OK):
        return Finding(part, "wrong", f"{path.resolve()} cannot be written", "Give it to the user Sonnim runs as.")
    free = shutil.disk_usage(path).free
    told = f"{path.resolve()}, {free / (1 << 30):.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return Finding(part, "warning", told, "Make room: without it the log takes no more events.")
    return Finding(part, "ok", told)


def _log(settings: Settings) -> tuple[EventLog | None, list[Finding]]:
    if not settings.kafka_bootstrap and not settings.log_dir.exists():
        return None, [Finding("event log", "wrong", f"there is none in {settings.log_dir}", "`sonnim up` makes it.")]
    try:
        log = open_log(settings)
        ends = log.ends()
        found = [_topic(log)] if isinstance(log, KafkaLog) else []
    except LogUnavailable as error:
        return None, [Finding("event log", "wrong", str(error), f"Is it there? {settings.log_place}")]
    except UserError as error:
        return None, [Finding("event log", "wrong", error.what, error.advice)]
    told = f"{len(ends)} partitions, {sum(ends):,} {settings.log_unit} were written to it"
    return log, [Finding("event log", "ok", f"{told} ({settings.log_place})"), *found]


def _transitions(settings: Settings) -> tuple[EventLog | None, Finding]:
    part, place = "log of transitions", settings.transitions_place
    if not settings.kafka_bootstrap and not settings.transitions_dir.exists():
        return None, Finding(part, "wrong", f"there is none in {place}", "`sonnim up` or `sonnim api` makes it.")
    try:
        log = open_transitions(settings)
        ends = log.ends()
    except LogUnavailable as error:
        return None, Finding(part, "wrong", str(error), f"Is it there? {place}")
    except UserError as error:
        return None, Finding(part, "wrong", error.what, error.advice)
    told = f"{len(ends)} partitions, {sum(ends):,} {settings.log_unit} were written to it"
    return log, Finding(part, "ok", f"{told} ({place})")


def _topic(log: KafkaLog) -> Finding:
    unread = log.unread()
    if unread:
        found = f"{len(unread)} partitions more than are used, {sum(unread.values()):,} records in them are not read"
        return Finding("topic", "warning", found, "Make other producers write to the used ones only: docs/kafka.md.")
    kept = log.retention_ms()
    told = f"keeps records {'for ever' if kept is None else f'{kept / DAY:.1f} days'}"
    if kept is not None and kept < LEAST_RETENTION_MS:
        return Finding(
            "topic", "warning", told, "Set its retention.ms to 9 days or more: a flow that stood longer loses events."
        )
    return Finding("topic", "ok", told)


def _clickhouse(settings: Settings, store: Store) -> Finding:
    try:
        version = store.rows_of("SELECT version() AS version")[0]["version"]
    except StoreUnavailable:
        return Finding(
            "ClickHouse",
            "wrong",
            f"does not answer at {settings.clickhouse_url}",
            "Start everything with `sonnim up`, or check SONNIM_CLICKHOUSE_URL.",
        )
    except StoreError as error:
        advice = "Run `sonnim migrate`." if error.code == 81 else "Check SONNIM_CLICKHOUSE_USER and _PASSWORD."
        return Finding("ClickHouse", "wrong", str(error).splitlines()[0], advice)
    return Finding(
        "ClickHouse", "ok", f"{version} at {settings.clickhouse_url}, database {settings.clickhouse_database}"
    )


def _clock(store: Store, clock: Callable[[], int]) -> Finding:
    before = clock()
    there = int(store.rows_of("SELECT toUnixTimestamp64Milli(now64(3)) AS now")[0]["now"])
    apart = max(before - there, there - clock(), 0)
    if apart > CLOCK_MS:
        return Finding(
            "clock", "wrong", f"ClickHouse's and this machine's are {apart / 1000:.1f} s apart", "Run NTP on both."
        )
    return Finding("clock", "ok", "as ClickHouse's")


def _migrations(store: Store) -> Finding:
    try:
        pending = migrate.plan(store)
    except (MigrationError, StoreError, StoreUnavailable) as error:
        return Finding("tables", "wrong", str(error).splitlines()[0], "`sonnim migrate --status` shows all of them.")
    if pending:
        return Finding("tables", "wrong", f"{len(pending)} migrations are pending", "Run `sonnim migrate`.")
    return Finding("tables", "ok", f"all {len(migrate.migrations())} migrations are applied")


def _flow(store: Store, log: EventLog | None, now: int, settings: Settings) -> Finding:
    if log is None:
        return Finding("flow", "wrong", "unknown without the event log", "See the event log above.")
    try:
        fresh = {
            row["partition"]: row["committed_at"] for row in store.rows("freshness_before", {"until": now + CLOCK_MS})
        }
        offsets = {row["partition"]: int(row["to_offset"]) for row in store.rows("checkpoints")}
    except (StoreError, StoreUnavailable) as error:
        return Finding("flow", "wrong", str(error).splitlines()[0], "See ClickHouse above.")
    if not set(range(log.partitions)) <= fresh.keys():
        return Finding("flow", "wrong", "it has never committed", "Start it: `sonnim up`, or `sonnim flow`.")
    try:
        for number, end in enumerate(log.ends()):
            if offsets[number] > end:
                found = f"partition {number} of the log ends at {end}, but up to {offsets[number]} it was applied"
                return Finding(
                    "flow", "wrong", found, "It is another log: docs/operations.md, a log that was made anew."
                )
        lags = [backlog(log, number, offsets[number]) for number in range(log.partitions)]
    except OffsetOutOfRange as error:
        return Finding("flow", "wrong", f"records are lost: {error}", "docs/operations.md, records that are lost.")
    except LogUnavailable as error:
        return Finding("flow", "wrong", str(error), "See the event log above.")
    age = max(0, now - min(fresh.values()))
    oldest = min((received for _, received in lags if received is not None), default=now)
    unread, behind = sum(count for count, _ in lags), max(0, now - oldest)
    told = f"figures are {age / 1000:.1f} s old, {unread:,} records are not applied yet"
    if unread:
        told += f", the oldest is {behind / 1000:.1f} s old"
    waiting = _waiting(settings)
    if waiting:
        return Finding("flow", "wrong", f"{told}; it waits: {waiting}", "It goes on by itself when that is mended.")
    if age > settings.stale_after_seconds * 1000:
        return Finding("flow", "wrong", told, "It does not run, waits, or catches up: see its lines in `sonnim up`.")
    if unread > LAG_RECORDS:
        return Finding("flow", "warning", told, "It is catching up; look again in a minute.")
    return Finding("flow", "ok", told)


def _hooks(store: Store, log: EventLog | None, now: int) -> Finding:
    """How far those who send hooks are with the log of transitions."""
    if log is None:
        return Finding("hooks", "wrong", "unknown without the log of transitions", "See it above.")
    ledger = Ledger(store)
    try:
        positions, waiting = ledger.positions(), ledger.waiting()
        living = len(ledger.living(int(Rhythm().lease * 1000)))
        unread, oldest = 0, now
        for number, end in enumerate(log.ends()):
            position = positions.get(number, log.start(number))
            if position > end:
                found = f"partition {number} of the log of transitions ends at {end}, but was read up to {position}"
                return Finding("hooks", "warning", found, "It is another log: it is read again from its beginning.")
            if position < end:
                unread += log.count(number, position, end)
                oldest = min(oldest, _first_at(log, number, position, now))
    except (StoreError, StoreUnavailable) as error:
        return Finding("hooks", "wrong", str(error).splitlines()[0], "See ClickHouse above.")
    except OffsetOutOfRange:
        found = "transitions were deleted before they were read"
        return Finding("hooks", "warning", found, "Hooks were not told of them: the table `transitions` has them.")
    except LogUnavailable as error:
        return Finding("hooks", "wrong", str(error), "See the log of transitions above.")
    told = f"{unread:,} transitions are not read yet"
    if unread:
        told += f", the oldest is of {(now - oldest) / 1000:.1f} s ago"
    told += f"; {waiting:,} deliveries wait"
    if not living:
        return Finding("hooks", "wrong", f"{told}; nobody sends them", "The API does: start it, `sonnim up`.")
    if unread > LAG_RECORDS:
        return Finding("hooks", "warning", told, "They are being sent; look again in a minute.")
    return Finding("hooks", "ok", told)


def _first_at(log: EventLog, partition: int, position: int, now: int) -> int:
    """When (epoch ms) the first transition after a position happened; `now` if it cannot be read."""
    for line in log.read(partition, position, FIRST_BYTES).lines.split(b"\n"):
        try:
            transition = read_line(line)
        except ValueError:
            continue
        if transition is not None:
            return transition.at
    return now


def _waiting(settings: Settings) -> str:
    """What the flow's metrics say that it waits for; '' if for nothing, or if there are none."""
    if not settings.flow_metrics_port:
        return ""
    try:
        text = httpx.get(f"http://127.0.0.1:{settings.flow_metrics_port}/metrics", timeout=5).text
    except httpx.HTTPError:
        return ""
    found = re.findall(r'^sonnim_flow_waiting\{on="(\w+)",why="(\w+)"\} 1', text, re.MULTILINE)
    return ", ".join(f"{on} ({why.replace('_', ' ')})" for on, why in found)


def _sites(store: Store) -> Finding:
    sites = [site.site_id for site in list_sites(store)]
    if not sites:
        return Finding("sites", "warning", "there is none", "Run `sonnim site add ID --name NAME`.")
    return Finding("sites", "ok", ", ".join(sites[:10]) + (f" and {len(sites) - 10} more" if len(sites) > 10 else ""))


def _api(settings: Settings) -> Finding:
    try:
        answer = httpx.get(f"{settings.api_url}/readyz", timeout=10)
        body = answer.json()
        state, parts = body["status"], {name: body[name] for name in ("log", "clickhouse", "flow")}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        found = f"does not answer at {settings.api_url} ({error})"
        return Finding("API", "wrong", found, "Start it: `sonnim up`, or `sonnim api`; or check SONNIM_API_PORT.")
    told = f"{state} at {settings.api_url}"
    bad = [f"{name}: {part['detail']}" for name, part in parts.items() if not part["ok"]]
    if bad:
        return Finding("API", "warning" if state == "degraded" else "wrong", told, "; ".join(bad))
    return Finding("API", "ok", told)

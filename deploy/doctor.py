"""`sonnim doctor`: looks at every part and says what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from deploy.errors import UserError
from deploy.settings import Settings
from deploy.wiring import open_log, open_store
from ingest.log.log import LogUnavailable
from sql import migrate
from sql.migrate import MigrationError
from sql.sites import list_sites
from sql.store import Store, StoreError, StoreUnavailable

LEAST_FREE_BYTES = 2 << 30
CLOCK_MS = 2_000
LAG_BYTES = 1 << 20


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
    log, ends = _log(settings)
    yield log
    store = open_store(settings)
    clickhouse = _clickhouse(settings, store)
    yield clickhouse
    if clickhouse.state == "ok":
        yield _clock(store, clock)
        tables = _migrations(store)
        yield tables
        if tables.state == "ok":
            yield _flow(store, ends, clock(), settings)
            yield _sites(store)
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


def _log(settings: Settings) -> tuple[Finding, dict[int, int]]:
    if not settings.kafka_bootstrap and not settings.log_dir.exists():
        return Finding("event log", "wrong", f"there is none in {settings.log_dir}", "`sonnim up` makes it."), {}
    try:
        log = open_log(settings)
        ends = {partition: log.end(partition) for partition in range(log.partitions)}
        log.close()
    except LogUnavailable as error:
        return Finding("event log", "wrong", str(error), f"Is it there? {settings.log_place}"), {}
    except UserError as error:
        return Finding("event log", "wrong", error.what, error.advice), {}
    told = f"{len(ends)} partitions, {sum(ends.values()):,} {settings.log_unit} were written to it"
    return Finding("event log", "ok", f"{told} ({settings.log_place})"), ends


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


def _flow(store: Store, ends: dict[int, int], now: int, settings: Settings) -> Finding:
    try:
        committed = {row["partition"]: row["committed_at"] for row in store.rows("freshness")}
        behind = {
            partition: end - int(store.rows("shard_offset", {"partition": partition})[0]["to_offset"])
            for partition, end in ends.items()
        }
    except (StoreError, StoreUnavailable) as error:
        return Finding("flow", "wrong", str(error).splitlines()[0], "See ClickHouse above.")
    if not ends.keys() <= committed.keys():
        return Finding("flow", "wrong", "it has never committed", "Start it: `sonnim up`, or `sonnim flow`.")
    age = max(0, now - min(committed.values()))
    unread = sum(max(0, lag) for lag in behind.values())
    told = f"the last commit is {age / 1000:.1f} s old, {unread:,} {settings.log_unit} of the log are not applied yet"
    if age > settings.stale_after_seconds * 1000:
        return Finding("flow", "wrong", told, "It does not run, or waits for ClickHouse: see its lines in `sonnim up`.")
    if unread > LAG_BYTES:
        return Finding("flow", "warning", told, "It is catching up; look again in a minute.")
    return Finding("flow", "ok", told)


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

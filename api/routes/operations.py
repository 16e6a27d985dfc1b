"""For whoever runs it: health, readiness, metrics."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response

from api.context import Context, Here
from api.metrics import CONTENT_TYPE
from api.schemas import Check, Healthy, Ready
from ingest.log import LogUnavailable
from sql import migrate
from sql.migrate import MigrationError
from sql.store import StoreError, StoreUnavailable

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthy(context: Here) -> Healthy:
    """The process runs."""
    return Healthy(status="ok", version=context.settings.version)


@router.get("/readyz", responses={503: {"model": Ready, "description": "the log or ClickHouse is away"}})
def ready(context: Here, response: Response) -> Ready:
    """Whether events are taken and questions answered. Figures that stand still are `degraded`, still 200: events are taken."""
    ends: list[int] = []
    log = _check(lambda: _ends(context, ends))
    clickhouse = _check(lambda: _tables(context))
    flow = Check(ok=False, detail="unknown while ClickHouse is away")
    if clickhouse.ok:
        flow = _check(lambda: _flow(context, ends))
    if not (log.ok and clickhouse.ok):
        response.status_code = 503
        return Ready(status="not_ready", log=log, clickhouse=clickhouse, flow=flow)
    return Ready(status="ready" if flow.ok else "degraded", log=log, clickhouse=clickhouse, flow=flow)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(context: Here) -> Response:
    """Metrics for Prometheus."""
    gauge = context.metrics.freshness
    try:
        age_ms = context.freshness.read(context.clock()).age_ms
        gauge.set(float("nan") if age_ms is None else age_ms / 1000)
        context.metrics.clickhouse.set(1)
    except (StoreUnavailable, StoreError):
        gauge.set(float("nan"))
        context.metrics.clickhouse.set(0)
    return Response(context.metrics.text(), media_type=CONTENT_TYPE)


class _Wrong(Exception):
    """Something answers, but not as it should."""


def _check(look: Callable[[], str]) -> Check:
    try:
        return Check(ok=True, detail=look())
    except (LogUnavailable, StoreUnavailable, StoreError, MigrationError, _Wrong) as error:
        return Check(ok=False, detail=str(error).partition("\n")[0][:300])


def _ends(context: Context, ends: list[int]) -> str:
    ends += context.log.ends()
    return f"{context.log.partitions} partitions, all readable"


def _tables(context: Context) -> str:
    pending = len(migrate.plan(context.store))
    if pending:
        raise _Wrong(f"{pending} migrations are pending: run sonnim migrate")
    return "answers"


def _flow(context: Context, ends: list[int]) -> str:
    freshness = context.freshness.read(context.clock())
    if freshness.age_ms is None:
        raise _Wrong("the flow has not run yet")
    if ends:
        for row in context.store.rows("checkpoints"):
            number, applied = row["partition"], row["to_offset"]
            if number >= len(ends) or applied > ends[number]:
                raise _Wrong(
                    f"partition {number} was applied up to offset {applied}, but the log ends before: another log?"
                )
    told = f"figures are {freshness.age_ms / 1000:.1f} s old"
    writable = context.store.rows("writable")[0]
    if int(writable["user_is_read_only"]) or writable["read_only_replicas"]:
        raise _Wrong(f"ClickHouse is read-only, {told}")
    if freshness.stale:
        raise _Wrong(f"{told}: the flow does not run, waits, or catches up")
    return told

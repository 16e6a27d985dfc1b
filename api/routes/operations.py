"""For whoever runs it: health, readiness, metrics."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response

from api.context import Context, Here
from api.metrics import CONTENT_TYPE
from api.schemas import Check, Healthy, Ready
from ingest.log import LogUnavailable
from sql.store import StoreError, StoreUnavailable

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthy(context: Here) -> Healthy:
    """The process runs."""
    return Healthy(status="ok", version=context.settings.version)


@router.get("/readyz", responses={503: {"model": Ready, "description": "the log or ClickHouse is away"}})
def ready(context: Here, response: Response) -> Ready:
    """Whether events are taken and questions answered. A flow that lags is `degraded`, still 200: events are taken."""
    log = _check(lambda: f"{context.log.partitions} partitions, {_records(context)}")
    clickhouse = _check(lambda: _pinged(context))
    flow = Check(ok=False, detail="unknown while ClickHouse is away")
    if clickhouse.ok:
        flow = _flow(context)
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


def _check(look: Callable[[], str]) -> Check:
    try:
        return Check(ok=True, detail=look())
    except (LogUnavailable, StoreUnavailable, StoreError) as error:
        return Check(ok=False, detail=str(error).partition("\n")[0][:300])


def _records(context: Context) -> str:
    for partition in range(context.log.partitions):
        context.log.end(partition)
    return "all readable"


def _pinged(context: Context) -> str:
    context.store.ping()
    return "answers"


def _flow(context: Context) -> Check:
    try:
        freshness = context.freshness.read(context.clock())
    except (StoreUnavailable, StoreError) as error:
        return Check(ok=False, detail=str(error).partition("\n")[0][:300])
    if freshness.age_ms is None:
        return Check(ok=False, detail="the flow has not run yet")
    return Check(ok=not freshness.stale, detail=f"figures are {freshness.age_ms / 1000:.1f} s old")

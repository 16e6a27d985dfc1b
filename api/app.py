"""The API as an ASGI application: `create_app` is the only way in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.accounts import routes as accounts
from api.accounts.access import SiteInQuery
from api.accounts.auditing import Audited
from api.accounts.doorkeeper import Doorkeeper
from api.context import Context
from api.declared import DeclaredTraits
from api.dispatch import Dispatcher
from api.erasure import Eraser
from api.freshness import FreshnessReader
from api.keyring import Keyring
from api.metrics import Metrics
from api.pages import routes as pages
from api.pages.assets import assets
from api.problems import Problem, handle_problems
from api.routes import (
    erasures,
    events,
    exports,
    health,
    hooks,
    live,
    members,
    operations,
    people,
    reports,
    segments,
    stream,
    tracker,
)
from api.settings import ApiSettings
from api.stream.hub import Streams
from api.strict import BodyLimit
from ingest.log import EventLog
from sql.store import Store

_OPEN_PATHS = frozenset(f"/v1/{call}" for call in ("events", "identify", "track", "page", "alias", "batch"))


def create_app(
    store: Store,
    log: EventLog,
    clock: Callable[[], int],
    settings: ApiSettings | None = None,
    *,
    transitions: EventLog | None = None,
) -> FastAPI:
    """The application over a store and a log. `clock` returns epoch milliseconds; migrations have been applied. `transitions`: the log
    of entries and exits, told to hooks while the server runs; without it none is told."""
    settings = settings or ApiSettings()
    app = FastAPIOffline(
        redoc_url=None,
        favicon_url=assets().url("icon.svg"),
        title="Sonnim",
        version=settings.version,
        description="Live visitors, segments and reports of an online shop.",
        lifespan=_working,
    )
    context = Context(
        store=store,
        log=log,
        clock=clock,
        settings=settings,
        keyring=Keyring(store, settings.key_cache_ms),
        traits=DeclaredTraits(store, settings.key_cache_ms),
        freshness=FreshnessReader(store, settings.stale_after_ms),
        metrics=Metrics(),
    )
    app.state.context = context
    app.state.streams = Streams(context)
    app.state.doorkeeper = Doorkeeper(store, settings.key_cache_ms)
    app.state.eraser = Eraser(store, log, clock, context.last, settings.address_secret, transitions)
    app.state.dispatcher = transitions and Dispatcher(
        store, transitions, clock, context.metrics, allowed=settings.hooks_allowed_networks
    )
    for module in (
        events,
        tracker,
        live,
        exports,
        stream,
        members,
        people,
        erasures,
        reports,
        segments,
        hooks,
        accounts,
        health,
        operations,
        pages,
    ):
        app.router.routes.extend(module.router.routes)  # `include_router` builds each again, at the first request
    handle_problems(app, settings.retry_after_seconds)
    app.add_middleware(Audited)
    app.add_middleware(SiteInQuery)
    app.add_middleware(BodyLimit, limit=settings.body_bytes)
    app.add_middleware(OpenToShops)
    app.add_middleware(KeptNowhere)
    app.add_middleware(Timed, metrics=context.metrics)
    _describe_problems(app)
    return app


@asynccontextmanager
async def _working(app: FastAPI) -> AsyncIterator[None]:
    """While the server runs, it works off erasures and tells hooks; streams end before it does."""
    workers = [one for one in (app.state.eraser, app.state.dispatcher) if one is not None]
    for worker in workers:
        worker.start()
    yield
    app.state.streams.close()
    await app.state.streams.settle()
    for worker in reversed(workers):
        await run_in_threadpool(worker.stop)


class OpenToShops:
    """Middleware: events may be sent from any page. The other calls need a secret key, which no page has."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.open = CORSMiddleware(
            app,
            allow_origin_regex=".*",
            allow_methods=["POST"],
            allow_headers=["*"],
            allow_credentials=True,
            expose_headers=["Date", "Retry-After"],
            max_age=86_400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        within = scope["type"] == "http" and scope["path"] in _OPEN_PATHS
        await (self.open if within else self.app)(scope, receive, send)


class KeptNowhere:
    """Middleware: what the API answers stays in no cache unless its route says so, and is taken for what it says it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        within = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await self.app(scope, receive, sent if within else send)


class Timed:
    """Middleware: counts and times every request by route and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.requests.labels(scope["method"], route, str(status)).observe(time.perf_counter() - started)


def _describe_problems(app: FastAPI) -> None:
    """The OpenAPI document with `Problem` in its components: routes refer to it by name."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

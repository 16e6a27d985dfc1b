"""Reading requests strictly: JSON as RFC 8259 has it (no NaN, no half surrogate pairs), and not more than is agreed."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError, problem_response

DEEPEST = 64
"""Levels of JSON. The segment language has 20."""


class StrictRequest(Request):
    """A request whose JSON is read by orjson, whose error is a `json.JSONDecodeError` too."""

    async def json(self) -> Any:
        """The body as JSON."""
        body = await self.body()
        value = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > DEEPEST and too_deep(value):
            raise json.JSONDecodeError(f"more than {DEEPEST} levels", "", 0)
        return value


def too_deep(value: Any) -> bool:
    """Whether lists and objects lie in each other more than `DEEPEST` deep: more than what reads them further on can take."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return False
    return True


class StrictRoute(APIRoute):
    """A route that reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler over a `StrictRequest`."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


class AboutOneRoute(StrictRoute):
    """A route with an id that may hold any character, at the end of its path or before one more word (`/segments`).

    Paths are matched without their escapes, so `/v1/visitors/a%2Fsegments` looks like the segments of `a`: it is the id `a/segments`.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is this route's."""
        word = self.path.rpartition("}")[2].removeprefix("/").encode()
        asked = scope.get("raw_path", b"").partition(b"?")[0].lower()
        if word and asked.endswith(b"%2f" + word):
            return Match.NONE, {}
        return super().matches(scope)


class BodyLimit:
    """Middleware: a body of more than `limit` bytes is 413, before it is read where its length is told."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told[:20]) > self.limit:
            await problem_response(self._too_large())(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.limit:
                raise self._too_large()
            return message

        await self.app(scope, counted, send)

    def _too_large(self) -> ProblemError:
        return ProblemError(413, "body_too_large", f"The body has more than {self.limit:,} bytes; send it in parts.")

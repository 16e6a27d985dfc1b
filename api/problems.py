"""Errors as RFC 9457 problems: what is wrong, where in the input, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from flows.segments.problems import pointer, printable
from ingest.log import LogUnavailable
from sql.store import StoreError, StoreUnavailable

_LOG = logging.getLogger("sonnim.api")

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with the input."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(
        description="JSON pointer into the body, or ?name of a query parameter", examples=["/segment/all/1"]
    )
    detail: str = Field(description="what is wrong, and what to do")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="a stable name of the kind of problem", examples=["urn:sonnim:problem:invalid_input"])
    title: str
    status: int
    detail: str = Field(description="what went wrong and what to do, for a person")
    errors: list[Fault] = Field(default_factory=list, description="places in the input, if it is the input's fault")


class ProblemError(HTTPException):
    """Raised anywhere in the API: answered as a problem. `kind` is the last part of its type."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)
        self.kind = kind
        self.errors = tuple(errors)


def invalid(place: str, detail: str, status: int = 422) -> ProblemError:
    """The input is wrong in one place."""
    return ProblemError(status, "invalid_input", detail, errors=[Fault(place=place, detail=detail)])


def not_found(what: str, place: str = "", advice: str = "") -> ProblemError:
    """Something asked for by name is not there (or is another site's, which is the same). `advice`: what to do about it."""
    detail = f"{what} is not here. {advice}".rstrip()
    return ProblemError(404, "not_found", detail, errors=[Fault(place=place, detail=detail)] if place else ())


def problem_response(error: ProblemError) -> JSONResponse:
    """The answer for a problem."""
    body = Problem(
        type=f"urn:sonnim:problem:{error.kind}",
        title=HTTPStatus(error.status_code).phrase,
        status=error.status_code,
        detail=error.detail,
        errors=list(error.errors),
    )
    return JSONResponse(body.model_dump(), error.status_code, error.headers, media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses answer problems."""
    schema = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": schema} for status in sorted(statuses)}


def handle_problems(app: FastAPI, retry_after_seconds: int) -> None:
    """Answer every error of the app as a problem."""
    wait = {"Retry-After": str(retry_after_seconds)}

    def on_problem(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, ProblemError):
            return problem_response(error)
        assert isinstance(error, HTTPException)
        kind = HTTPStatus(error.status_code).name.lower()
        return problem_response(ProblemError(error.status_code, kind, str(error.detail), headers=error.headers))

    def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem_response(_of_validation(error.errors()))

    def on_away(request: Request, error: Exception) -> JSONResponse:
        what = "The event log" if isinstance(error, LogUnavailable) else "ClickHouse"
        detail = f"{what} is not reachable now. Try again in a moment; nothing that got a 202 is lost."
        return problem_response(ProblemError(503, "unavailable", detail, headers=wait))

    def on_mistake(request: Request, error: Exception) -> JSONResponse:
        route = getattr(
            request.scope.get("route"), "path", "?"
        )  # its path may hold a person's id, which logs would keep
        _LOG.exception("%s %s failed", request.method, route, exc_info=error)
        detail = "This is a mistake of Sonnim's, not yours; its log says more."
        return problem_response(ProblemError(500, "internal_error", detail))

    def on_gone(request: Request, error: Exception) -> Response:
        return Response(status_code=499)  # whoever asked has gone: nobody reads it, and it is nobody's mistake

    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(HTTPException, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(StoreUnavailable, on_away)
    app.add_exception_handler(LogUnavailable, on_away)
    app.add_exception_handler(StoreError, on_mistake)
    app.add_exception_handler(Exception, on_mistake)


def _of_validation(errors: Sequence[Any]) -> ProblemError:
    """FastAPI's complaints as one problem; a body that is no JSON at all is 400, anything else 422."""
    if any(error["type"] == "json_invalid" for error in errors):
        return ProblemError(400, "not_json", f"The body is not JSON: {errors[0]['ctx']['error']}.")
    faults = [Fault(place=_place(error["loc"]), detail=_said(error)) for error in errors[:20]]
    detail = f"{faults[0].place or 'the body'}: {faults[0].detail}"
    return ProblemError(422, "invalid_input", detail, errors=faults)


def _place(loc: Sequence[str | int]) -> str:
    source, *rest = loc
    if source == "query":
        return "?" + ".".join(printable(str(part)) for part in rest)
    place = ""
    for part in rest:
        place = pointer(place, part)
    return place


def _said(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "Not understood here; leave it out."
    if error["type"] == "missing":
        return "This is required."
    return printable_message(str(error["msg"]))


def printable_message(text: str) -> str:
    """A message that any encoder can write, at most 500 characters."""
    return text[:500].encode("utf-8", "backslashreplace").decode("utf-8")

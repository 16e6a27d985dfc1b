"""Erasing people, and the receipts of it."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from api.auth import Reader
from api.context import Here
from api.erasure import Eraser
from api.erasure_receipts import Receipt, find_receipt, list_receipts
from api.people import VISITOR, find_person, named
from api.problems import not_found, responses
from api.schemas import Moment, Shape
from api.strict import AboutOneRoute
from api.times import iso, iso_or_none

router = APIRouter(
    prefix="/v1", tags=["people"], route_class=AboutOneRoute, responses=responses(400, 401, 403, 404, 413, 422, 503)
)


class ErasedTotals(Shape):
    """What the person had counted for, over his life: totals of the past are what is there now and this."""

    visits: int
    pageviews: int
    orders: int
    units: int
    revenue: int = Field(description="net of refunds, in the site's currency")
    first_day: str | None = Field(description="of the first event, in the site's time zone", examples=["2026-05-04"])
    last_day: str | None


class ErasureOut(Shape):
    """A receipt. It names nobody."""

    receipt_id: str
    state: Literal["requested", "erasing", "settling", "done"] = Field(
        description="settling: everything is deleted, ClickHouse has yet to throw away the files it replaced"
    )
    requested_at: Moment
    erased_until: Moment | None = Field(description="what the person did before this moment was erased")
    finished_at: Moment | None
    removed: dict[str, int] = Field(description="rows deleted, by table, and lines of the log that were blanked")
    opt_outs: int = Field(description="addresses that are kept as a keyed hash, so that nothing is sent to them")
    totals: ErasedTotals


class ErasureList(Shape):
    """Receipts, newest first."""

    erasures: list[ErasureOut]


def _eraser(request: Request) -> Eraser:
    return cast(Eraser, request.app.state.eraser)


PersonId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=2_100,
        description="member:<member_id>, visitor:<visitor_id> or either id; may hold any character, also a slash",
    ),
]


@router.delete("/people/{person_id:path}", status_code=202)
def erase(
    context: Here, holder: Reader, eraser: Annotated[Eraser, Depends(_eraser)], person_id: PersonId
) -> ErasureOut:
    """Erase a person for good, with all devices. It goes on after the answer: ask for the receipt."""
    row = find_person(context.store, holder.site_id, person_id)
    if row is None:
        raise not_found("This person", advice="Give member:<member_id> or visitor:<visitor_id>.")
    member_id: str = row["member_id"]
    if member_id and person_id.startswith(VISITOR):
        advice = "It is a device that belongs to a member: erase the member, member:<member_id>, with all devices."
        raise not_found("A person of this id", advice=advice)
    return _out(eraser.ask(holder.site_id, member_id, "" if member_id else named(person_id).visitor_id))


@router.get("/erasures")
def listed(
    context: Here, holder: Reader, limit: Annotated[int, Query(ge=1, le=1_000, description="how many")] = 100
) -> ErasureList:
    """The newest receipts."""
    return ErasureList(erasures=[_out(one) for one in list_receipts(context.store, holder.site_id, limit)])


@router.get("/erasures/{receipt_id}")
def one(context: Here, holder: Reader, receipt_id: Annotated[str, Path(min_length=1, max_length=64)]) -> ErasureOut:
    """A receipt."""
    receipt = find_receipt(context.store, holder.site_id, receipt_id)
    if receipt is None:
        raise not_found("This receipt")
    return _out(receipt)


def _out(receipt: Receipt) -> ErasureOut:
    totals = receipt.totals
    return ErasureOut(
        receipt_id=receipt.receipt_id,
        state=receipt.state,  # type: ignore[arg-type]
        requested_at=iso(receipt.requested_at),
        erased_until=iso_or_none(receipt.erased_until),
        finished_at=iso_or_none(receipt.finished_at),
        removed=receipt.removed,
        opt_outs=receipt.opt_outs,
        totals=ErasedTotals(
            visits=totals.visits,
            pageviews=totals.pageviews,
            orders=totals.orders,
            units=totals.units,
            revenue=totals.revenue,
            first_day=totals.first_day,
            last_day=totals.last_day,
        ),
    )

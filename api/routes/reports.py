"""Live Report and the curve over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api import csv_text, report_csv
from api.asked import asked_for
from api.auth import Reader
from api.context import Context, Here
from api.last_answers import question
from api.live_report import read_report
from api.memberships import looked_up
from api.pages.texts import preferred
from api.problems import responses
from api.reports import differences_in_percent, differences_in_points, measures, shares, sums_of
from api.schemas import (
    CsvQuery,
    CurveOut,
    CurvePoint,
    CurveQuery,
    DifferencesInPercent,
    DifferencesInPoints,
    Measures,
    ReportIn,
    ReportOut,
    Shares,
)
from api.shown import asked_segment, fresh
from api.strict import StrictRoute
from api.times import iso
from sql.keys import KeyHolder

router = APIRouter(
    prefix="/v1/reports",
    tags=["reports"],
    route_class=StrictRoute,
    responses=responses(400, 401, 403, 404, 413, 422, 503),
)


class CsvResponse(Response):
    """For the documentation of a route: it answers CSV."""

    media_type = csv_text.MEDIA_TYPE


@router.post("/live")
def live_report(context: Here, holder: Reader, body: ReportIn) -> ReportOut:
    """Segment and site side by side, over the visits of the last 24 hours or 7 days."""
    return _answered(context, holder, body, context.clock())


@router.post("/live.csv", response_class=CsvResponse)
def live_report_csv(
    context: Here,
    holder: Reader,
    body: ReportIn,
    query: Annotated[CsvQuery, Query()],
    accept_language: Annotated[str, Header()] = "",
) -> CsvResponse:
    """The same report as CSV, for spreadsheets and scripts (docs/api.md, "Live Report")."""
    now = context.clock()
    report = _answered(context, holder, body, now)
    language = query.language or preferred(accept_language)
    name = report_csv.file_name(report, holder.site_id, body.segment is None, iso(now))
    return CsvResponse(
        "".join(csv_text.document(report_csv.header(language), report_csv.rows(report, language))),
        headers=csv_text.headers(name, language),
    )


def _answered(context: Context, holder: KeyHolder, body: ReportIn, now: int) -> ReportOut:
    asked = question(holder.site_id, "report", body)
    return context.last.answer(asked, now, lambda: _live_report(context, holder, body, now))


def _live_report(context: Context, holder: KeyHolder, body: ReportIn, now: int) -> ReportOut:
    told = fresh(context, now)
    asked = looked_up(context, holder.site_id, asked_for(context.store, holder, body.segment, "/segment"), now)
    read = read_report(context.store, holder.site_id, body.window, asked, now, context.settings.online_minutes)
    segment, site = measures(read.segment), measures(read.site)
    others = measures(read.site.less(read.segment))
    base = others if body.compare == "others" else site
    counted = asked.countable
    return ReportOut(
        **told,
        window=body.window,
        currency=holder.currency,
        compare=body.compare,
        asked=asked_segment(asked, holder.currency),
        reason=None if counted else "now_condition",
        segment=Measures.model_validate(segment) if counted else None,
        site=Measures.model_validate(site),
        others=Measures.model_validate(others) if counted and body.compare == "others" else None,
        share=Shares.model_validate(shares(read.segment, read.site)) if counted else None,
        diff_pct=DifferencesInPercent.model_validate(differences_in_percent(segment, base)) if counted else None,
        diff_pp=DifferencesInPoints.model_validate(differences_in_points(segment, base)) if counted else None,
        top=read.top if counted else None,
    )


@router.get("/curve")
def curve(context: Here, holder: Reader, query: Annotated[CurveQuery, Query()]) -> CurveOut:
    """Figures of the whole site over time, as the flow wrote them down every few seconds."""
    now = context.clock()
    asked = question(holder.site_id, "curve", query)
    return context.last.answer(asked, now, lambda: _curve(context, holder, query, now))


def _curve(context: Context, holder: KeyHolder, query: CurveQuery, now: int) -> CurveOut:
    told, span = fresh(context, now), query.minutes * 60_000
    rows = context.store.rows(
        "site_curve",
        {
            "site_id": holder.site_id,
            "window": query.window,
            "since": now - span,
            "until": now,
            "step": -(-span // query.points),
        },
    )
    return CurveOut(
        **told,
        window=query.window,
        currency=holder.currency,
        points=[
            CurvePoint.model_validate({**measures(sums_of(row)), "at": iso(row["moment"]), "online": row["online"]})
            for row in rows
        ],
    )

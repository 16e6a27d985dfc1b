"""From a request with members' data to the log."""

from __future__ import annotations

from api.context import Context
from api.events import Arrived, decoded, kept, refused_as_a_whole
from api.problems import ProblemError
from api.schemas import EventsAnswer, RejectedItem
from ingest.door import Broken, SiteRules, Verdict, open_members_door
from sql.keys import KeyHolder

MOST = 1_000
"""Items of one request."""


def receive_members(context: Context, holder: KeyHolder, arrived: Arrived) -> EventsAnswer:
    """Take members' data in; returns when the log has it, and the refused items beside it.

    Raises `ProblemError` for a body that is not taken as a whole, and `LogUnavailable`.
    """
    items = decoded(arrived)
    verdict = _through_the_door(context, holder, items)
    refused_as_a_whole(items, verdict)
    return EventsAnswer(
        accepted=len(verdict.members),
        rejected=[
            RejectedItem(index=one.index, reason=one.reason.value, detail=one.detail) for one in verdict.rejected
        ],
    )


def receive_member(context: Context, holder: KeyHolder, arrived: Arrived, member_id: str) -> EventsAnswer:
    """Take the data of one member in. Raises as `receive_members`; also `ProblemError` if it is refused."""
    items = decoded(arrived)
    if len(items) != 1:
        raise ProblemError(400, "not_one_object", "The data of one member is one JSON object.")
    item = items[0]
    if isinstance(item, dict):
        if item.get("member_id", member_id) != member_id:
            raise ProblemError(422, "another_member", "member_id: leave it out, or give the one of the path.")
        item = {**item, "member_id": member_id}
    verdict = _through_the_door(context, holder, [item])
    refused_as_a_whole(items, verdict)
    for one in verdict.rejected:
        raise ProblemError(422, one.reason.value, f"{one.detail}.")
    return EventsAnswer(accepted=1, rejected=[])


def _through_the_door(context: Context, holder: KeyHolder, items: list[object | Broken]) -> Verdict:
    now = context.clock()
    site = SiteRules(holder.site_id, holder.currency, holder.timezone, context.traits.types(holder.site_id, now))
    verdict = open_members_door(items, site=site, received_at=now, max_items=MOST)
    partitions = context.log.partitions
    records = [*verdict.records(partitions), *kept(verdict.rejected, holder.site_id, now, partitions)]
    if records:
        context.log.append(records)
    for rejection in verdict.rejected:
        context.metrics.rejected.labels(holder.site_id, rejection.reason.value).inc()
    return verdict

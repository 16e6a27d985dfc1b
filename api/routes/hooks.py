"""Hooks: who is told of entries and exits, and what became of it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.auth import Reader
from api.context import Context, Here
from api.cursor import cursor_after, question_of, read_after
from api.dispatch.delivery import Delivery, delivery_of
from api.dispatch.ledger import Ledger
from api.dispatch.policy import REPLAYED
from api.dispatch.signing import new_secret
from api.dispatch.transition import TEST, body_of_test
from api.hooks import (
    MOST_HOOKS,
    DeliveriesQuery,
    DeliveryList,
    HookCreated,
    HookIn,
    HookList,
    HookOut,
    Replayed,
    ReplayIn,
    SecretOut,
    TestSent,
    delivery_shown,
    shown,
    terms_of,
)
from api.problems import ProblemError, invalid, not_found, responses
from api.strict import StrictRoute
from api.times import iso
from flows.writer import partition_of
from sql.hooks import Hook, HookTerms, create_hook, delete_hook, get_hook, list_hooks, rotate_secret, update_hook
from sql.segments import list_segments

router = APIRouter(
    prefix="/v1/hooks",
    tags=["hooks"],
    route_class=StrictRoute,
    responses=responses(400, 401, 403, 404, 409, 413, 422, 503),
)
HookId = Annotated[str, Path(min_length=1, max_length=64)]
WebhookId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
def listed(context: Here, holder: Reader) -> HookList:
    """All hooks of the site, without their secrets."""
    now = context.clock()
    return HookList.model_validate({"hooks": [shown(hook, now) for hook in list_hooks(context.store, holder.site_id)]})


@router.post("", status_code=201)
def create(context: Here, holder: Reader, body: HookIn) -> HookCreated:
    """Make a hook. It is told of what happens from two seconds later; its secret is shown this once."""
    terms, now = _terms(context, holder.site_id, body), context.clock()
    with context.editing:
        if len(list_hooks(context.store, holder.site_id)) >= MOST_HOOKS:
            raise ProblemError(409, "too_many_hooks", f"A site has at most {MOST_HOOKS} hooks; delete one.")
        hook = create_hook(context.store, holder.site_id, terms, new_secret(), now)
    return HookCreated.model_validate({**shown(hook, now), "secret": hook.secret})


@router.get("/{hook_id}")
def one(context: Here, holder: Reader, hook_id: HookId) -> HookOut:
    """A hook, without its secret."""
    return HookOut.model_validate(shown(_found(get_hook(context.store, holder.site_id, hook_id)), context.clock()))


@router.put("/{hook_id}")
def update(context: Here, holder: Reader, hook_id: HookId, body: HookIn) -> HookOut:
    """Change a hook; what waits is sent as the hook is then. One that is made active is not disabled any more."""
    _found(get_hook(context.store, holder.site_id, hook_id))
    terms, now = _terms(context, holder.site_id, body), context.clock()
    with context.editing:
        hook = _found(update_hook(context.store, holder.site_id, hook_id, terms, now))
    return HookOut.model_validate(shown(hook, now))


@router.delete("/{hook_id}", status_code=204)
def delete(context: Here, holder: Reader, hook_id: HookId) -> Response:
    """Delete a hook. What waits is not sent."""
    with context.editing:
        if not delete_hook(context.store, holder.site_id, hook_id, context.clock()):
            raise not_found("This hook")
    return Response(status_code=204)


@router.post("/{hook_id}/secret")
def rotate(context: Here, holder: Reader, hook_id: HookId) -> SecretOut:
    """Change the secret. For 24 hours everything is signed with both."""
    with context.editing:
        hook = _found(rotate_secret(context.store, holder.site_id, hook_id, new_secret(), context.clock()))
    return SecretOut(secret=hook.secret, old_secret_until=iso(hook.old_secret_until))


@router.post("/{hook_id}/test", status_code=202)
def test(context: Here, holder: Reader, hook_id: HookId) -> TestSent:
    """Send a test event. It is tried again as others are."""
    hook = _found(get_hook(context.store, holder.site_id, hook_id))
    if not hook.terms.active:
        raise ProblemError(409, "hook_inactive", "The hook is not active: nothing is sent to it.")
    now = context.clock()
    delivery = Delivery(
        site_id=hook.site_id,
        hook_id=hook.hook_id,
        webhook_id=f"msg_{secrets.token_hex(16)}",
        partition=partition_of(hook.hook_id, context.log.partitions),
        transition_id="",
        type=TEST,
        segment_id="",
        person_id="",
        member_id="",
        visitor_id="",
        entry=0,
        at=now,
        body=body_of_test(hook.hook_id, now).decode(),
        created_at=now,
        changed_at=now,
        next_attempt_at=now,
    )
    Ledger(context.store).write([delivery.row(now)])
    return TestSent(webhook_id=delivery.webhook_id)


@router.get("/{hook_id}/deliveries")
def deliveries(
    context: Here, holder: Reader, hook_id: HookId, query: Annotated[DeliveriesQuery, Query()]
) -> DeliveryList:
    """What the hook was told of, newest first, and what became of it."""
    _found(get_hook(context.store, holder.site_id, hook_id))
    name = question_of(holder.site_id, "deliveries", hook_id, query.status)
    after, (after_id,) = read_after(query.cursor, name)
    about = {"site_id": holder.site_id, "hook_id": hook_id, "status": query.status or "", "webhook_id": ""}
    place = {"after": after, "after_id": after_id, "size": query.limit + 1}
    found = [delivery_of(row) for row in context.store.rows("deliveries", {**about, **place})]
    page, more = found[: query.limit], len(found) > query.limit
    return DeliveryList(
        deliveries=[delivery_shown(delivery) for delivery in page],
        next_cursor=cursor_after(name, page[-1].created_at, page[-1].webhook_id) if more else None,
    )


@router.post("/{hook_id}/deliveries/{webhook_id}/replay", status_code=202)
def replay(context: Here, holder: Reader, hook_id: HookId, webhook_id: WebhookId) -> Replayed:
    """Send a delivery again from the first attempt on, whatever became of it: the same id and body."""
    _found(get_hook(context.store, holder.site_id, hook_id))
    about = (holder.site_id, hook_id, "waiting", REPLAYED, context.clock())
    count = Ledger(context.store).change(*about, webhook_id=webhook_id)
    if not count:
        raise not_found("This delivery")
    return Replayed(count=count)


@router.post("/{hook_id}/replay", status_code=202)
def replay_many(context: Here, holder: Reader, hook_id: HookId, body: ReplayIn) -> Replayed:
    """Send deliveries again, those that failed say: the same ids and bodies."""
    _found(get_hook(context.store, holder.site_id, hook_id))
    about = (holder.site_id, hook_id, "waiting", REPLAYED, context.clock())
    return Replayed(count=Ledger(context.store).change(*about, from_status=body.status, since=_moment(body.since)))


def _terms(context: Context, site_id: str, body: HookIn) -> HookTerms:
    segments = {one.segment_id for one in list_segments(context.store, site_id)} if body.segments else set()
    return terms_of(body, context.settings.hooks_allowed_networks, segments)


def _found(hook: Hook | None) -> Hook:
    if hook is None:
        raise not_found("This hook")
    return hook


def _moment(text: str) -> int:
    """Epoch ms of an ISO 8601 moment with its offset. Raises `ProblemError` 422."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 1970 <= moment.year < 2100:
            raise ValueError
        return max(int(moment.timestamp() * 1000), 0)
    except (ValueError, OverflowError):
        raise invalid("/since", "Write a moment as 2026-05-04T03:02:01Z.") from None

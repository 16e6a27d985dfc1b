"""What a site says of its hooks, and is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from api.dispatch.addresses import MOST_CHARACTERS, AddressRefused, Network, checked_url, require_allowed, resolve
from api.dispatch.delivery import Delivery
from api.problems import invalid
from api.schemas import Cursor, Moment, Shape
from api.times import iso, iso_or_none
from sql.hooks import Again, Hook, HookTerms

MOST_HOOKS = 100
MOST_DELAY_SECONDS = 7 * 24 * 3_600
MOST_NOT_WITHIN_SECONDS = 366 * 24 * 3_600
LOOKUP_SECONDS = 3.0

Event = Literal["segment.entered", "segment.exited"]
Status = Literal["waiting", "delivered", "failed", "skipped"]

_lookups = ThreadPoolExecutor(4, "hooks-saving")


class NotWithin(Shape):
    """Not again within a time."""

    not_within_seconds: Annotated[int, Field(ge=1, le=MOST_NOT_WITHIN_SECONDS)]


class Policy(Shape):
    """Whether the same person's next entry into (exit from) the same segment is told of again."""

    again: Literal["always", "once"] | NotWithin = "always"


class HookIn(Shape):
    """What a hook is to be told of, and where."""

    url: str = Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="https:// or http://, on the public internet, without user and password",
        examples=["https://shop.example/hooks/sonnim"],
    )
    events: list[Event] = Field(default=["segment.entered", "segment.exited"], min_length=1, max_length=2)
    segments: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=1_000, description="ids of saved segments; null: all"
    )
    policy: Policy = Field(default_factory=Policy)
    delay_seconds: int = Field(
        default=0,
        ge=0,
        le=MOST_DELAY_SECONDS,
        description="waited before it is sent; who is not in the segment any more then (or again, of an exit) is skipped",
    )
    active: bool = True


class Disabled(Shape):
    """Why Sonnim turned a hook off, and when."""

    reason: str
    at: Moment


class HookOut(HookIn):
    """A hook. Its secret is shown when it is made, and when it is changed."""

    id: str
    disabled: Disabled | None = Field(description="set if the receiver answered 410; null again once it is made active")
    old_secret_until: Moment | None = Field(description="until then the secret before signs beside the present one")
    created_at: Moment
    changed_at: Moment


class HookCreated(HookOut):
    """A hook that was just made, with its secret: it is not shown again."""

    secret: str = Field(description="whsec_ and base64 of 32 bytes", examples=["whsec_..."])


class HookList(Shape):
    """All hooks of a site, oldest first."""

    hooks: list[HookOut]


class SecretOut(Shape):
    """A new secret."""

    secret: str
    old_secret_until: Moment = Field(description="until then the old one signs, too")


class DeliveryOut(Shape):
    """What a hook was told of, or is to be told of."""

    webhook_id: str
    type: str = Field(examples=["segment.entered"])
    transition_id: str | None
    segment_id: str | None
    person_id: str | None
    entry: int | None
    at: Moment = Field(description="when it happened")
    status: Status
    reason: str | None = Field(description="skipped: once, not_within, left, returned, deleted; failed: disabled")
    attempts: int
    next_attempt_at: Moment | None = Field(description="of one that waits")
    last_status: int | None = Field(description="HTTP status of the last attempt; null: no answer")
    last_error: str | None
    body: dict[str, Any] = Field(description="what is sent")
    created_at: Moment
    changed_at: Moment


class DeliveryList(Shape):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]
    next_cursor: str | None


class DeliveriesQuery(Shape):
    """Which deliveries."""

    status: Status | None = None
    limit: int = Field(default=100, ge=1, le=1_000)
    cursor: Cursor = None


class ReplayIn(Shape):
    """Which deliveries to send again."""

    status: Literal["failed", "delivered", "skipped"] = "failed"
    since: Moment = Field(description="of transitions since then", max_length=40)


class Replayed(Shape):
    """How many deliveries are sent again, soon."""

    count: int


class TestSent(Shape):
    """A test event that is sent soon; its outcome stands among the deliveries."""

    webhook_id: str


def terms_of(body: HookIn, allowed: Sequence[Network], segments: set[str]) -> HookTerms:
    """What is asked for. `segments`: ids there are. Raises `ProblemError` 422 with the place."""
    try:
        url = checked_url(body.url)
        require_allowed(_addresses(url.host, url.port or 443), allowed)
    except AddressRefused as error:
        raise invalid("/url", str(error)) from None
    for place, segment_id in enumerate(body.segments or ()):
        if segment_id not in segments:
            raise invalid(f"/segments/{place}", "There is no such segment.")
    again = body.policy.again
    told: tuple[Again, int] = (again, 0) if isinstance(again, str) else ("not_within", again.not_within_seconds)
    return HookTerms(
        url=body.url,
        events=tuple(dict.fromkeys(body.events)),
        segments=None if body.segments is None else tuple(dict.fromkeys(body.segments)),
        again=told[0],
        not_within_seconds=told[1],
        delay_seconds=body.delay_seconds,
        active=body.active,
    )


def shown(hook: Hook, now: int) -> dict[str, Any]:
    """A hook as `HookOut` has it."""
    terms = hook.terms
    again: Any = terms.again if terms.again != "not_within" else {"not_within_seconds": terms.not_within_seconds}
    until = hook.old_secret_until if hook.old_secret and now < hook.old_secret_until else None
    return {
        "id": hook.hook_id,
        "url": terms.url,
        "events": list(terms.events),
        "segments": None if terms.segments is None else list(terms.segments),
        "policy": {"again": again},
        "delay_seconds": terms.delay_seconds,
        "active": terms.active,
        "disabled": {"reason": hook.disabled_reason, "at": iso(hook.changed_at)} if hook.disabled_reason else None,
        "old_secret_until": iso_or_none(until),
        "created_at": iso(hook.created_at),
        "changed_at": iso(hook.changed_at),
    }


def delivery_shown(delivery: Delivery) -> DeliveryOut:
    """A delivery as the API tells it."""
    return DeliveryOut(
        webhook_id=delivery.webhook_id,
        type=delivery.type,
        transition_id=delivery.transition_id or None,
        segment_id=delivery.segment_id or None,
        person_id=delivery.person_id or None,
        entry=delivery.entry if delivery.segment_id else None,
        at=iso(delivery.at),
        status=delivery.status,
        reason=delivery.reason or None,
        attempts=delivery.attempts,
        next_attempt_at=iso(delivery.next_attempt_at) if delivery.status == "waiting" else None,
        last_status=delivery.last_status or None,
        last_error=delivery.last_error or None,
        body=orjson.loads(delivery.body),
        created_at=iso(delivery.created_at),
        changed_at=iso(delivery.changed_at),
    )


def _addresses(host: str, port: int) -> list[str]:
    """Addresses of a host; none if it has none now: it is looked at again before each attempt."""
    try:
        return _lookups.submit(resolve, host.strip("[]"), port).result(LOOKUP_SECONDS)
    except (OSError, UnicodeError, FutureTimeoutError):
        return []

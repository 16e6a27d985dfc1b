"""Which hooks are told of a transition, and whether again. Pure; times are epoch ms."""

from __future__ import annotations

from typing import Final

from api.dispatch.transition import event_of
from flows.membership.transitions import Transition
from sql.hooks import EFFECTIVE_AFTER_MS, Hook

ONCE: Final = "once"
NOT_WITHIN: Final = "not_within"
LEFT: Final = "left"
RETURNED: Final = "returned"
DISABLED: Final = "disabled"
REPLAYED: Final = "replayed"

Told = tuple[str, str, str, str]  # hook id, segment id, person id, event


def asks(hook: Hook, transition: Transition) -> bool:
    """Whether a hook is to be told of a transition at all: not of what happened before it took effect."""
    terms = hook.terms
    return (
        terms.active
        and hook.site_id == transition.site_id
        and event_of(transition) in terms.events
        and (terms.segments is None or transition.segment_id in terms.segments)
        and transition.at >= hook.created_at + EFFECTIVE_AFTER_MS
    )


def told_of(hook: Hook, transition: Transition) -> Told:
    """What the policy looks back for."""
    return hook.hook_id, transition.segment_id, transition.person_id, event_of(transition)


def skips(hook: Hook, transition: Transition, last: int | None) -> str:
    """Why a transition is not told again, '' if it is. `last`: when the same had last happened that the hook was told, None for never."""
    terms = hook.terms
    if last is None or terms.again == "always":
        return ""
    if terms.again == "once":
        return ONCE
    return NOT_WITHIN if transition.at - last < terms.not_within_seconds * 1000 else ""

"""What each role may do: every call that a session may make, and the least role for it. A call that is not here is for admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sql.users import ROLES, Role

_ALL: Final[Mapping[Role, str]] = {
    "viewer": """
        GET /v1/live/visitors
        POST /v1/live/visitors
        POST /v1/live/visitors.csv
        GET /v1/live/stream
        GET /v1/people/{person_id}
        GET /v1/people/{person_id}/segments
        GET /v1/people/{person_id}/transitions
        GET /v1/people/{person_id}/events
        GET /v1/visitors/{visitor_id}
        GET /v1/visitors/{visitor_id}/segments
        GET /v1/devices/{visitor_id}
        GET /v1/members/{member_id}
        GET /v1/traits
        GET /v1/traits/{name}
        GET /v1/erasures
        GET /v1/erasures/{receipt_id}
        GET /v1/reports/curve
        POST /v1/reports/live
        POST /v1/reports/live.csv
        GET /v1/segments
        GET /v1/segments/fields
        GET /v1/segments/presets
        POST /v1/segments/preview
        GET /v1/segments/{segment_id}
        GET /v1/segments/{segment_id}/history
        GET /v1/segments/{segment_id}/members
        GET /v1/segments/{segment_id}/transitions
        GET /v1/segments/{segment_id}/curve
        GET /v1/hooks
        GET /v1/hooks/{hook_id}
        GET /v1/hooks/{hook_id}/deliveries
        GET /v1/freshness
        GET /v1/health
    """,
    "editor": """
        POST /v1/segments
        PUT /v1/segments/{segment_id}
        DELETE /v1/segments/{segment_id}
        POST /v1/hooks
        PUT /v1/hooks/{hook_id}
        DELETE /v1/hooks/{hook_id}
        POST /v1/hooks/{hook_id}/secret
        POST /v1/hooks/{hook_id}/test
        POST /v1/hooks/{hook_id}/replay
        POST /v1/hooks/{hook_id}/deliveries/{webhook_id}/replay
    """,
    "admin": """
        POST /v1/members
        PUT /v1/members/{member_id}
        PUT /v1/traits/{name}
        DELETE /v1/traits/{name}
        DELETE /v1/people/{person_id}
        GET /v1/users
        POST /v1/users
        PUT /v1/users/{user_id}
        DELETE /v1/users/{user_id}
        GET /v1/audit
    """,
}

RIGHTS: Final[Mapping[str, Role]] = {
    call.strip(): role for role, calls in _ALL.items() for call in calls.strip().splitlines()
}
"""Method and path, as routes write it -> the least role."""


def needed(method: str, path: str) -> Role:
    """The least role for a call; `path` with its parameters' names, with or without a converter (`{person_id:path}`)."""
    return RIGHTS.get(f"{method} {path.replace(':path}', '}')}", "admin")


def reaches(role: Role, least: Role) -> bool:
    """Whether a role may do what needs at least another one."""
    return ROLES.index(role) >= ROLES.index(least)

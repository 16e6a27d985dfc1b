"""Shapes of one person, with what was told of him."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.member_shapes import MemberData
from api.schemas import Card, Fresh, PersonOrder, PersonVisit

MEMBER: Any = Field(description="what the shop told of the member; null: nothing, or nobody knows who it is")


class PersonOut(Fresh):
    """A person with visits and orders of all devices (the newest 200 of each)."""

    person: Card
    member: MemberData | None = MEMBER
    visits: list[PersonVisit]
    orders: list[PersonOrder]


class VisitorOut(Fresh):
    """The person a visitor belongs to now, with visits and orders of all devices (the newest 200 of each)."""

    visitor: Card
    member: MemberData | None = MEMBER
    visits: list[PersonVisit]
    orders: list[PersonOrder]

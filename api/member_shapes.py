"""Shapes of members' data and of the traits a site declares. Times are ISO 8601 UTC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Fresh, Moment, Shape

Label = Annotated[str, Field(max_length=100, description="for people to read; '' if there is none")]
TraitType = Literal["string", "number", "date", "boolean"]


class Consent(Shape):
    """Whether ads may be sent through a channel."""

    granted: bool
    at: Moment = Field(description="since when")
    source: str | None = Field(description="where it was given")


class Coupon(Shape):
    """A coupon of a member; null is absent."""

    id: str
    name: str | None
    issued_at: Moment | None
    expires_at: Moment | None = Field(description="null: never")
    used_at: Moment | None


class MemberData(Shape):
    """What a shop told of a member; null is absent. `told_as_of` says of each thing as of when it was told."""

    name: str | None
    grade: str | None
    points: int | None
    joined_at: Moment | None
    birthday: str | None = Field(description="1990-05-17, or 05-17 if nobody knows the year")
    kakao_friend: bool | None
    consents: dict[str, Consent] = Field(description="by channel: sms, kakao, push, email, night")
    coupons: list[Coupon]
    traits: dict[str, str | float | bool] = Field(description="by name; a date is a time")
    as_of: Moment | None = Field(description="the greatest of told_as_of")
    told_as_of: dict[str, Moment] = Field(
        description="by attribute: grade, consents.sms, traits.size, coupons (all of them), coupons.<id>, also of what was taken away"
    )


class MemberOut(Fresh):
    """A member as he is known."""

    member_id: str
    last_login_at: Moment | None
    data: MemberData


class TraitIn(Shape):
    """What a trait is."""

    type: TraitType = Field(description="it cannot change later")
    label_ko: Label = ""
    label_en: Label = ""


class TraitOut(TraitIn):
    """A declared trait."""

    name: str
    created_at: Moment


class TraitList(Shape):
    """The traits of a site, by name."""

    traits: list[TraitOut]

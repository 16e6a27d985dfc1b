"""Members' data, and the traits a site declares."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.auth import Reader
from api.context import Here
from api.member_data import data_of, read_member
from api.member_shapes import MemberOut, TraitIn, TraitList, TraitOut
from api.members import receive_member, receive_members
from api.problems import ProblemError, not_found, responses
from api.routes.events import arrived
from api.schemas import EventsAnswer
from api.shown import fresh
from api.strict import StrictRoute
from api.times import iso, iso_or_none
from ingest.members import KNOWN, TRAIT_NAME
from sql.traits import Trait, TraitError, delete_trait, list_traits, put_trait

router = APIRouter(prefix="/v1", tags=["members"], route_class=StrictRoute)
_TAKEN = responses(400, 401, 403, 413, 415, 422, 503)
_READ = responses(400, 401, 403, 404, 409, 413, 422, 503)
_ITEM = {"type": "object", "description": "docs/members.md"}
_MANY = {
    "requestBody": {
        "required": True,
        "description": "one member's data, an array of them, or one a line (docs/members.md); gzip and deflate are understood",
        "content": {
            "application/json": {"schema": {"oneOf": [_ITEM, {"type": "array", "items": _ITEM}]}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}
_ONE = {"requestBody": {"required": True, "content": {"application/json": {"schema": _ITEM}}}}

MemberId = Annotated[str, Path(min_length=1, max_length=2_000, description="may hold any character, also a slash")]
TraitName = Annotated[str, Path(pattern=f"^{TRAIT_NAME.pattern}$")]


@router.post("/members", status_code=202, openapi_extra=_MANY, responses=_TAKEN)
async def send_members(request: Request, context: Here, holder: Reader) -> EventsAnswer:
    """Tell of members. What is not named stays as it was; null takes it away. 202 means the log has the accepted ones."""
    return await run_in_threadpool(receive_members, context, holder, await arrived(request))


@router.put("/members/{member_id:path}", status_code=202, openapi_extra=_ONE, responses=_TAKEN | responses(404))
async def send_member(request: Request, context: Here, holder: Reader, member_id: MemberId) -> EventsAnswer:
    """Tell of one member. What is not named stays as it was."""
    return await run_in_threadpool(receive_member, context, holder, await arrived(request), member_id)


@router.get("/members/{member_id:path}", responses=_READ)
def member(context: Here, holder: Reader, member_id: MemberId) -> MemberOut:
    """What is known of a member, and as of when."""
    told, row = fresh(context, context.clock()), read_member(context.store, holder.site_id, member_id)
    if row is None:
        raise not_found("This member", advice="Nobody told of this member, and he never logged in.")
    return MemberOut(
        **told,
        member_id=member_id,
        last_login_at=iso_or_none(row["login_at"]),
        data=data_of(row["profile"]),
    )


@router.get("/traits", responses=_READ)
def traits(context: Here, holder: Reader) -> TraitList:
    """The attributes of members that the site has declared."""
    return TraitList(traits=[_out(trait) for trait in list_traits(context.store, holder.site_id)])


@router.get("/traits/{name}", responses=_READ)
def trait(context: Here, holder: Reader, name: TraitName) -> TraitOut:
    """One of them."""
    for one in list_traits(context.store, holder.site_id):
        if one.name == name:
            return _out(one)
    raise _no_trait()


@router.put("/traits/{name}", responses=_READ)
def declare(context: Here, holder: Reader, name: TraitName, body: TraitIn) -> TraitOut:
    """Declare a trait, or change its labels."""
    if name in KNOWN:
        raise ProblemError(409, "trait_refused", f"{name!r} is known for every member already: take another name.")
    now = context.clock()
    with context.editing:
        try:
            declared = put_trait(
                context.store, holder.site_id, Trait(name, body.type, body.label_ko, body.label_en, now), now
            )
        except TraitError as error:
            raise ProblemError(409, "trait_refused", f"{error}.") from None
    context.traits.forget(holder.site_id)
    return _out(declared)


@router.delete("/traits/{name}", status_code=204, responses=_READ)
def undeclare(context: Here, holder: Reader, name: TraitName) -> Response:
    """Delete a trait: it is taken no more."""
    with context.editing:
        deleted = delete_trait(context.store, holder.site_id, name, context.clock())
    if not deleted:
        raise _no_trait()
    context.traits.forget(holder.site_id)
    return Response(status_code=204)


def _no_trait() -> ProblemError:
    return not_found("This trait", advice="GET /v1/traits lists those that are declared.")


def _out(trait: Trait) -> TraitOut:
    return TraitOut(
        name=trait.name,
        type=trait.type,  # type: ignore[arg-type]  # checked when it was declared
        label_ko=trait.label_ko,
        label_en=trait.label_en,
        created_at=iso(trait.created_at),
    )

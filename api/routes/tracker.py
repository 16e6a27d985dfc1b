"""GET /v1/sonnim.js: the snippet for a shop's pages."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from ingest.tracker import script

router = APIRouter(prefix="/v1", tags=["events"])

#: Browsers and caches between keep it for an hour, and ask then whether it has changed.
_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@router.get(
    "/sonnim.js",
    response_class=Response,
    responses={
        200: {"description": "the script", "content": {"text/javascript": {"schema": {"type": "string"}}}},
        304: {"description": "the script that was named by If-None-Match"},
    },
)
def tracker(
    if_none_match: Annotated[str, Header(description="ETags of scripts that are there already")] = "",
    accept_encoding: Annotated[str, Header(description="gzip or none")] = "",
) -> Response:
    """The script that a shop puts into its pages (docs/snippet.md). It needs no key; the page names one."""
    found = script()
    zipped = _accepts_gzip(accept_encoding)
    etag = f'"{found.version}{"-gzip" if zipped else ""}"'
    headers = {**_HEADERS, "ETag": etag}
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(found.gzipped if zipped else found.text, headers=headers, media_type="text/javascript")


def _accepts_gzip(accept_encoding: str) -> bool:
    """Whether the header names gzip, or anything, and not with the quality 0."""
    for one in accept_encoding.lower().split(","):
        name, _, quality = one.replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return quality.strip("0.") != "" or quality == ""
    return False

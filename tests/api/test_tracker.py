"""GET /v1/sonnim.js: any shop's page may load it, small and cached."""

from __future__ import annotations

import gzip

import pytest

from ingest.tracker import script
from tests.api.conftest import World


def test_a_page_of_any_origin_gets_the_script_without_a_key(world: World) -> None:
    answer = world.client.get(
        "/v1/sonnim.js", headers={"Origin": "https://shop.example", "Accept-Encoding": "identity"}
    )
    assert answer.status_code == 200
    assert answer.content == script().text
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("accepts", ["gzip", "gzip, deflate, br, zstd", "br;q=1, GZIP;q=0.5", "*"])
def test_it_goes_out_gzipped_to_who_takes_it(world: World, accepts: str) -> None:
    answer = world.client.get("/v1/sonnim.js", headers={"Accept-Encoding": accepts})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 5_000
    assert answer.content == gzip.decompress(script().gzipped)
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepts", ["", "identity", "br", "gzip;q=0", "deflate, gzip; q=0.0"])
def test_it_goes_out_plain_to_who_does_not(world: World, accepts: str) -> None:
    answer = world.client.get("/v1/sonnim.js", headers={"Accept-Encoding": accepts})
    assert "content-encoding" not in answer.headers
    assert answer.content == script().text


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
def test_who_has_it_already_is_told_so(world: World, accepts: str) -> None:
    headers = {"Accept-Encoding": accepts}
    etag = world.client.get("/v1/sonnim.js", headers=headers).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = world.client.get("/v1/sonnim.js", headers={**headers, "If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert world.client.get("/v1/sonnim.js", headers={**headers, "If-None-Match": '"other"'}).status_code == 200


def test_a_page_can_read_the_clock_and_the_pause_a_503_asks_for(world: World) -> None:
    world.log.away = True
    headers = {**world.shop().writes, "Origin": "https://shop.example"}
    answer = world.client.post("/v1/events", json=[{"name": "page_view"}], headers=headers)
    assert answer.status_code == 503
    assert answer.headers["access-control-expose-headers"] == "Date, Retry-After"

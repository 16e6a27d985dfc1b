"""The demo's site begins with segments, and what is known of its members is told whatever fails on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson

from deploy.client import ApiClient
from deploy.demo_members import MemberTeller
from deploy.demo_site import SITE_ID, fresh_keys
from flows.segments.parse import parse
from ingest.demo import DemoShop
from sql.segments import list_segments
from sql.store import Store

NOW = 1_763_800_000_000


def test_a_new_demo_site_has_three_segments_and_gets_no_more(store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        fresh_keys(store, tmp_path, NOW)
        segments = list_segments(store, SITE_ID)
        assert len(segments) == 3
    for segment in segments:
        parse(segment.expression)


def test_members_whom_the_api_did_not_take_are_told_of_again() -> None:
    answers, told = [503, 202, 202], []

    def answer(request: httpx.Request) -> httpx.Response:
        members: list[dict[str, Any]] = orjson.loads(request.content)
        told.append([one["member_id"] for one in members])
        return httpx.Response(answers.pop(0), json={"accepted": len(members), "rejected": []})

    shop = DemoShop(7, visits_per_minute=60)
    teller = MemberTeller(ApiClient("http://shop", "key", httpx.MockTransport(answer)), shop)
    list(shop.history(NOW, 1))
    teller.tell(NOW)
    teller.tell(NOW)
    assert told[0] == told[1] != []
    teller.tell(NOW)
    assert len(told) == 2

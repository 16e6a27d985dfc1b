"""Entries and exits of a person who is erased, and what hooks were told of them, go with him; those of others stay."""

from __future__ import annotations

import json
from typing import Any

from api.dispatch.delivery import table_of
from api.dispatch.transition import read_line
from flows.writer import partition_of
from sql.hooks import HookTerms, create_hook
from tests.api.conftest import DAY, MINUTE, NOW
from tests.api.dispatch.test_transition import LINE
from tests.api.visitors import insert_rows
from tests.erasure.shop import PARTITIONS, Shop


def happened(shop: Shop, number: int, member: str = "", visitor: str = "", at: int = NOW - MINUTE) -> None:
    """A transition in the log, its row, and a delivery of it."""
    told: dict[str, Any] = {
        **LINE, "id": f"tr_{number:032x}", "site_id": shop.site_id, "person_id": f"member:{member}" if member else f"visitor:{visitor}",
        "member_id": member, "visitor_id": visitor, "at": at, "since": at,
    }  # fmt: skip
    key = f"{shop.site_id}/{member or visitor}"
    shop.transitions.append([(partition_of(key, PARTITIONS), json.dumps(told, ensure_ascii=False).encode())])
    row = {name: value for name, value in told.items() if name != "id"}
    insert_rows(shop.store, "transitions", [{**row, "transition_id": told["id"], "shard": 0}])
    delivery = {
        "site_id": shop.site_id, "hook_id": "hook_1", "webhook_id": f"msg_{number}", "partition": 0, "transition_id": told["id"],
        "type": "segment.entered", "segment_id": "seg_1", "person_id": told["person_id"], "member_id": member, "visitor_id": visitor,
        "entry": 1, "at": at, "status": "waiting", "reason": "", "recheck": False, "attempts": 0, "next_attempt_at": NOW + DAY,
        "last_status": 0, "last_error": "", "body": json.dumps(told, ensure_ascii=False), "created_at": at, "changed_at": at,
    }  # fmt: skip
    shop.store.insert("deliveries", table_of([{**delivery, "version": version} for version in (1, 2)]))


def test_what_hooks_were_told_of_a_person_goes_with_him_and_that_of_others_stays(shop: Shop) -> None:
    create_hook(shop.store, shop.site_id, HookTerms("https://shop.example/", ("segment.entered",)), "whsec_AAAA", NOW)
    shop.event("device-anna", "e1", member_id="member-anna")
    shop.stint("device-anna", "member-anna")
    shop.member("member-anna", "device-anna")
    happened(shop, 1, member="member-anna")
    happened(shop, 2, visitor="device-anna", at=NOW - DAY)
    happened(shop, 3, member="member-annabel")
    happened(shop, 4, visitor="device-bert")
    assert len(shop.found("member-anna", "device-anna")) > 8
    receipt = shop.gone("member:member-anna")
    assert shop.found("member-anna", "device-anna") == []
    assert (receipt["removed"]["transitions"], receipt["removed"]["deliveries"]) == (2, 2)
    assert len([place for place in shop.found("device-bert") if "deliveries" in place or "transitions" in place]) == 3
    left = []
    for partition in range(PARTITIONS):
        lines = shop.transitions.read(partition, 0, 1 << 20).lines.split(b"\n")
        left += [told.person_id for told in map(read_line, lines) if told is not None]
    assert sorted(left) == ["member:member-annabel", "visitor:device-bert"]


def test_of_a_visitor_whom_nobody_knew_only_what_was_his_goes(shop: Shop) -> None:
    begin = NOW - 2 * MINUTE
    shop.event("device", "e1", NOW - 3 * MINUTE, name="identify", member_id="member-cora")
    shop.event("device", "e2", begin - 1, name="logout")
    shop.event("device", "e3", NOW - MINUTE)
    shop.stint("device", "member-cora", 0, seen=begin - 1, stint_end=begin)
    shop.stint("device", "", begin)
    happened(shop, 1, visitor="device", at=NOW - 4 * MINUTE)
    happened(shop, 2, visitor="device", at=NOW - MINUTE)
    happened(shop, 3, member="member-cora")
    shop.gone("visitor:device")
    rows = shop.store.rows_of("SELECT DISTINCT transition_id FROM deliveries")
    assert {row["transition_id"] for row in rows} == {f"tr_{1:032x}", f"tr_{3:032x}"}

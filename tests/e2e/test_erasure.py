"""The whole stack erases a person: no answer, no table and no file of it holds an id then, and a restart brings nothing back."""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import quote

import httpx

from deploy.clock import now_ms
from tests.e2e.stack import Shop, Stack
from tests.erasure.files import throw_away_at_once

DEVICES = 3


def test_a_person_is_erased_from_a_running_stack(tmp_path: Path) -> None:
    ids = [f"{name}-{uuid.uuid4().hex}" for name in ("member", *["device"] * DEVICES)]
    with Stack(tmp_path) as stack:
        throw_away_at_once(stack.store)
        shop = stack.add_site("myshop")
        shop.send(events(ids))
        stack.settle(shop)
        assert all(holding(tmp_path / "data", one) for one in ids)
        assert person(stack, shop, ids[0]).status_code == 200
        report = shop.report()
        receipt = httpx.delete(f"{stack.url}/v1/people/{ids[0]}", headers=key(shop), timeout=60)
        assert receipt.status_code == 202
        url = f"{stack.url}/v1/erasures/{receipt.json()['receipt_id']}"

        def state() -> str:
            return str(httpx.get(url, headers=key(shop), timeout=60).json()["state"])

        stack.wait_until("the erasure settles", lambda: state() in ("settling", "done"))
        stack.kill("api")
        stack.kill("flow")
        stack.wait_until("the API is back", lambda: alive(stack))
        stack.wait_until("the erasure is done", lambda: state() == "done")
        stack.settle(shop)
        assert person(stack, shop, ids[0]).status_code == 404
        after = shop.report()
        assert after["site"]["visits"] == report["site"]["visits"] - DEVICES
        assert after["site"]["orders"] == report["site"]["orders"] - 1
    assert [path for one in ids for path in holding(tmp_path, one)] == []
    with Stack(tmp_path) as stack:
        assert [row for one in ids for row in stood(stack, one)] == []


def events(ids: list[str]) -> list[dict[str, object]]:
    """A login on each device, an order on one; and somebody else."""
    at, (member, *devices) = now_ms() - 60_000, ids
    told: list[dict[str, object]] = []
    for device in devices:
        told.append({"event_id": f"a-{device[-20:]}", "visitor_id": device, "name": "page_view", "occurred_at": at})
        login = {"name": "identify", "member_id": member, "occurred_at": at + 5}
        told.append({"event_id": f"b-{device[-20:]}", "visitor_id": device, **login})
    bought = {"name": "purchase", "transaction_id": "order-1", "value": 1_000, "occurred_at": at + 9}
    told.append({"event_id": "c", "visitor_id": devices[0], **bought})
    told.append({"event_id": "d", "visitor_id": "somebody", "name": "page_view", "occurred_at": at})
    return told


def key(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.secret_key}"}


def person(stack: Stack, shop: Shop, member_id: str) -> httpx.Response:
    return httpx.get(f"{stack.url}/v1/people/{quote(member_id, safe='')}", headers=key(shop), timeout=60)


def alive(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def holding(directory: Path, name: str) -> list[Path]:
    """Files with these bytes in them."""
    found = []
    for path in directory.rglob("*"):
        try:
            if path.is_file() and name.encode() in path.read_bytes():
                found.append(path)
        except FileNotFoundError:  # ClickHouse threw it away meanwhile
            continue
    return found


def stood(stack: Stack, name: str) -> list[str]:
    """Rows that hold it, of every version."""
    tables = stack.rows("SELECT name FROM system.tables WHERE database = 'sonnim' AND engine LIKE '%MergeTree'")
    rows = [str(row) for table in tables for row in stack.rows(f"SELECT * FROM sonnim.{table['name']}")]
    assert rows
    return [row for row in rows if name in row]

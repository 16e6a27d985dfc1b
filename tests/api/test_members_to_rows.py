"""Members' data from the request through log and flow to the answer and to analysts."""

from __future__ import annotations

from typing import Any

from api.app import create_app
from sql.keys import create_key
from tests.api.client import Client
from tests.api.conftest import DAY, NOW
from tests.flows.shop import DenseLog, Shop


def test_what_was_told_shows_with_what_the_member_did(clickhouse_url: str, database: str) -> None:
    shop = Shop(clickhouse_url, database, DenseLog(3))
    shop.now = NOW
    key, _ = create_key(shop.store, "alpha", "secret", NOW)
    app = create_app(shop.store, shop.log, lambda: shop.now)
    client = Client(app)

    def call(method: str, path: str, body: Any = None) -> Any:
        answer = client.request(method, f"/v1/{path}", json=body, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    call("PUT", "traits/size", {"type": "string"})
    call("POST", "members", [{"member_id": "m1", "name": "A", "points": 5}, {"member_id": "m2", "grade": "VIP"}])
    shop.now += 1000
    told = {"visitor_id": "v1", "member_id": "m1", "occurred_at": shop.now}
    events = [
        {"event_id": "e1", "name": "identify", "properties": {"traits": {"points": 7, "size": "M"}}, **told},
        {
            "event_id": "e2",
            "name": "coupon_issued",
            "coupon_id": "c1",
            "coupon_name": "10%",
            "expires_at": NOW + DAY,
            **told,
        },
    ]
    assert call("POST", "events", events) == {"accepted": 2, "rejected": []}
    call("POST", "events", events)  # again
    shop.drain()

    found = call("GET", "members/m1")
    assert (found["data"]["name"], found["data"]["points"], found["data"]["traits"]) == ("A", 7, {"size": "M"})
    assert [(one["id"], one["name"]) for one in found["data"]["coupons"]] == [("c1", "10%")]
    assert found["last_login_at"] == "2026-01-01T00:00:01.000Z"
    assert found["data"]["told_as_of"]["name"] == "2026-01-01T00:00:00.000Z"
    assert found["data"]["told_as_of"]["points"] == "2026-01-01T00:00:01.000Z"
    card = call("GET", "people/member:m1")
    assert (card["member"], card["person"]["visits"]) == (found["data"], 1)
    assert call("GET", "visitors/v1")["member"] == found["data"]
    assert call("GET", "people/m2")["person"]["visits"] == 0
    assert call("GET", "live/visitors")["population"]["visitors"] == 1
    rows = shop.store.rows_of(
        "SELECT person_id, member_name, member_grade, member_points, trait_name, coupon_name, visits FROM current_people "
        "ORDER BY person_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("member:m1", "A", "", 7, ["size"], ["10%"], 1),
        ("member:m2", "", "VIP", None, [], [], 0),
    ]
    assert shop.store.rows_of("SELECT count() AS n FROM member_data FINAL WHERE site_id = 'alpha'") == [{"n": 6}]
    client.close()

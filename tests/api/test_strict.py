"""JSON that is deeper than what reads it can take is refused like any other mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.strict import DEEPEST, too_deep
from tests.api.conftest import Shop, World

CONDITION = {"field": "visits", "op": ">=", "value": 1}


def nested(levels: int) -> Any:
    value: Any = CONDITION
    for _ in range(levels):
        value = {"not": value}
    return value


@pytest.mark.parametrize("levels", [DEEPEST, 300, 900])
def test_no_depth_makes_a_server_error(world: World, shop: Shop, levels: int) -> None:
    told = nested(levels)
    bodies = {
        "/v1/reports/live": {"segment": told},
        "/v1/live/visitors": {"segment": told},
        "/v1/segments/preview": {"expression": told},
        "/v1/segments": {"name": "deep", "expression": told},
    }
    for path, body in bodies.items():
        answer = world.client.post(path, json=body, headers=shop.reads)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), path
        assert f"more than {DEEPEST} levels" in answer.json()["detail"]
    query = {"expression": json.dumps(told)}
    answer = world.client.get("/v1/live/stream", params=query, headers=shop.reads)
    assert answer.status_code == 422


def test_depth_is_that_of_the_deepest_and_width_is_no_depth() -> None:
    assert not too_deep(nested(DEEPEST - 1))
    assert too_deep(nested(DEEPEST))
    assert too_deep([1, {"a": [nested(DEEPEST)]}])
    assert not too_deep([[{"a": [n]}] for n in range(10_000)])

"""Every field of the catalogue can be judged by the flow, for visitors and for members; one that fails holds up no other."""

from __future__ import annotations

import pytest

from flows.membership import judging
from flows.segments.catalogue import example_of
from flows.segments.fields import FIELDS
from tests.flows.membership.test_stories import SECOND, T0, cart, event
from tests.laws.firing import Firing, definitions


def come_and_go(shop: Firing) -> None:
    at = T0 + 5 * SECOND
    told = [event(n, "pc", "page_view", at + n * SECOND, url="https://shop.example/") for n in range(2)]
    told += [cart(10 + n, "phone", at + n * SECOND, member_id="m") for n in range(2)]
    shop.play(told, at + 10 * SECOND)


def test_every_field_of_the_catalogue_is_judged() -> None:
    shop = Firing(now=T0)
    shop.define(definitions({field.name: example_of(field) for field in FIELDS}, T0))
    shop.define(definitions({f"no {field.name}": {"not": example_of(field)} for field in FIELDS}, T0))
    come_and_go(shop)
    counts = [row for p in shop.partitions for row in p.judge.counts(shop.now, shop.now).to_pylist()]
    assert {row["problem"] for row in counts} == {""}
    for field in FIELDS:  # each of the two is in one of the two
        inside = sum(row["members"] for row in counts if row["segment_id"] in (field.name, f"no {field.name}"))
        assert inside == 2, field.name


def test_a_definition_that_fails_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Firing(now=T0)
    shop.define(definitions({"bad": {"field": "os", "op": "is", "value": "x"}, "good": {"all": []}}, T0))
    bad = next(one.tree for one in shop.store.definitions.sites["s"].definitions if one.segment_id == "bad")
    holds = judging.Judged.holds

    def failing(judged: judging.Judged, tree: object) -> object:
        if tree is bad:
            raise ValueError("no")
        return holds(judged, tree)  # type: ignore[arg-type]

    monkeypatch.setattr(judging.Judged, "holds", failing)
    come_and_go(shop)
    assert {one.segment_id for one in shop.fired} == {"good"}
    counts = [row for p in shop.partitions for row in p.judge.counts(shop.now, shop.now).to_pylist()]
    assert {row["problem"] for row in counts if row["segment_id"] == "bad"} == {"ValueError: no", ""}

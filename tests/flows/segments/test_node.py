"""Trees are values: equal ones are one key, and what they remember stays with them."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import FrozenInstanceError

import pytest

from flows.segments.meaning import condition_of
from flows.segments.node import node, once
from flows.segments.parse import parse

DOCUMENT = {"all": [{"field": "visits", "op": ">=", "value": 10}, {"field": "os", "op": "in", "value": ["a", "b"]}]}


def test_equal_trees_are_one_key() -> None:
    one, other = parse(DOCUMENT), parse(DOCUMENT)
    assert one is not other
    assert one == other
    assert {one: "told"}[other] == "told"
    assert condition_of(one) == condition_of(other)


def test_a_tree_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        parse(DOCUMENT).parts = ()  # type: ignore[misc, union-attr]


def test_a_hash_does_not_travel() -> None:
    tree = parse(DOCUMENT)
    assert hash(tree) == hash(parse(DOCUMENT))
    condition_of(tree)
    for copied in (pickle.loads(pickle.dumps(tree)), deepcopy(tree)):
        assert not [name for name in copied.__dict__ if name.startswith("_")]
        assert copied == tree
        assert hash(copied) == hash(tree)


def test_what_is_made_of_a_node_is_made_once() -> None:
    made = []

    @node
    class Leaf:
        number: int

    @once
    def doubled(leaf: Leaf) -> int:
        made.append(leaf.number)
        return leaf.number * 2

    leaf = Leaf(3)
    assert (doubled(leaf), doubled(leaf), doubled(Leaf(4))) == (6, 6, 8)
    assert made == [3, 4]

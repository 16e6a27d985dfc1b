"""Growable tables, chains and the hash index, against plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.visitors.tables import NONE, HashIndex, Table, chain, order_by, walk

hashes = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=60)


@settings(deadline=None)
@given(st.lists(hashes, max_size=6))
def test_an_index_knows_just_the_keys_it_was_given(batches):
    index, known = HashIndex(), set()
    for batch in batches:
        keys = np.array(batch, np.uint64)
        _, new = index.insert(keys)
        expected = []
        for key in batch:
            key = key or 1  # 0 marks an empty place, so it shares the place of 1
            expected.append(key not in known)
            known.add(key)
        assert new.tolist() == expected
        assert index.contains(keys).all()
        assert index.used == len(known)
    others = np.array([k for k in range(50) if (k or 1) not in known], np.uint64)
    assert not index.contains(others).any()


def test_an_index_keeps_values_while_it_grows():
    index = HashIndex()
    keys = np.random.default_rng(1).integers(1, 2**63, 5000).astype(np.uint64)
    places, new = index.insert(keys[:10])
    assert new.all()
    index.assign(places, np.arange(10))
    index.insert(keys)
    places, _ = index.insert(keys[:10])
    assert index.values(places).tolist() == list(range(10))


def test_freed_rows_are_used_again():
    table = Table(x=("i8", 7))
    rows = table.append(x=np.arange(100))
    table.free(rows[10:20])
    assert table.live == 90
    again = table.append(x=np.full(15, 5))
    assert set(again.tolist()) >= set(rows[10:20].tolist())
    assert table.size == 105
    assert table["x"][again].tolist() == [5] * 15


def test_chains_are_walked_nearest_first_and_by_owner():
    table, heads = Table(before=("i4", NONE), value=("i8", 0)), np.full(3, NONE, np.int32)
    rows = table.append(value=np.array([1, 2, 3, 4]))
    chain(table, heads, np.array([0, 0, 2, 2]), rows)
    more = table.append(value=np.array([5]))
    chain(table, heads, np.array([0]), more)
    found, position = walk(table, heads.astype(np.int64))
    by_owner = [
        [int(table["value"][r]) for r, p in zip(found, position, strict=True) if p == owner] for owner in range(3)
    ]
    assert by_owner == [[5, 2, 1], [], [4, 3]]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("abc")), max_size=30))
def test_order_by_group_time_and_tie(rows):
    group, time = (np.array([r[i] for r in rows], np.int64) for i in range(2))
    tie = np.array([r[2] for r in rows], "S1")
    ordered = [rows[i] for i in order_by(group, time, lambda tied: tie[tied]).tolist()]
    assert ordered == sorted(rows)

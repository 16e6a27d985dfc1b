"""The vectorised cart fold against the walk it stands for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flows.visitors.carts import CHANGE, EMPTY, EVERY_ITEM, fold

operation = st.tuples(
    st.integers(0, 2),  # slot
    st.integers(0, 3),  # item; EVERY_ITEM always empties
    st.integers(1, 5),  # time
    st.sampled_from([b"a", b"b", b"c"]),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([-1, -1, 10, 20]),
)


def walked(operations):
    carts = {}
    for slot, item, at, _, empties, delta, price in sorted(operations, key=lambda o: (o[2], o[3])):
        lines = carts.setdefault(slot, {})
        if item == EVERY_ITEM:
            lines.clear()
            continue
        line = lines.setdefault(item, [0, -1, 0])
        line[0] = 0 if empties else max(0, line[0] + delta)
        if not empties and price >= 0:
            line[1] = price
        if line[0] == 0:
            line[1] = -1
        if not empties and delta > 0:
            line[2] = at
    return {(s, i): tuple(line) for s, lines in carts.items() for i, line in lines.items() if line[0] > 0}


@given(st.lists(operation, max_size=25, unique_by=lambda o: (o[0], o[2], o[3])))
def test_the_fold_is_a_walk_that_never_falls_below_zero(operations):
    columns = list(zip(*operations, strict=True)) or [[]] * 7
    slot, item, at, event, empties, delta, price = columns
    empties = [e or i == EVERY_ITEM for e, i in zip(empties, item, strict=True)]
    lines = fold(
        np.array(slot, np.int64),
        np.array(item, np.int64),
        np.array(at, np.int64),
        np.array(event, "S64"),
        np.where(empties, EMPTY, CHANGE).astype(np.int64),
        np.where(empties, 0, np.array(delta, np.int64)),
        np.where(empties, -1, np.array(price, np.int64)),
    )
    held = {
        (int(s), int(i)): (int(q), int(p), int(a))
        for s, i, q, p, a in zip(lines.slot, lines.item, lines.quantity, lines.price, lines.added_at, strict=True)
        if q > 0
    }
    assert held == walked(operations)

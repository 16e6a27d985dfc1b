"""One purchase merges as any set of facts does: the short way and the long one agree."""

from hypothesis import given
from hypothesis import strategies as st

from flows.visitors.orders import merge

line = st.fixed_dictionaries(
    {"item_id": st.sampled_from("abc")},
    optional={
        "quantity": st.integers(0, 3),
        "price": st.integers(0, 50),
        "category": st.sampled_from(["", "bags", "shoes"]),
    },
)
purchase = st.fixed_dictionaries(
    {"name": st.just("purchase"), "visitor_id": st.just("v"), "event_id": st.just("e"), "occurred_at": st.just(5)},
    optional={
        "value": st.integers(0, 99),
        "currency": st.sampled_from(["", "KRW"]),
        "items": st.lists(line, max_size=4),
    },
)


@given(purchase)
def test_a_purchase_alone_is_what_it_is_beside_its_own_copy(copy):
    assert merge([copy]) == merge([copy, {**copy, "event_id": "f", "occurred_at": 6}])


@given(purchase)
def test_a_refund_without_items_takes_everything_back(copy):
    refund = {"name": "refund", "visitor_id": "w", "event_id": "r", "occurred_at": 1}
    order = merge([copy, refund])
    assert (order.counted, order.units, order.refunded, order.lines) == (False, 0, order.value, ())
    assert order.value == merge([copy]).value

"""The segments that the demo's site begins with."""

from __future__ import annotations

from typing import Any, Final

from flows.segments.presets import PRESETS
from sql.segments import create_segment
from sql.store import Store

CART_LEFT: Final[dict[str, Any]] = {
    "all": [
        {"field": "cart_units", "op": ">", "value": 0},
        {"field": "last_carted_at", "op": "more_than_ago", "value": {"minutes": 30}},
        {"field": "last_carted_at", "op": "within_last", "value": {"days": 1}},
    ]
}
_OF_PRESETS: Final = ("spend_10k_50k", "frequent")


def save_demo_segments(store: Store, site_id: str, now: int) -> None:
    """Save three: a cart left for half an hour, a band of spending, frequent visitors. `now` is epoch ms."""
    create_segment(store, site_id, "장바구니에 담고 30분 지남", CART_LEFT, now)
    for preset in PRESETS:
        if preset.name in _OF_PRESETS:
            create_segment(store, site_id, preset.ko, preset.expression, now)

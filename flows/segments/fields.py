"""The catalogue of fields: each declared once, with its labels, type, unit and how it comes from a row of `visitors`.

Both evaluators, the sentences, the API's catalogue and `docs/segments.md` derive from these declarations. What a site declares of
its own (`traits.py`) comes after them.
"""

from __future__ import annotations

from flows.segments.field import GROUPS, Field
from flows.segments.member_fields import consent_fields, coupon_fields, member_fields
from flows.segments.shopping_fields import cart_fields, commerce_fields, product_fields
from flows.segments.visit_fields import (
    acquisition_fields,
    environment_fields,
    now_fields,
    traffic_fields,
    windowed_fields,
)


def _in_group_order(fields: list[Field]) -> tuple[Field, ...]:
    order = list(GROUPS)
    return tuple(sorted(fields, key=lambda declared: order.index(declared.group)))


FIELDS = _in_group_order(
    environment_fields()
    + member_fields()
    + coupon_fields()
    + consent_fields()
    + traffic_fields()
    + acquisition_fields()
    + product_fields()
    + cart_fields()
    + commerce_fields()
    + windowed_fields()
    + now_fields()
)
BY_NAME = {declared.name: declared for declared in FIELDS}

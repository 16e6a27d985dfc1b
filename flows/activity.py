"""Per-minute activity of a flush, by event, environment, source and product: arrays of the `commits` row."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_MINUTE = 60_000
_EMPTY = {
    "site": pa.array([], pa.string()), "minute": pa.array([], pa.int64()), "by": pa.array([], pa.string()),
    "value": pa.array([], pa.string()), "events": pa.array([], pa.int64()), "units": pa.array([], pa.int64()),
}  # fmt: skip


def activity_of(events: pa.Table | None) -> dict[str, pa.Array]:
    """Columns `activity_*` (one list each) of accepted events; bots are left out.

    `events` counts events, `units` item quantities; a product counts once an event and item line.
    """
    parts = [pa.table(_EMPTY)]
    if events is not None:
        events = events.filter(pc.invert(pc.fill_null(events["bot"], False)))
        minute = pc.multiply(pc.divide(events["occurred_at"], _MINUTE), _MINUTE)
        base = pa.table({"site": events["site_id"], "minute": minute})
        source = pc.if_else(
            pc.equal(_words(events, "utm_source"), ""), _words(events, "channel"), _words(events, "utm_source")
        )
        one = pa.array([0] * len(events), pa.int64())
        for by, value in (
            ("event", events["name"]),
            ("environment", _words(events, "environment")),
            ("source", source),
        ):
            told = base.append_column("value", value).append_column("units", one)
            parts.append(_counted(told.filter(pc.not_equal(value, "")), by))
        items = events["items"].combine_chunks()
        lines = items.flatten()
        products = base.take(pc.list_parent_indices(items)).append_column("value", lines.field("item_id"))
        parts.append(_counted(products.append_column("units", pc.fill_null(lines.field("quantity"), 1)), "product"))
    table = pa.concat_tables(parts)
    times = pc.divide(table["minute"], 1000).cast(pa.timestamp("s", "UTC"))
    table = table.set_column(table.schema.get_field_index("minute"), "minute", times)
    types = {"events": pa.uint64()}
    return {
        f"activity_{name}": _one_list(table[name].combine_chunks().cast(types.get(name, table[name].type)))
        for name in table.column_names
    }


def _words(events: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.fill_null(events[name], "")


def _counted(told: pa.Table, by: str) -> pa.Table:
    counted = told.group_by(["site", "minute", "value"]).aggregate([([], "count_all"), ("units", "sum")])
    return pa.table(
        {
            "site": counted["site"], "minute": counted["minute"], "by": pa.array([by] * len(counted), pa.string()),
            "value": counted["value"], "events": counted["count_all"], "units": counted["units_sum"],
        }
    )  # fmt: skip


def _one_list(values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)

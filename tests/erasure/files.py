"""The tables that hold people, and how soon ClickHouse throws away the files it has replaced."""

from __future__ import annotations

from sql.store import Store

TABLES = (
    "events",
    "visitors",
    "visits",
    "orders",
    "rejected_events",
    "segments",
    "erasures",
    "member_data",
    "transitions",
    "deliveries",
)


def throw_away_at_once(store: Store) -> None:
    """Within a second. By itself it takes up to several minutes, the longer the less there is to do."""
    for table in TABLES:
        store.command(
            f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 0, cleanup_delay_period = 0, "
            "cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1"
        )
        for verb in ("DETACH", "ATTACH"):  # what cleans is asleep already, for as long as it was set before
            store.command(f"{verb} TABLE {table}")

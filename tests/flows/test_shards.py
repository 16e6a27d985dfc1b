"""Flushes go on whatever the clock does, and what is rejected is told once a flush."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from ingest.log import FileLog
from sql.sites import add_site
from sql.store import Store
from tests.flows.running import AT, SECOND, Running, events

DAY = 86_400 * SECOND


def count(store: Store, sql: str) -> int:
    return int(store.rows_of(sql)[0]["n"])


def rejected(reason: str, site: str) -> float:
    return REGISTRY.get_sample_value("sonnim_flow_rejected_total", {"reason": reason, "site": site}) or 0


@pytest.mark.parametrize("leap", [-3 * 3_600 * SECOND, -400 * DAY, 20 * DAY])
def test_figures_are_written_on_after_the_clock_was_set(tmp_path: Path, store: Store, leap: int) -> None:
    log = FileLog(tmp_path, 2)
    flow = Running(log, store)

    def send(numbers: range) -> None:
        log.append([(n % 2, line) for n, line in zip(numbers, events(numbers, flow.now, visitors=1_000), strict=True)])
        flow.drain()

    send(range(10))
    for number, by in enumerate((leap, -leap)):
        flow.now += by
        send(range(10 * number + 10, 10 * number + 20))
        assert count(store, "SELECT count() AS n FROM events FINAL") == 20 + 10 * number
    send(range(40))  # most of it again
    assert count(store, "SELECT count() AS n FROM events FINAL") == 40
    assert count(store, "SELECT count() AS n FROM visitors FINAL WHERE visits = 1") == 40


def test_after_a_leap_of_a_senders_clock_a_restart_still_knows_what_came_before(tmp_path: Path, store: Store) -> None:
    log = FileLog(tmp_path, 1)
    log.append([(0, line) for line in events(range(5), AT)] + [(0, line) for line in events([5], AT + 100 * DAY)])
    Running(log, store).drain()
    log.append([(0, line) for line in events(range(5), AT + SECOND)])
    Running(log, store).drain()
    assert count(store, "SELECT count() AS n FROM events FINAL") == 6


def test_what_is_rejected_is_told_once_a_flush_by_site_and_reason(tmp_path: Path, store: Store) -> None:
    add_site(store, "s", "Shop", "KRW", "UTC", AT)
    log = FileLog(tmp_path, 1)
    bad = events(range(50), AT, value=-1) + events(range(50, 53), AT, site_id="unheard-of", value=-1) + [b"no json"] * 2
    log.append([(0, line) for line in bad + events(range(60, 65), AT)])
    before = [rejected("negative_money", "s"), rejected("negative_money", ""), rejected("unreadable_record", "")]
    with capture_logs() as told:
        Running(log, store).drain()
    lines = {(line["site"], line["reason"]): line["count"] for line in told if line["event"] == "rejected"}
    assert lines == {("s", "negative_money"): 50, ("unheard-of", "negative_money"): 3, ("", "unreadable_record"): 2}
    assert len([line for line in told if line["event"] == "rejected"]) == 3
    assert all(line["partition"] == 0 for line in told if line["event"] == "rejected")
    after = [rejected("negative_money", "s"), rejected("negative_money", ""), rejected("unreadable_record", "")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [50, 3, 2]
    assert count(store, "SELECT count() AS n FROM rejected_events FINAL WHERE reason = 'negative_money'") == 53
    assert count(store, "SELECT count() AS n FROM events FINAL") == 5

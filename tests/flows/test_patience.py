"""Waiting is said at once, then less and less often, and shown by a metric."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from flows.patience import patiently
from ingest.log import LogUnavailable
from sql.store import StoreError, StoreUnavailable


def waiting(on: str, why: str) -> float | None:
    return REGISTRY.get_sample_value("sonnim_flow_waiting", {"on": on, "why": why})


class Away:
    """Fails so many seconds, as its caller sleeps."""

    def __init__(self, seconds: float, *errors: Exception) -> None:
        self.seconds, self.errors, self.slept = seconds, list(errors), 0.0
        self.metric: list[float | None] = []

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.metric.append(waiting("clickhouse", "disk_full"))

    def __call__(self) -> str:
        if self.slept < self.seconds:
            raise self.errors[0] if len(self.errors) == 1 or self.slept < self.seconds / 2 else self.errors[1]
        return "done"


def test_an_hour_of_waiting_is_told_a_dozen_times() -> None:
    away = Away(3_600, StoreUnavailable("no space\nmore", "disk_full"))
    with capture_logs() as told:
        assert patiently("write events", away, away.sleep, partition=3) == "done"
    lines = [line for line in told if line["event"] == "waiting"]
    assert 8 <= len(lines) <= 15
    assert lines[0] == {
        "event": "waiting", "log_level": "warning", "what": "write events", "on": "clickhouse", "why": "disk_full",
        "error": "no space", "seconds": 0.0, "partition": 3,
    }  # fmt: skip
    assert told[-1]["event"] == "back to work"
    assert set(away.metric) == {1.0}
    assert waiting("clickhouse", "disk_full") == 0


def test_another_reason_is_told_at_once() -> None:
    away = Away(20, StoreUnavailable("gone"), LogUnavailable("gone too"))
    with capture_logs() as told:
        patiently("append to the log", away, away.sleep)
    assert [line["on"] for line in told if line["event"] == "waiting"][-1] == "log"
    assert waiting("clickhouse", "away") == waiting("log", "away") == 0


def test_a_mistake_is_raised_and_nothing_is_left_waiting() -> None:
    away = Away(1, StoreUnavailable("busy", "busy"), StoreError("no such table"))
    with pytest.raises(StoreError):
        patiently("write events", away, away.sleep)
    assert waiting("clickhouse", "busy") == 0

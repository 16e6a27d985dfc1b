"""Metrics of the API, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One registry an app, so that several apps can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            "sonnim_events_accepted_total", "Events that got a 202.", ["site"], registry=self.registry
        )
        self.rejected = Counter(
            "sonnim_events_rejected_total", "Events refused by the door.", ["site", "reason"], registry=self.registry
        )
        self.requests = Histogram(
            "sonnim_http_request_seconds",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.freshness = Gauge(
            "sonnim_freshness_age_seconds", "Age of the figures; NaN if unknown.", registry=self.registry
        )
        self.attempts = Counter(
            "sonnim_hook_attempts_total",
            "Attempts to tell a hook, by what came of it.",
            ["outcome"],
            registry=self.registry,
        )
        self.deliveries = Counter(
            "sonnim_hook_deliveries_total",
            "Deliveries that are settled: delivered, failed for good, skipped.",
            ["status"],
            registry=self.registry,
        )
        self.first_attempt = Histogram(
            "sonnim_hook_first_attempt_seconds",
            "From the moment of a transition to the first attempt to tell a hook.",
            registry=self.registry,
        )
        self.waiting = Gauge("sonnim_hook_deliveries_waiting", "Deliveries that wait.", registry=self.registry)
        self.dispatch_lag = Gauge(
            "sonnim_hook_lag_seconds", "Age of the oldest transition that is not read yet.", registry=self.registry
        )
        self.unreadable = Counter(
            "sonnim_transitions_unreadable_total",
            "Lines of the log of transitions that cannot be read.",
            registry=self.registry,
        )
        self.viewers = Gauge("sonnim_live_viewers", "Who watches Live as it happens.", registry=self.registry)
        self.clickhouse = Gauge("sonnim_clickhouse_up", "1 if ClickHouse answers.", registry=self.registry)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

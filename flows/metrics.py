"""Metrics of the flow, all in one place. docs/operations.md lists them; a test holds the two together."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("sonnim_flow_events", "Events taken from the log, by what became of them", ["partition", "outcome"])
REJECTED = Counter(
    "sonnim_flow_rejected", "Records put into rejected_events, by reason and known site", ["reason", "site"]
)
VISITORS = Gauge("sonnim_flow_visitors", "Stints of visitors in memory", ["partition"])
PEOPLE = Gauge("sonnim_flow_people", "People of members in memory", ["partition"])
STATE_BYTES = Gauge("sonnim_flow_state_bytes", "Bytes of a shard's columns and indices", ["partition"])
TRANSITIONS = Counter("sonnim_flow_transitions", "Entries into segments and exits, by why", ["type", "reason"])
FLUSH_SECONDS = Histogram("sonnim_flow_flush_seconds", "Time to write a flush to ClickHouse")
FLUSH_ROWS = Histogram(
    "sonnim_flow_flush_rows", "Rows of a flush, all tables", buckets=(1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
)
ROWS_WRITTEN = Counter("sonnim_flow_rows_written", "Rows written to ClickHouse", ["table"])
COMMITTED_OFFSET = Gauge("sonnim_flow_committed_offset", "Log offset of the last commit", ["partition"])
LAG_EVENTS = Gauge(
    "sonnim_flow_lag_events", "Records of the log after the last commit; NaN while the log is away", ["partition"]
)
LAG_SECONDS = Gauge(
    "sonnim_flow_lag_seconds",
    "Age of the oldest record after the last commit, 0 if none; NaN if unknown",
    ["partition"],
)
CHECKPOINT_AGE = Gauge(
    "sonnim_flow_checkpoint_age_seconds", "Time since the last commit was written; NaN before the first", ["partition"]
)
FRESHNESS = Gauge(
    "sonnim_flow_freshness_seconds",
    "Age of the moment up to which all is in the figures; NaN before a commit",
    ["partition"],
)
WAITING = Gauge("sonnim_flow_waiting", "1 while the flow waits, by what for and why", ["on", "why"])

"""Metrics of the flow, all in one place."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("sonnim_flow_events", "Events taken from the log, by what became of them", ["partition", "outcome"])
VISITORS = Gauge("sonnim_flow_visitors", "Visitors in memory", ["partition"])
STATE_BYTES = Gauge("sonnim_flow_state_bytes", "Bytes of a shard's columns and indices", ["partition"])
FLUSH_SECONDS = Histogram("sonnim_flow_flush_seconds", "Time to write a flush to ClickHouse")
ROWS_WRITTEN = Counter("sonnim_flow_rows_written", "Rows written to ClickHouse", ["table"])
COMMITTED_OFFSET = Gauge("sonnim_flow_committed_offset", "Log offset of the last commit", ["partition"])

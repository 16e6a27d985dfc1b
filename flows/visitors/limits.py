"""The durations everything here agrees on, in milliseconds."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

VISIT_GAP = 30 * MINUTE
"""A longer silence ends a visit; exactly this long continues it."""

LATENESS = 7 * DAY
"""How late the door accepts an event."""

HORIZON = LATENESS + DAY
"""How far before a visitor's last event an event may still change a visit or a cart; older state is folded away."""

PRODUCT_MEMORY = 60 * DAY
"""How long viewed and carted products and searches are remembered, before the visitor's last event."""

ONLINE = 5 * MINUTE
"""A visitor whose last event is at most this old is online."""

WINDOWS = {"24h": DAY, "7d": 7 * DAY}
"""The two rolling windows of Live and Live Report."""

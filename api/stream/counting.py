"""Counting for event `counters`: both windows at once. Runs in a thread."""

from __future__ import annotations

from dataclasses import dataclass

from api.asked import Asked, asked_for, with_segment
from api.context import Context
from api.live import shown
from api.memberships import looked_up
from api.shown import asked_segment, fresh
from api.stream.shapes import Counters, WindowCounters
from api.stream.topic import Topic
from api.times import WINDOW_MS
from sql.keys import KeyHolder


@dataclass(frozen=True)
class Counted:
    """Counters, and what they are of: the segment as it is now, and how many people of the site were erased until now."""

    counters: Counters
    asked: Asked
    erased: int
    at: int  # epoch ms

    def aged(self, now: int) -> Counters:
        """The same told at `now`, while nothing newer is known."""
        age = self.counters.age_seconds
        grown = None if age is None else age + max(0, now - self.at) / 1000
        return self.counters.model_copy(update={"stale": True, "age_seconds": grown})


def count(context: Context, topic: Topic) -> Counted:
    """The counters now. Raises `StoreUnavailable`; `ProblemError` 404 if the segment is deleted, 422 if it can be read no more."""
    now, store = context.clock(), context.store
    told = fresh(context, now)
    asked = looked_up(context, topic.site_id, topic.asked(store), now)
    site = KeyHolder("", topic.site_id, "secret", topic.currency, topic.timezone)
    counted = asked if asked.countable else asked_for(store, site, None, "")
    online_minutes = context.settings.online_minutes
    sql, params = with_segment(store.text("stream_counters"), counted, now, online_minutes)
    bound = {
        "site_id": topic.site_id,
        "online_since": now - online_minutes * 60_000,
        "day_since": now - WINDOW_MS["24h"],
        "week_since": now - WINDOW_MS["7d"],
    }
    row = store.rows_of(sql, {**params, **bound})[0]
    day, week = (row["day"], row["week"]) if asked.countable else (-1, -1)
    counters = Counters(
        **told,
        window=topic.window,
        currency=topic.currency,
        segment=asked_segment(asked, topic.currency),
        reason=None if asked.countable else "now_condition",
        online=row["site_online"],
        windows={
            "24h": WindowCounters(site=row["site_day"], population=shown(day, row["site_day"], row["online"])),
            "7d": WindowCounters(site=row["site_week"], population=shown(week, row["site_week"], row["online"])),
        },
    )
    erased = store.rows("stream_erased", {"site_id": topic.site_id})[0]["erased"]
    return Counted(counters, asked, erased, now)

"""Sends the demo shop's traffic: the last day first, so that Live is alive at once; then what happens, each second, and
beside it the days before, at a quieter pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from deploy.client import ApiClient
from deploy.clock import now_ms
from deploy.demo_members import MemberTeller
from deploy.demo_site import Progress
from deploy.errors import UserError
from deploy.logs import configure_logs
from deploy.sender import Sender, batches
from deploy.settings import Settings
from ingest.demo import DemoShop

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
QUIETER = 4
"""The days before the last have a part of its visits: the past is made within a minute."""
TICK_SECONDS = 1.0
TELL_MS = 60_000
SAVE_MS = 10_000

log = structlog.get_logger()


def run_demo(settings: Settings, key: str) -> None:
    """The demo's traffic, without end; it goes on where the last run ended. Raises `UserError` without a key."""
    configure_logs(settings, "demo")
    key = key or settings.key
    if not key:
        raise UserError(
            "The demo needs a secret key of the site to send to.", "Give --key KEY, or use `sonnim up --demo`."
        )

    def sender(history: bool) -> Sender:
        return Sender(settings.api_url, key, history=history, on_wait=_waiting, patience_seconds=float("inf"))

    rate = settings.demo_visits_per_minute
    shop = DemoShop(visits_per_minute=rate)
    api = ApiClient(settings.api_url, key)
    members = MemberTeller(api, shop)
    progress = Progress(settings.data_dir)
    now = now_ms()
    since = max(progress.read(), now - int(settings.demo_days * DAY_MS))
    day_ago = max(since, now - DAY_MS)
    fill(sender(history=True), shop, members, day_ago, now, "the last day")
    progress.write(now)
    if since < day_ago:
        before = DemoShop(visits_per_minute=rate / QUIETER)
        earlier = (sender(history=True), before, MemberTeller(api, before), since, day_ago, "the days before")
        threading.Thread(target=fill, args=earlier, daemon=True).start()
    go_on(sender(history=False), shop, members, now, progress, now_ms)


def fill(sender: Sender, shop: DemoShop, members: MemberTeller, since: int, until: int, what: str) -> None:
    """Send the traffic between two moments (epoch ms), oldest first; then what is known of its members."""
    started, sent = now_ms(), 0
    log.info(f"making {what}", hours=round((until - since) / HOUR_MS, 1))
    for batch in batches(shop.history(until, (until - since) / HOUR_MS)):
        sender.send(batch)
        sent += len(batch)
    sender.close()
    members.tell(until)
    log.info(f"made {what}", events=sent, seconds=round((now_ms() - started) / 1000, 1))


def go_on(
    sender: Sender, shop: DemoShop, members: MemberTeller, since: int, progress: Progress, clock: Callable[[], int]
) -> None:
    """Send the traffic as it happens, from `since` (epoch ms) on, without end."""
    sent, told_at, saved_at = 0, since, since
    log.info("live")
    while True:
        now = clock()
        if now <= since:  # the clock was set back
            time.sleep(TICK_SECONDS)
            continue
        for batch in batches(shop.tick(now, (now - since) / 1000)):
            sender.send(batch)
            sent += len(batch)
        members.tell(now)
        since = now
        if now - saved_at >= SAVE_MS:
            saved_at = now
            progress.write(since)
        if now - told_at >= TELL_MS:
            log.info("live", events_per_minute=round(sent * 60_000 / (now - told_at)))
            sent, told_at = 0, now
        time.sleep(TICK_SECONDS)


def _waiting(why: str, seconds: float) -> None:
    log.warning("waiting", why=why, seconds=round(seconds, 1))

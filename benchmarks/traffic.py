"""Seeded synthetic log events of one shop over 7 days: JSON lines as the door writes them, in order of arrival.

The mix, in %: 62 page_view, 22 view_item, 8 add_to_cart, 3 search, 1.5 remove_from_cart, 1.5 purchase, 0.2 refund, the rest
heartbeat. 1 % of the lines are repeats, 2 % arrive up to 6 hours late. A transaction id belongs to one visitor, and refunds
come from that visitor.

`python -m benchmarks.traffic EVENTS VISITORS END FILE` writes them to a file.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.log.log import EventLog

SITE = "bench"
DAY = 86_400_000
SPAN = 7 * DAY - 2 * 3_600_000
"""The first event lies 2 hours inside the window of 7 days before `end`, so that a run may take that long."""

_NAMES = ("page_view", "view_item", "add_to_cart", "search", "remove_from_cart", "purchase", "heartbeat", "refund")
_MIX = (0.62, 0.22, 0.08, 0.03, 0.015, 0.015, 0.02)
_REFUNDED = 0.13
_EVENTS_A_VISIT = 6.5
_PRODUCTS, _PAGES, _TERMS = 3_000, 400, 300
_APPEND_LINES = 50_000

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_DEVICES = (
    (
        "mobile_web",
        "Android",
        "Chrome Mobile",
        f"Mozilla/5.0 (Linux; Android 14; SM-S921N) {_WEBKIT} Mobile Safari/537.36",
    ),
    ("mobile_web", "iOS", "Mobile Safari", f"{_IPHONE} Version/17.4 Mobile/15E148 Safari/604.1"),
    ("pc_web", "Windows", "Chrome", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36"),
    ("hybrid_app", "Android", "App", "ShopApp/4.2.1 (Android 14; SM-S928N)"),
)
_SOURCES = (
    '"channel":"direct"',
    '"referrer":"https://m.search.naver.com/search.naver?query=%EB%8B%88%ED%8A%B8","channel":"organic_search","search_keyword":"니트"',
    '"referrer":"https://www.google.com/","channel":"organic_search"',
    '"referrer":"https://l.instagram.com/","channel":"social","utm_source":"instagram","utm_medium":"social","utm_campaign":"autumn_lookbook"',
    '"channel":"paid_search","utm_source":"naver","utm_medium":"cpc","utm_campaign":"brand","utm_term":"가디건","utm_content":"a1"',
)  # fmt: skip
_CATEGORIES = ("아우터", "니트", "셔츠", "바지", "신발", "가방", "스킨케어", "주방")


@dataclass(frozen=True)
class Traffic:
    """`lines` in order of arrival, `partition_key[i]` the CRC-32 of line i's `site/visitor`, `end` epoch ms after the last."""

    lines: list[bytes]
    partition_key: list[int]
    visitors: int
    end: int

    def append_to(self, log: EventLog) -> None:
        """Writes all lines to a log, each to its visitor's partition."""
        for first in range(0, len(self.lines), _APPEND_LINES):
            part = slice(first, first + _APPEND_LINES)
            keys = (key % log.partitions for key in self.partition_key[part])
            log.append(list(zip(keys, self.lines[part], strict=True)))


def traffic(events: int, visitors: int, end: int, seed: int = 1, members: float = 0.0, devices: int = 1) -> Traffic:
    """About `events` lines (repeats and refunds included) of `visitors` visitors, before `end` (epoch ms).

    A share `members` of the visitors logs in somewhere in the middle, and every later event says so; each member has so many
    `devices`.
    """
    rng = np.random.default_rng(seed)
    repeats = events // 100
    own = int((events - repeats) / (1 + _MIX[5] * _REFUNDED))
    visit, first, at = _visits(rng, own, visitors, end)
    visitor = _who(rng, int(visit.max()) + 1, visitors)[visit]
    name = rng.choice(len(_MIX), own, p=_MIX)
    interest = rng.integers(0, _PRODUCTS, int(visit.max()) + 1)[visit]
    product = (interest + 37 * rng.integers(0, 4, own)) % _PRODUCTS  # a visit circles round a few products
    number = np.arange(own)

    bought = np.flatnonzero(name == 5)
    bought = np.sort(rng.choice(bought, int(len(bought) * _REFUNDED), replace=False))
    visitor, product, number, at = (np.r_[c, c[bought]] for c in (visitor, product, number, at))
    at[own:] = np.minimum(at[own:] + rng.integers(3_600_000, 2 * DAY, len(bought)), end - 60_000)
    name, first = np.r_[name, np.full(len(bought), 7)], np.r_[first, np.zeros(len(bought), np.bool_)]

    total = len(name)
    delay = rng.integers(40, 1_500, total)
    late = rng.random(total) < 0.02
    delay[late] += rng.integers(60_000, 6 * 3_600_000, int(late.sum()))
    event = np.arange(total)
    repeated = rng.choice(total, repeats, replace=False)
    again = np.r_[event, repeated]
    received = np.minimum((at + delay)[again], end - 1)
    received[total:] = np.minimum(received[total:] + rng.integers(1, 3_600_000, repeats), end - 1)
    order = np.argsort(received, kind="stable")
    rows = again[order]

    ids = rng.integers(0, 1 << 62, visitors, dtype=np.int64)
    keys = [f"v-{i:016x}" for i in ids.tolist()]
    crcs = [zlib.crc32(f"{SITE}/{key}".encode()) for key in keys]
    who = visitor[rows]
    lines = _lines(
        rows, first[rows], name[rows], who, keys, product[rows], number[rows], at[rows], received[order], seed
    )
    if members:
        _log_in(lines, who, at[rows], rng.choice(visitors, int(visitors * members), replace=False), devices)
    return Traffic(lines, np.array(crcs)[who].tolist(), len(np.unique(who)), end)


def _log_in(lines: list[bytes], who: np.ndarray, at: np.ndarray, chosen: np.ndarray, devices: int) -> None:
    """Put the member into the lines of some visitors, from the middle of their events on; in place."""
    member = np.full(int(who.max()) + 1, -1)
    member[chosen] = np.arange(len(chosen)) // devices
    theirs = np.flatnonzero(member[who] >= 0)
    theirs = theirs[np.lexsort((at[theirs], who[theirs]))]
    begins = np.flatnonzero(np.r_[True, who[theirs][1:] != who[theirs][:-1]])
    counts = np.diff(np.r_[begins, len(theirs)])
    place = np.arange(len(theirs)) - np.repeat(begins, counts)
    for i in theirs[place >= np.repeat(counts // 2, counts)].tolist():
        lines[i] = lines[i].replace(b',"name":', b',"member_id":"m-%d","name":' % member[who[i]], 1)


def _visits(rng: np.random.Generator, own: int, visitors: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each event: its visit, whether it is the visit's first, its time (epoch ms)."""
    wanted = max(visitors, int(own / _EVENTS_A_VISIT))
    lengths = np.ones(wanted, np.int64)
    extra = rng.geometric(1 / max(1.01, own / wanted), wanted) - 1
    lengths += extra
    while lengths.sum() < own:
        lengths[rng.integers(0, wanted, own - int(lengths.sum()))] += 1
    visit = np.repeat(np.arange(wanted), lengths)
    if len(visit) > own:
        keep = np.ones(len(visit), np.bool_)
        starts = np.r_[0, np.cumsum(lengths)[:-1]]
        spare = np.setdiff1d(np.arange(len(visit)), starts, assume_unique=True)
        keep[rng.choice(spare, len(visit) - own, replace=False)] = False
        visit = visit[keep]
    first = np.r_[True, visit[1:] != visit[:-1]]
    gap = rng.lognormal(10.3, 1.4, own).astype(np.int64)  # median half a minute
    long = gap > 29 * 60_000
    gap[long] = 30 * 60_000 + rng.integers(0, 2, int(long.sum()))  # just not, or just, the end of a visit
    gap[first] = 0
    passed = np.cumsum(gap)
    passed -= passed[np.flatnonzero(first)][visit]
    day, hour = rng.integers(0, 7, wanted), rng.beta(3, 2, wanted) * 24  # busiest in the evening
    start = end - SPAN + ((day * 24 + hour) * 3_600_000 * SPAN / (7 * DAY)).astype(np.int64)
    return visit, first, np.minimum(start[visit] + passed, end - 60_000)


def _who(rng: np.random.Generator, visits: int, visitors: int) -> np.ndarray:
    """The visitor of each visit: everyone has one, the rest go by a power law."""
    weight = 1 / (np.arange(visitors) + 20) ** 0.7
    more = rng.choice(visitors, visits - visitors, p=weight / weight.sum())
    found = np.r_[np.arange(visitors), more]
    rng.shuffle(found)
    return found


def _lines(rows, first, name, who, keys, product, number, at, received, seed) -> list[bytes]:  # type: ignore[no-untyped-def]
    devices = [
        f'"user_agent":"{agent}","locale":"ko-KR","environment":"{environment}","os":"{os}","browser":"{browser}","bot":false'
        for environment, os, browser, agent in _DEVICES
    ]
    shop = "https://www.shop.example"
    products = [f'"url":"{shop}/product/P{i:05d}","title":"{_CATEGORIES[i % 8]} 상품 {i}",' for i in range(_PRODUCTS)]
    pages = [
        f'"url":"{shop}/category/{i:03d}?page={i % 7}","title":"{_CATEGORIES[i % 8]} 모음전 {i}",'
        for i in range(_PAGES)
    ]
    internal = [f'"referrer":"{shop}/category/{i:03d}","channel":"internal"' for i in range(_PAGES)]
    price = [9_900 + 1_000 * (i % 150) for i in range(_PRODUCTS)]
    item = [
        f'{{"item_id":"P{i:05d}","item_name":"{_CATEGORIES[i % 8]} 상품 {i}","brand":"브랜드{i % 40}",'
        f'"category":"{_CATEGORIES[i % 8]}","price":{price[i]},"quantity":'
        for i in range(_PRODUCTS)
    ]

    def details(kind: int, p: int, n: int) -> str:
        if kind == 0:
            return pages[n % _PAGES]
        if kind in (1, 2, 4):
            return f'{products[p]}"items":[{item[p]}{1 + (n % 9 == 0)}}}],"currency":"KRW",'
        if kind == 3:
            return f'"search_term":"검색어 {n % _TERMS}","url":"{shop}/search?q={n % _TERMS}","title":"검색 결과",'
        if kind == 6:
            return products[p]
        q, other = (p + 37) % _PRODUCTS, n % 3 == 0
        many = 1 + (n % 5 == 0)
        told = f'"transaction_id":"T{seed}-{n:09d}","currency":"KRW",'
        if kind == 5:
            second = f",{item[q]}1}}" if other else ""
            value = price[p] * many + (price[q] if other else 0)
            return f'"url":"{shop}/order/complete","title":"주문 완료",{told}"value":{value},"items":[{item[p]}{many}}}{second}],'
        return f'{told}"items":[{item[p]}1}}],' if n % 2 else told  # a refund of one unit, or of the whole order

    return [
        (
            f'{{"site_id":"{SITE}","visitor_id":"{keys[w]}","event_id":"{(row + 1) * 0x9E3779B97F4A7C15 % (1 << 64):016x}{row:016x}",'
            f'"name":"{_NAMES[kind]}","server":false,"pageview":{"true" if kind == 0 else "false"},{details(kind, p, n)}'
            f'{_SOURCES[n % 5] if f else internal[n % _PAGES]},'
            f'"received_at":{r},"occurred_at":{t},{devices[w & 3]}}}'
        ).encode()
        for row, f, kind, w, p, n, t, r in zip(
            rows.tolist(), first.tolist(), name.tolist(), who.tolist(), product.tolist(), number.tolist(), at.tolist(),
            received.tolist(), strict=True,
        )
    ]  # fmt: skip


if __name__ == "__main__":
    made = traffic(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    Path(sys.argv[4]).write_bytes(b"".join(line + b"\n" for line in made.lines))

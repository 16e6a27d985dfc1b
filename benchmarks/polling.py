"""The other way to tell of a segment, where nothing keeps it: a job that asks ClickHouse every second who is in it, and tells of who was
not the last time.

`python -m benchmarks.polling CLICKHOUSE RECEIVER` runs until it is ended. It has it easier than in earnest: the visitors' rows it asks are
kept up to date by our flow, its segment is written as SQL by hand, it knows one segment only, and keeps what it knew in memory.
"""

from __future__ import annotations

import sys
import time

import httpx
import orjson

from benchmarks.traffic import SITE
from sql.store import Store

EVERY_SECONDS = 1.0

IN_THE_CART = """
    SELECT if(member_id = '', concat('visitor:', visitor_id), concat('member:', member_id)) AS person_id
    FROM visitors FINAL
    WHERE site_id = {site_id:String} AND member_id = person AND NOT gone AND cart_units >= 2
        AND arraySum((end, n) -> if(end >= now64(3) - INTERVAL 24 HOUR, n, 0), visit_end, visit_orders) = 0
"""
"""Who is in "two in the cart, no order today" of segments20.py."""


def main(clickhouse: str, told: str) -> None:
    """Ask and tell, without end. Who is in it at the first time is not told of."""
    store = Store(clickhouse)
    known: set[str] | None = None
    with httpx.Client() as http:
        while True:
            began = time.monotonic()
            found = {row["person_id"] for row in store.rows_of(IN_THE_CART, {"site_id": SITE})}
            for person_id in sorted(found - known) if known is not None else ():
                data = {"segment": {"id": "polled"}, "person": {"person_id": person_id}, "transition_id": "-"}
                headers = {"webhook-id": f"{person_id}-{began}"}
                http.post(told, content=orjson.dumps({"type": "polled", "data": data}), headers=headers)
            known = found
            time.sleep(max(0.0, began + EVERY_SECONDS - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""The plainest definition of a member's person: his stints' rows (`model.py`) united, as `docs/architecture.md` ("A person's
row") says. What that text leaves open is settled here:

* "In the order of (visitor_id, stint_start)" breaks every tie, the later part being the greater: device and page of equal time
  and event id are those of the later part.
* A product's category is the greatest (time, category) that a part tells; where none tells a time, that of the last counted
  order of the person (by time and id) whose line has one, with category time 0.
* A product is kept if its latest time over all parts is at or after the person's `last_seen - KEPT`, or if it is in a line of
  a counted order.
* Operations stand in the order (item, time, event id, visitor_id, stint_start). Those a part has folded (kind 2) are not folded
  further.
* `person` and `member_id` are the member's id, `visitor_id` is '', `stint_start` 0.
"""

from collections.abc import Iterable

from tests.laws.members import NOTHING_TOLD
from tests.laws.model import DEVICE, ENTRY, KEPT, PRODUCT, Event, Row, cart_columns, columns, visitor_rows

ACQUISITION = ["landing_page", *ENTRY]
PAGE = ["page_url", "page_title", "page_item", "page_at", "page_event"]
SUMS = ["visits", "pageviews", "stay_ms", "cart_adds", "orders", "units", "revenue"]
GREATEST = ["largest_order", "last_order_at", "last_viewed_at", "last_carted_at"]
VISIT = [
    "start",
    "end",
    "pageviews",
    "cart_adds",
    "orders",
    "units",
    "revenue",
    *ACQUISITION,
    "entry_at",
    "entry_event",
]
OP = ["item", "at", "event", "kind", "delta", "price", "visit_end"]
ORDER = ["id", "at", "counted", "units", "revenue", "visit_end"]
BOUGHT = ["order", "item", "category", "units", "visit_end"]


def people(events: Iterable[Event], *, currencies: dict[str, str]) -> dict[tuple[str, str], Row]:
    """Everyone who counts, by (site_id, person id): stints of nobody, and the people of members."""
    stints = visitor_rows(events, currencies=currencies)
    nobody = {
        (site, f"visitor:{row['visitor_id']}"): row for (site, _, _), row in stints.items() if row["member_id"] == ""
    }
    return nobody | {(site, f"member:{member}"): row for (site, member), row in united(stints.values()).items()}


def people_rows(events: Iterable[Event], *, currencies: dict[str, str]) -> dict[tuple[str, str], Row]:
    """Rows of members' people by (site_id, member_id): every column of `visitors` but shard, version, key_hash, order_version, part_*,
    latest_seen, profile, stint_end and logout_at; nothing was told of anybody."""
    return united(visitor_rows(events, currencies=currencies).values())


def united(stints: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """As `people_rows`, from the rows of stints."""
    parts: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(stints, key=_place):
        if row["member_id"] != "":
            parts.setdefault((row["site_id"], row["member_id"]), []).append(row)
    return {
        (site_id, member_id): _person(site_id, member_id, of_member)
        for (site_id, member_id), of_member in parts.items()
    }


def _place(part: Row) -> tuple[str, int]:
    return part["visitor_id"], part["stint_start"]


def _person(site_id: str, member_id: str, parts: list[Row]) -> Row:
    """`parts` are sorted by (visitor_id, stint_start)."""
    last_seen = max(part["last_seen"] for part in parts)
    first = min(parts, key=lambda part: (part["first_seen"], *_place(part)))
    device = max(parts, key=lambda part: (part["device_at"], part["device_event"], *_place(part)))
    page = max(parts, key=lambda part: (part["page_at"], part["page_event"], *_place(part)))
    visits = _records(parts, "visit", VISIT)
    visits.sort(key=lambda visit: (visit["end"], visit["start"], *visit["part"]))
    orders = _records(parts, "order", ORDER)
    orders.sort(key=lambda order: (order["at"], order["id"]))
    bought = _bought(parts, orders)
    ops = _records(parts, "op", OP)
    products = _products(parts, bought, last_seen)

    row: Row = {
        "site_id": site_id,
        "visitor_id": "",
        "stint_start": 0,
        "person": member_id,
        "member_id": member_id,
        "gone": False,
    }
    row |= {"first_seen": first["first_seen"], "last_seen": last_seen}
    row |= {"login_at": max(part["login_at"] for part in parts)} | NOTHING_TOLD
    row |= {name: device[name] for name in [*DEVICE, "device_at", "device_event"]}
    row |= {name: page[name] for name in PAGE}
    row |= {f"first_{name}": first[f"first_{name}"] for name in ACQUISITION}
    row |= {name: visits[-1][name] for name in ACQUISITION}
    row |= {name: sum(part[name] for part in parts) for name in SUMS}
    row |= {name: max((part[name] for part in parts if part[name] is not None), default=None) for name in GREATEST}
    row |= columns("visit", visits, VISIT)
    row |= columns("product", products, PRODUCT)
    row |= _searches(parts, last_seen)
    row |= cart_columns(sorted(ops, key=lambda op: (op["at"], op["event"], *op["part"])), products)
    row |= columns("op", sorted(ops, key=lambda op: (op["item"], op["at"], op["event"], *op["part"])), OP)
    row |= columns("order", orders, ORDER)
    return row | columns("bought", bought, BOUGHT)


def _records(parts: list[Row], prefix: str, names: list[str]) -> list[Row]:
    """Arrays `prefix_name` of all parts as records; `part` says whose one is."""
    return [
        dict(zip(names, values, strict=True)) | {"part": _place(part)}
        for part in parts
        for values in zip(*(part[f"{prefix}_{name}"] for name in names), strict=True)
    ]


def _bought(parts: list[Row], orders: list[Row]) -> list[Row]:
    """Lines of the orders, their `order` counting from 0 in the person's orders."""
    place = {order["id"]: index for index, order in enumerate(orders)}
    lines = []
    for part in parts:
        lines += [
            line | {"order": place[part["order_id"][line["order"]]]} for line in _records([part], "bought", BOUGHT)
        ]
    return sorted(lines, key=lambda line: (line["order"], line["item"]))


def _products(parts: list[Row], bought: list[Row], last_seen: int) -> list[Row]:
    products: dict[str, Row] = {}
    for told in _records(parts, "product", PRODUCT):
        known = products.setdefault(told["item"], dict.fromkeys(PRODUCT, 0) | {"item": told["item"], "category": ""})
        for name in ["views", "adds", "units"]:
            known[name] += told[name]
        for name in ["viewed_at", "carted_at", "bought_at"]:
            known[name] = max(known[name], told[name])
        if told["category_at"] > 0:
            newest = max((known["category_at"], known["category"]), (told["category_at"], told["category"]))
            known["category_at"], known["category"] = newest
    for line in bought:
        known = products[line["item"]]
        if known["category_at"] == 0 and line["category"]:
            known["category"] = line["category"]
    forever = {line["item"] for line in bought}
    return [
        known
        for item, known in sorted(products.items())
        if item in forever or max(known["viewed_at"], known["carted_at"], known["category_at"]) >= last_seen - KEPT
    ]


def _searches(parts: list[Row], last_seen: int) -> Row:
    latest: dict[str, int] = {}
    for search in _records(parts, "search", ["term", "at"]):
        latest[search["term"]] = max(search["at"], latest.get(search["term"], 0))
    kept = [(term, at) for term, at in sorted(latest.items()) if at >= last_seen - KEPT]
    return {"search_term": [term for term, _ in kept], "search_at": [at for _, at in kept]}

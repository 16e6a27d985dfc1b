"""One visit to the demo shop, from its first page to the last: a plan of events with their times."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from ingest.demo.catalogue import SHOP, Product
from ingest.demo.people import SEARCH_TERMS, Person, entry, is_bot

#: (occurred_at, event without ids): what `plan_visit` yields, in order of time.
Planned = tuple[int, dict[str, Any]]

BUYS: Final = 0.022  # share of visits that mean to buy; about one in ten of them gives up
FILLS_A_CART: Final = 0.09
_PAGE: Final[dict[str, str]] = {
    "/": "데모샵",
    "/cart": "장바구니",
    "/checkout": "주문서 작성",
    "/order/complete": "주문 완료",
    "/login": "로그인",
}


class _Walk:
    """Where the visitor is and when: the next event happens here and now."""

    def __init__(self, random: Random, person: Person, begins_at: int) -> None:
        self.random = random
        self.person = person
        self.at = begins_at
        self.page: dict[str, str] = {}
        self._first = True

    def stay(self) -> None:
        """Reads for a while: about 20 seconds, sometimes minutes."""
        self.at += int(min(self.random.lognormvariate(9.8, 1.0), 1_500_000))

    def go(self, path: str, title: str) -> Planned:
        """Opens a page of the shop."""
        url, referrer = f"{SHOP}{path}", self.page.get("url", "")
        if self._first:
            url, referrer = entry(self.random, self.person, url)
            self._first = False
        else:
            self.stay()
        self.page = {"url": url, "title": title, "referrer": referrer}
        return self.do("page_view")

    def do(self, name: str, **fields: Any) -> Planned:
        """Does something on this page, a moment later."""
        self.at += self.random.randint(20, 1_500)
        return self.at, {"name": name, "page": dict(self.page), **fields}


def plan_visit(
    random: Random, person: Person, begins_at: int, choose: Callable[[], Product], order_id: Callable[[int], str]
) -> Iterator[Planned]:
    """The events of one visit. `choose` picks a product by its popularity, `order_id` names an order placed then.

    Changes the person's cart and membership as it goes.
    """
    walk = _Walk(random, person, begins_at)
    intent = "look" if is_bot(person) else random.choices(("buy", "cart", "look"), (BUYS, FILLS_A_CART, 1))[0]
    if random.random() < 0.5:
        yield walk.go("/", _PAGE["/"])
    pages = 1 + min(int(random.expovariate(1 / (6 if intent == "buy" else 2.5))), 25)
    for page in range(pages):
        if not is_bot(person) and random.random() < 0.12:
            term = random.choice(SEARCH_TERMS)
            yield walk.go(f"/search?q={term}", f"'{term}' 검색 결과")
            yield walk.do("search", search_term=term)
        product = choose()
        if random.random() < 0.25:
            yield walk.go(f"/category/{product.category2}", product.category2)
            yield walk.do("view_item_list", items=[choose().item() for _ in range(4)])
        yield walk.go(f"/product/{product.item_id}", product.name)
        yield walk.do("view_item", items=[product.item()])
        if random.random() < 0.15:
            walk.at += 30_000
            yield walk.do("heartbeat")
        if intent != "look" and (page == pages - 1 or random.random() < 0.3):
            walk.stay()
            quantity = random.choices((1, 2, 3), (85, 12, 3))[0]
            held = person.cart.get(product.item_id, (product, 0))[1]
            person.cart[product.item_id] = (product, held + quantity)
            yield walk.do("add_to_cart", items=[product.item(quantity)])
    if intent == "look":
        return
    if random.random() < 0.6 or intent == "buy":
        yield walk.go("/cart", _PAGE["/cart"])
        yield walk.do("view_cart", items=_held(person))
        if len(person.cart) > 1 and random.random() < 0.25:
            product, held = person.cart.pop(random.choice(list(person.cart)))
            yield walk.do("remove_from_cart", items=[product.item(held)])
    if intent == "buy":
        yield from _check_out(walk, order_id)


def _check_out(walk: _Walk, order_id: Callable[[int], str]) -> Iterator[Planned]:
    person, random = walk.person, walk.random
    if not person.member_id and random.random() < 0.8:
        yield walk.go("/login", _PAGE["/login"])
        person.member_id = person.account or f"member-{person.visitor_id.rpartition('-')[2]}"
        yield walk.do("identify")
    yield walk.go("/checkout", _PAGE["/checkout"])
    yield walk.do("begin_checkout", items=_held(person))
    if random.random() < 0.1:
        return
    yield walk.go("/order/complete", _PAGE["/order/complete"])
    items = _held(person)
    value = sum(item["price"] * item["quantity"] for item in items)
    person.cart.clear()
    yield walk.do("purchase", transaction_id=order_id(walk.at), value=value, currency="KRW", items=items)


def _held(person: Person) -> list[dict[str, Any]]:
    return [product.item(quantity) for product, quantity in person.cart.values()]

"""What the demo shop sells: invented products with Korean names, and prices in won."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

SHOP: Final = "https://demo-shop.example"

_SHELVES: Final[dict[tuple[str, str], tuple[tuple[str, ...], int, int]]] = {
    ("의류", "니트"): (("라운드 니트", "브이넥 니트", "꽈배기 가디건", "터틀넥 니트"), 29_000, 69_000),
    ("의류", "셔츠"): (("옥스포드 셔츠", "린넨 셔츠", "스트라이프 셔츠"), 25_000, 55_000),
    ("의류", "바지"): (("와이드 슬랙스", "일자 데님", "코듀로이 팬츠", "조거 팬츠"), 32_000, 79_000),
    ("의류", "아우터"): (("숏 패딩", "울 코트", "바람막이"), 79_000, 249_000),
    ("신발", "운동화"): (("캔버스 스니커즈", "러닝화", "슬립온"), 39_000, 129_000),
    ("잡화", "가방"): (("에코백", "크로스백", "백팩", "토트백"), 15_000, 89_000),
    ("잡화", "양말"): (("골지 양말 3족", "발목 양말 5족"), 5_900, 12_900),
    ("뷰티", "스킨케어"): (("수분 크림", "진정 토너", "비타민 세럼", "선크림"), 12_000, 42_000),
    ("뷰티", "메이크업"): (("쿠션 팩트", "립 틴트"), 11_000, 29_000),
    ("생활", "주방"): (("머그컵", "도자기 접시 세트", "보온 텀블러"), 8_900, 45_000),
    ("생활", "침구"): (("차렵 이불", "메모리폼 베개", "순면 패드"), 24_000, 99_000),
    ("식품", "간식"): (("수제 그래놀라", "견과 선물 세트", "콜드브루 원액"), 6_900, 38_000),
}
_COLOURS: Final = ("아이보리", "블랙", "네이비", "그레이", "베이지", "카키")
_BRANDS: Final = ("하루공방", "물결상점", "서리단길", "단정", "오후세시")
_COLOURED: Final = frozenset({"의류", "신발", "잡화"})


@dataclass(frozen=True, slots=True)
class Product:
    item_id: str
    name: str
    brand: str
    category: str
    category2: str
    price: int

    @property
    def url(self) -> str:
        return f"{SHOP}/product/{self.item_id}"

    def item(self, quantity: int = 1) -> dict[str, Any]:
        """The product as an event's item."""
        return {
            "item_id": self.item_id,
            "item_name": self.name,
            "item_brand": self.brand,
            "item_category": self.category,
            "item_category2": self.category2,
            "price": self.price,
            "quantity": quantity,
        }


def make_products(random: Random) -> list[Product]:
    """The whole range, about 100 products, most popular first."""
    products = []
    for (category, category2), (names, cheapest, dearest) in _SHELVES.items():
        for name in names:
            colours = random.sample(_COLOURS, 3) if category in _COLOURED else ("",)
            price = round(random.uniform(cheapest, dearest) / 1_000) * 1_000 - 100
            for colour in colours:
                products.append((f"{name} {colour}".strip(), random.choice(_BRANDS), category, category2, price))
    random.shuffle(products)
    return [Product(f"P{1001 + n}", *about) for n, about in enumerate(products)]

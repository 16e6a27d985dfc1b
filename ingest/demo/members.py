"""What the demo shop knows of its members: grade, points, a coupon, and whether they want its messages. All of it is invented."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

_FAMILY: Final = "김이박최정강조윤장임"
_GIVEN: Final = ("서연", "민준", "지우", "도윤", "하은", "시우", "수아", "예준", "지안", "주원")
_GRADES: Final = ("일반", "실버", "골드", "VIP")
_COUPONS: Final = ("장바구니 20%", "신규 가입 5,000원", "생일 축하 10%")


def member_data(member_id: str, now: int) -> dict[str, Any]:
    """An item for `POST /v1/members`, always the same for a member but for the days that are counted from `now` (epoch ms)."""
    chance = Random(member_id)
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    told: dict[str, Any] = {
        "member_id": member_id,
        "name": chance.choice(_FAMILY) + chance.choice(_GIVEN),
        "grade": chance.choices(_GRADES, (60, 25, 10, 5))[0],
        "points": chance.randrange(0, 8_000, 10),
        "birthday": f"{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "joined_at": (today - timedelta(days=chance.randint(0, 900))).isoformat(),
        "kakao_friend": chance.random() < 0.6,
        "consents": {
            "sms": chance.random() < 0.7,
            "kakao": chance.random() < 0.8,
            "email": chance.random() < 0.4,
            "night": chance.random() < 0.15,
        },
    }
    if chance.random() < 0.5:
        name, days = chance.choice(_COUPONS), chance.randint(0, 20)
        day = (today + timedelta(days=days)).isoformat()
        told["coupons"] = [{"id": f"coupon-{member_id}", "name": name, "expires_at": day}]
    return told

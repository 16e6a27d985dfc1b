"""Profiles: registers by attribute, and the columns they make. That order does not matter: tests/laws/test_member_data.py."""

import pytest

from flows.visitors.profiles import COLUMNS, NOTHING, after, birthday_day, columns, registers

AT = 1_767_225_600_000


def row(*profiles: bytes) -> dict[str, list]:
    return {name: column.to_pylist() for name, column in columns(profiles).items()}


def test_nothing_told_is_nothing_and_every_column_is_there():
    found = row(NOTHING)
    assert list(found) == COLUMNS.names
    assert found["profile"] == [""]
    assert (found["member_points"], found["member_as_of"], found["kakao_friend"]) == ([None], [None], [None])
    assert (found["member_birthday_day"], found["coupon_id"], found["trait_number"]) == ([0], [[]], [[]])
    assert {name: column.type for name, column in columns([NOTHING, NOTHING]).items()} == dict(
        zip(COLUMNS.names, COLUMNS.types, strict=True)
    )


def test_columns_of_several_members_stand_side_by_side():
    one, other = after(NOTHING, AT, {"points": 0, "trait/a": False}), after(NOTHING, AT, {"name": "B", "trait/a": "x"})
    found = row(one, NOTHING, other)
    assert found["member_points"] == [0, None, None]
    assert found["member_name"] == ["", "", "B"]
    assert found["trait_text"] == [["false"], [], ["x"]]


def test_zero_and_false_are_told_and_null_is_absent():
    found = row(
        after(NOTHING, AT, {"points": 0, "kakao_friend": False, "grade": None, "trait/n": 0.0, "trait/gone": None})
    )
    assert (found["member_points"], found["kakao_friend"], found["member_grade"]) == ([0], [0], [""])
    assert found["trait_name"] == [["n"]]


def test_the_greater_moment_counts_and_of_one_moment_the_greater_json():
    profile = after(NOTHING, AT, {"grade": "b"})
    assert after(profile, AT - 1, {"grade": "z"}) is profile
    assert after(profile, AT, {"grade": "a"}) is profile
    assert registers(after(profile, AT, {"grade": "c"})) == {"grade": [AT, "c"]}
    assert registers(after(profile, AT + 1, {"grade": None})) == {"grade": [AT + 1, None]}


def test_a_coupon_that_is_used_keeps_its_name_and_a_list_is_the_whole_truth():
    issued = {"name": "A", "issued_at": AT, "expires_at": AT + 9}
    profile = after(NOTHING, AT, {"coupon/a": issued})
    profile = after(profile, AT + 1, {"used/a": AT + 1})
    found = row(profile)
    assert (found["coupon_id"], found["coupon_name"]) == ([["a"]], [["A"]])
    assert found["coupon_used_at"][0][0].timestamp() * 1000 == AT + 1
    profile = after(profile, AT + 2, {"coupons": True, "coupon/b": issued})
    assert row(profile)["coupon_id"] == [["b"]]
    assert after(profile, AT + 1, {"coupon/a": issued}) is profile
    profile = after(profile, AT + 3, {"coupons": True})
    assert row(profile)["coupon_id"] == [[]]
    assert registers(profile) == {"coupons": [AT + 3, True]}


@pytest.mark.parametrize(
    ("birthday", "day"),
    [("", 0), ("01-01", 1), ("02-28", 59), ("1990-02-28", 59), ("02-29", 60), ("2001-03-01", 61), ("12-31", 366)],
)
def test_a_birthday_is_a_day_of_a_leap_year(birthday: str, day: int):
    assert birthday_day(birthday) == day

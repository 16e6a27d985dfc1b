"""Phone numbers are understood as they are written in Korea, and kept as keyed hashes."""

from __future__ import annotations

import json

import pytest

from api.opt_outs import address_hash, phone_number, phones_told


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("010-1234-5678", "+821012345678"),
        ("01012345678", "+821012345678"),
        ("010.1234.5678", "+821012345678"),
        (" 010 1234 5678 ", "+821012345678"),
        ("+82 10-1234-5678", "+821012345678"),
        ("+82 (0)10-1234-5678", "+821012345678"),
        ("+82-010-1234-5678", "+821012345678"),
        ("821012345678", "+821012345678"),
        ("0082 10 1234 5678", "+821012345678"),
        ("02-312-3456", "+8223123456"),
        ("+49 (0)30 901820", "+4930901820"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("4155552671", None),
        ("+82", None),
        ("010-12", None),
        ("call me", None),
        ("", None),
        ("+" + "1" * 16, None),
    ],
)
def test_a_number_is_brought_into_one_form(told: str, number: str | None) -> None:
    assert phone_number(told) == number


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"traits": {"phone": "010-1234-5678"}}, {"+821012345678"}),
        ({"traits": {"phone_number": "01012345678", "phone": "+821012345678"}}, {"+821012345678"}),
        ({"phone": "010-1234-5678"}, {"+821012345678"}),
        ({"traits": {"phone": 821012345678}}, {"+821012345678"}),
        ({"traits": {"phone": None, "email": "a@b.example"}}, set()),
        ({"traits": ["phone"]}, set()),
        ([], set()),
    ],
)
def test_a_phone_is_found_among_traits(properties: object, found: set[str]) -> None:
    assert phones_told(json.dumps(properties)) == found


@pytest.mark.parametrize("properties", ["", "{", "null"])
def test_properties_that_tell_none_are_no_mistake(properties: str) -> None:
    assert phones_told(properties) == set()


def test_a_hash_depends_on_secret_site_channel_and_address() -> None:
    told = [
        (b"a", "s", "phone", "+1"),
        (b"b", "s", "phone", "+1"),
        (b"a", "t", "phone", "+1"),
        (b"a", "s", "email", "+1"),
        (b"a", "s", "phone", "+2"),
    ]
    hashes = {address_hash(*one) for one in told}
    assert len(hashes) == len(told)
    assert all(len(one) == 64 for one in hashes)

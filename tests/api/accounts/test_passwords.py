"""Passwords and e-mail addresses as they are kept."""

from __future__ import annotations

import unicodedata

import pytest

from api.accounts.passwords import (
    COST,
    PasswordRefused,
    check_password,
    is_current,
    keep,
    matches,
    normal_email,
    unknown,
)


def test_a_password_matches_what_was_kept_of_it_and_no_other_does() -> None:
    kept = keep("correct horse battery")
    assert "correct" not in kept
    assert matches("correct horse battery", kept)
    assert not matches("correct horse batterz", kept)
    assert kept != keep("correct horse battery")


def test_the_parameters_are_kept_beside_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COST == (32768, 8, 3)
    monkeypatch.setattr("api.accounts.passwords.COST", COST)
    kept = keep("correct horse battery")
    assert kept.startswith("scrypt$32768$8$3$")
    assert is_current(kept)
    monkeypatch.setattr("api.accounts.passwords.COST", (1 << 4, 8, 1))
    assert keep("correct horse battery").startswith("scrypt$16$8$1$")
    assert not is_current(kept)
    assert matches("correct horse battery", kept)


@pytest.mark.parametrize(
    "kept", ["", "x", "scrypt$1$1$1$!$!", "md5$16$8$1$AAAA$AAAA", "scrypt$15$8$1$AAAA$AAAA", "$" * 5]
)
def test_what_was_not_kept_so_matches_nothing(kept: str) -> None:
    assert not matches("", kept)


def test_what_is_nobodys_costs_as_much_as_what_is_somebodys() -> None:
    assert is_current(unknown())
    assert not matches("correct horse battery", unknown())


def test_hangul_is_the_same_however_a_keyboard_composes_it() -> None:
    password = "비밀번호는길어야한다"
    assert matches(unicodedata.normalize("NFD", password), keep(unicodedata.normalize("NFC", password)))


def test_half_a_surrogate_pair_is_no_accident() -> None:
    assert not matches("\ud800", keep("correct horse battery"))


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 10"),
        ("x" * 201, "at most 200"),
        (" Kim@Shop.Example ", "e-mail"),
        ("0000000000", "one character"),
    ],
)
def test_a_password_that_is_none_is_refused(password: str, says: str) -> None:
    with pytest.raises(PasswordRefused, match=says):
        check_password(password, "kim@shop.example")


def test_ten_characters_are_enough() -> None:
    check_password("abcdefghij", "kim@shop.example")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (" Kim@Shop.Example ", "kim@shop.example"),
        ("kim＠shop.example", "kim@shop.example"),
        ("kim@localhost", "kim@localhost"),
        ("김민지@상점.한국", "김민지@상점.한국"),
        ("kim", None),
        ("kim@", None),
        ("@shop", None),
        ("a b@shop.example", None),
        ("kim@shop@example", None),
        ("kim@sh\x00op", None),
        ("k" * 65 + "@shop.example", None),
        ("", None),
    ],
)
def test_an_email_is_kept_in_one_form(told: str, kept: str | None) -> None:
    assert normal_email(told) == kept

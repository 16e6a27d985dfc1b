from __future__ import annotations

from deploy import figures


def test_counts_have_thousands_separators() -> None:
    assert figures.count(1_234_567) == "1,234,567"


def test_a_relative_difference_is_in_percent_and_one_of_rates_in_points() -> None:
    assert figures.percent(0.176) == "17.6 %"
    assert figures.difference(122.8) == "+122.8 %"
    assert figures.points(-9.7) == "-9.7 %p"


def test_nothing_is_never_minus() -> None:
    assert figures.difference(-0.01) == "+0.0 %"


def test_absent_is_a_dash_and_never_zero() -> None:
    shown = [figures.count, figures.decimal, figures.percent, figures.difference, figures.points, figures.stay]
    assert {show(None) for show in shown} == {"–"}
    assert figures.money(None, "KRW") == "–"


def test_money_has_the_decimals_of_its_currency() -> None:
    assert figures.money(12_900, "KRW") == "₩12,900"
    assert figures.money(1_999, "USD") == "$19.99"
    assert figures.money(12_500, "KWD") == "12.500 KWD"
    assert figures.money(-500, "USD") == "-$5.00"
    assert figures.money(178_268.4, "KRW") == "₩178,268"


def test_a_stay_is_told_in_minutes_and_seconds() -> None:
    assert figures.stay(353) == "5m 53s"
    assert figures.stay(128, "ko") == "2분 08초"
    assert figures.stay(3_725) == "1h 02m"

import pytest

from deploy.clickhouse.errors import Code, engine_error, error


@pytest.mark.parametrize(
    ("code", "status"),
    [(60, 404), (81, 404), (46, 404), (115, 404), (62, 400), (36, 400), (516, 403), (229, 413), (48, 501), (202, 500)],
)
def test_a_code_has_the_status_clickhouse_gives_it(code: int, status: int) -> None:
    assert engine_error(f"Code: {code}. DB::Exception: x. (X)").status == status


def test_repeated_codes_and_versions_of_the_engine_are_left_out() -> None:
    text = (
        "Streaming insert finish failed: Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format Nope. "
        "(UNKNOWN_FORMAT) (version 26.9.2.1). (UNKNOWN_FORMAT) (version 26.9.2.1). (UNKNOWN_FORMAT)"
    )
    reason = engine_error(text)
    assert reason.code == 73
    assert reason.message == "Code: 73. DB::Exception: Unknown format Nope. (UNKNOWN_FORMAT)"


def test_an_error_without_a_code_is_an_unknown_exception() -> None:
    assert engine_error("something broke").code == Code.UNKNOWN_EXCEPTION


def test_an_error_of_our_own_is_worded_like_the_engines() -> None:
    assert str(error(Code.ACCESS_DENIED, "No.")) == "Code: 497. DB::Exception: No. (ACCESS_DENIED)"

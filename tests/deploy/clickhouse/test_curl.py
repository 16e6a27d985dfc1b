"""curl, as a person at a terminal uses it."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from deploy.clickhouse.blocks import BlockDecoder, BlockEncoder


def curl(*arguments: str, data: bytes = b"") -> bytes:
    command = ["curl", "--silent", "--show-error", "--max-time", "60", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def head_and_body(*arguments: str) -> tuple[int, dict[str, str], str]:
    head, _, body = curl("--include", *arguments).decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.fixture
def table(clickhouse_url: str, database: str) -> str:
    name = f"{database}.t"
    curl(clickhouse_url, "-d", f"CREATE TABLE {name} (a Int64, s String) ENGINE = MergeTree ORDER BY a")
    return name


def test_health(clickhouse_url: str) -> None:
    for path in ("", "/", "/ping", "/replicas_status"):
        assert curl(clickhouse_url + path) == b"Ok.\n"
    assert head_and_body("--head", f"{clickhouse_url}/ping")[0] == 200
    status, _, body = head_and_body(f"{clickhouse_url}/nothing")
    assert status == 404
    assert body.startswith("There is no handle /nothing")


def test_the_query_comes_in_the_url_the_body_or_both(clickhouse_url: str) -> None:
    assert curl(f"{clickhouse_url}/?query=SELECT+1") == b"1\n"
    assert curl(clickhouse_url, "-d", "SELECT 1") == b"1\n"
    assert curl(f"{clickhouse_url}/?query=SELECT", "--data-binary", "1") == b"1\n"
    assert curl(clickhouse_url, "-d", "SELECT 1;") == b"1\n"
    assert curl(f"{clickhouse_url}/", "-F", "query=SELECT {x:UInt8} + 1", "-F", "param_x=2") == b"3\n"


def test_the_format_comes_from_the_clause_the_parameter_or_the_header(clickhouse_url: str) -> None:
    row = b'{"1":1}\n'
    assert curl(clickhouse_url, "-d", "SELECT 1 FORMAT JSONEachRow") == row
    assert curl(f"{clickhouse_url}/?default_format=JSONEachRow", "-d", "SELECT 1") == row
    assert curl(clickhouse_url, "-H", "X-ClickHouse-Format: JSONEachRow", "-d", "SELECT 1") == row
    assert curl(f"{clickhouse_url}/?default_format=JSONEachRow", "-d", "SELECT 1 FORMAT CSV") == b"1\n"


def test_headers_tell_about_the_answer(clickhouse_url: str) -> None:
    url = f"{clickhouse_url}/?query_id=my-own"
    status, headers, body = head_and_body(url, "-d", "SELECT number FROM numbers(3) FORMAT JSON")
    assert status == 200
    assert headers["X-ClickHouse-Query-Id"] == "my-own"
    assert headers["X-ClickHouse-Format"] == "JSON"
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert headers["X-ClickHouse-Timezone"]
    assert json.loads(headers["X-ClickHouse-Summary"])["read_rows"] == "3"
    assert json.loads(body)["rows"] == 3


@pytest.mark.parametrize(
    ("sql", "status", "code", "name"),
    [
        ("SELECT * FROM nope", 404, 60, "UNKNOWN_TABLE"),
        ("SELECT nope()", 404, 46, "UNKNOWN_FUNCTION"),
        ("SELECT 1 FROM nope.t", 404, 81, "UNKNOWN_DATABASE"),
        ("SELECT 1 FORMAT Nope", 404, 73, "UNKNOWN_FORMAT"),
        ("SELECT 1 FRO m", 400, 62, "SYNTAX_ERROR"),
        ("", 400, 62, "SYNTAX_ERROR"),
        ("SELECT toUInt8('x')", 400, 6, "CANNOT_PARSE_TEXT"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 500, 358, "INTO_OUTFILE_NOT_ALLOWED"),
        ("SELECT throwIf(1)", 500, 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT count() FROM numbers(100000000000) SETTINGS max_execution_time = 0.1", 408, 159, "TIMEOUT_EXCEEDED"),
    ],
)
def test_an_error_has_clickhouses_text_status_and_code(
    clickhouse_url: str, sql: str, status: int, code: int, name: str
) -> None:
    given, headers, body = head_and_body(clickhouse_url, "-X", "POST", "-d", sql)
    assert (given, headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert body.startswith(f"Code: {code}. DB::Exception: ")
    assert f"({name}) (version " in body
    assert "OUTFILE '/dev" not in body


def test_get_does_not_write(clickhouse_url: str, table: str) -> None:
    for sql in (f"INSERT+INTO+{table}+VALUES+(1,'x')", f"DROP+TABLE+{table}"):
        assert b"(READONLY)" in curl(f"{clickhouse_url}/?query={sql}")
    assert curl(clickhouse_url, "-d", f"SELECT count() FROM {table}") == b"0\n"


def test_data_follows_the_statement_in_the_body_or_comes_alone(clickhouse_url: str, table: str, tmp_path: Path) -> None:
    curl(clickhouse_url, "-d", f'INSERT INTO {table} FORMAT JSONEachRow {{"a": 1, "s": "one"}}')
    curl(f"{clickhouse_url}/?query=INSERT+INTO+{table}+FORMAT+CSV", "--data-binary", "@-", data=b'2,"two"\n')
    curl(f"{clickhouse_url}/?query=INSERT+INTO+{table}+VALUES", "-d", "(3, 'three'), (1 + 3, lower('FOUR'))")
    curl(
        clickhouse_url,
        *("--data-binary", "@-"),
        data=f"INSERT INTO {table} SELECT a + 1, s FROM input('a Int64, s String') FORMAT TSV\n4\tfive\n".encode(),
    )
    native = curl(clickhouse_url, "-d", "SELECT toInt64(6) AS a, 'six\\0\\n' AS s FORMAT Native")
    curl(clickhouse_url, "--data-binary", "@-", data=f"INSERT INTO {table} FORMAT Native\n".encode() + native)
    arrow = tmp_path / "rows.arrow"
    arrow.write_bytes(curl(clickhouse_url, "-d", "SELECT toInt64(7) AS a, 'seven' AS s FORMAT ArrowStream"))
    curl(f"{clickhouse_url}/?query=INSERT+INTO+{table}+FORMAT+ArrowStream", "--data-binary", f"@{arrow}")
    found = curl(clickhouse_url, "-d", f"SELECT a, s FROM {table} ORDER BY a FORMAT JSONCompactEachRow")
    names = ["one", "two", "three", "four", "five", "six\0\n", "seven"]
    assert [json.loads(line) for line in found.splitlines()] == [[str(n), name] for n, name in enumerate(names, 1)] or [
        json.loads(line) for line in found.splitlines()
    ] == [[n, name] for n, name in enumerate(names, 1)]


def test_a_broken_row_inserts_nothing(clickhouse_url: str, table: str) -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(1000)) + b"not a number,x\n"
    url = f"{clickhouse_url}/?query=INSERT+INTO+{table}+FORMAT+CSV"
    assert b"Code: " in curl(url, "--data-binary", "@-", data=rows)
    assert curl(clickhouse_url, "-d", f"SELECT count() FROM {table}") == b"0\n"


def test_parameters_and_the_database_come_in_the_url_or_headers(clickhouse_url: str, table: str) -> None:
    database, name = table.split(".")
    curl(f"{clickhouse_url}/?database={database}", "-d", f"INSERT INTO {name} VALUES (1, 'x')")
    ask = "SELECT s FROM {t:Identifier} WHERE a = {a:Int64}"
    header = f"X-ClickHouse-Database: {database}"
    assert curl(f"{clickhouse_url}/?param_t={name}&param_a=1", "-H", header, "-d", ask) == b"x\n"


def test_bodies_are_compressed_both_ways(clickhouse_url: str, table: str) -> None:
    url = f"{clickhouse_url}/?query=INSERT+INTO+{table}+FORMAT+CSV"
    encoded = ("-H", "Content-Encoding: gzip", "--data-binary", "@-")
    assert curl(url, *encoded, data=gzip.compress(b"1,x\n")) == b""
    assert b"(CANNOT_DECOMPRESS)" in curl(url, *encoded, data=gzip.compress(b"2,x\n" * 1000)[:-9])
    unknown = curl(url, "-H", "Content-Encoding: br", "--data-binary", "@-", data=b"x")
    assert b"(UNKNOWN_COMPRESSION_METHOD)" in unknown
    ask = ("-H", "Accept-Encoding: gzip", "-d", f"SELECT * FROM {table}")
    assert gzip.decompress(curl(f"{clickhouse_url}/?enable_http_compression=1", *ask)) == b"1\tx\n"
    assert curl(clickhouse_url, *ask) == b"1\tx\n"


def test_blocks_are_compressed_both_ways(clickhouse_url: str, table: str) -> None:
    coder = BlockEncoder()
    data = coder.feed(b"1,x\n2,") + coder.feed(b"y\n")
    insert = f"{clickhouse_url}/?decompress=1&query=INSERT+INTO+{table}+FORMAT+CSV"
    assert curl(insert, "--data-binary", "@-", data=data) == b""
    answer = curl(f"{clickhouse_url}/?compress=1", "-d", f"SELECT * FROM {table} ORDER BY a")
    assert BlockDecoder().feed(answer) == b"1\tx\n2\ty\n"


@pytest.mark.parametrize(
    ("arguments", "query", "allowed"),
    [
        ((), "", True),
        (("-u", "default:"), "", True),
        (("-H", "X-ClickHouse-User: default"), "", True),
        ((), "user=default&password=", True),
        (("-u", "default:wrong"), "", False),
        (("-H", "X-ClickHouse-User: bob", "-H", "X-ClickHouse-Key: x"), "", False),
        ((), "user=default&password=wrong", False),
        (("-H", "Origin: http://shop.example"), "", False),
    ],
)
def test_only_the_one_user_is_let_in(
    clickhouse_url: str, arguments: tuple[str, ...], query: str, allowed: bool
) -> None:
    status, _, body = head_and_body(*arguments, f"{clickhouse_url}/?{query}", "-d", "SELECT 1")
    assert (status, body == "1\n") == ((200, True) if allowed else (403, False))


def test_a_large_answer_is_the_same_streamed_held_back_or_compressed(clickhouse_url: str) -> None:
    sql = "SELECT number, toString(number) FROM numbers(1000000)"
    streamed = curl(clickhouse_url, "-d", sql)
    assert streamed.count(b"\n") == 1_000_000
    assert curl(f"{clickhouse_url}/?wait_end_of_query=1", "-d", sql) == streamed
    packed = f"{clickhouse_url}/?enable_http_compression=1"
    assert curl(packed, "--compressed", "-d", sql) == streamed
    rows = json.loads(curl(clickhouse_url, "-d", f"{sql} FORMAT JSONCompact"))
    assert rows["rows"] == len(rows["data"]) == 1_000_000


def test_an_error_that_comes_late_has_its_status_only_if_the_answer_waits(clickhouse_url: str) -> None:
    sql = "SELECT throwIf(number = 3000000) FROM numbers(10000000)"
    assert head_and_body(f"{clickhouse_url}/?wait_end_of_query=1", "-d", sql)[0] == 500
    broken = subprocess.run(
        ["curl", "--silent", "--include", "--max-time", "60", clickhouse_url, "-d", sql],
        capture_output=True,
        check=False,
    )
    assert broken.returncode != 0
    assert b"HTTP/1.1 200" in broken.stdout
    assert broken.stdout.endswith(b"\r\n__exception__\r\n")

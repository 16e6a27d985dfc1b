"""The stock clickhouse-connect client over HTTP."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import clickhouse_connect
import lz4.frame
import pandas
import pyarrow
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

COLUMNS = "a UInt64, s String, lc LowCardinality(String), at DateTime64(3, 'UTC'), n Nullable(Int64), list Array(String), b Bool"
AT = datetime(2026, 1, 2, 3, 4, 5, 6000)
ROWS = [
    [number, f"가{number}", f"k{number % 3}", AT, None if number % 2 else number, ["p\t", "'q\n"], True]
    for number in range(1000)
]


def connect(url: str, database: str, **options: object) -> Client:
    parts = urlsplit(url)
    return clickhouse_connect.get_client(host=parts.hostname, port=parts.port, database=database, **options)  # type: ignore[arg-type]


@pytest.fixture
def client(clickhouse_url: str, database: str) -> Iterator[Client]:
    client = connect(clickhouse_url, database)
    client.command(f"CREATE TABLE t ({COLUMNS}) ENGINE = MergeTree ORDER BY a")
    yield client
    client.close()


@pytest.mark.parametrize("compress", [True, "lz4", "zstd", "gzip", False])
@pytest.mark.usefixtures("client")
def test_rows_of_all_types_come_back_as_they_were_inserted(
    clickhouse_url: str, database: str, compress: bool | str
) -> None:
    client = connect(clickhouse_url, database, compress=compress)
    assert client.insert("t", ROWS).written_rows == len(ROWS)
    result = client.query("SELECT * FROM t ORDER BY a")
    assert [list(row) for row in result.result_rows] == ROWS
    assert int(result.summary["read_rows"]) == len(ROWS)
    assert len(client.query("SELECT number, toString(number) FROM numbers(300000)").result_rows) == 300_000
    client.close()


@pytest.mark.parametrize("form", [False, True])
def test_parameters_are_bound_by_the_server(clickhouse_url: str, form: bool) -> None:
    client = connect(clickhouse_url, "default", form_encode_query_params=form)
    values = {
        "list": ["a'b", "c\\d\te\n", "가", ""],
        "text": "it's\n\\ {x:String} --",
        "at": AT,
        "number": -5,
        "none": None,
    }
    sql = "SELECT {list:Array(String)}, {text:String}, {at:DateTime64(3)}, {number:Int64}, {none:Nullable(String)}"
    assert client.query(sql, parameters=values).result_rows == [
        (values["list"], values["text"], AT, -5, None),
    ]
    client.close()


def test_frames_and_arrow_go_both_ways(client: Client) -> None:
    frame = pandas.DataFrame({"a": [1, 2], "s": ["x", "y"]})
    assert client.insert_df("t", frame).written_rows == 2
    table = pyarrow.table({"a": pyarrow.array([3], pyarrow.uint64()), "s": ["z"]})
    assert client.insert_arrow("t", table).written_rows == 1
    assert client.query_df("SELECT a, s FROM t ORDER BY a")["s"].tolist() == ["x", "y", "z"]
    assert client.query_arrow("SELECT a FROM t ORDER BY a").to_pydict() == {"a": [1, 2, 3]}
    assert client.query_np("SELECT a FROM t ORDER BY a").tolist() == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("compression", "pack"),
    [(None, bytes), ("gzip", gzip.compress), ("lz4", lz4.frame.compress), ("zstd", zstandard.compress)],
)
def test_raw_inserts_and_raw_queries_pass_bytes(client: Client, compression: str | None, pack: object) -> None:
    data = b'{"a": 1, "s": "x"}\n{"a": 2, "s": "y"}\n'
    packed = pack(data)  # type: ignore[operator]
    assert client.raw_insert("t", ["a", "s"], packed, fmt="JSONEachRow", compression=compression).written_rows == 2
    assert client.raw_query("SELECT a, s FROM t ORDER BY a", fmt="CSV") == b'1,"x"\n2,"y"\n'
    assert client.raw_stream("SELECT a FROM t ORDER BY a", fmt="TSV").read() == b"1\n2\n"


def test_settings_are_for_one_query_and_those_of_a_session_for_the_session(client: Client, clickhouse_url: str) -> None:
    ask = "SELECT getSetting('max_block_size')"
    before = client.query(ask).result_rows
    assert client.query(ask, settings={"max_block_size": 123}).result_rows == [(123,)]
    assert client.query(ask).result_rows == before
    client.command("SET max_block_size = 99")
    assert client.query(ask).result_rows == [(99,)]
    other = connect(clickhouse_url, "default")
    assert other.query(ask).result_rows == before
    other.close()


def test_commands_tell_their_result(client: Client, database: str) -> None:
    assert client.command("SELECT 1") == 1
    assert client.command("EXISTS TABLE t") == 1
    assert client.command("SELECT currentDatabase()") == database
    assert client.command("SHOW TABLES") == "t"
    assert client.query("SELECT a, s FROM t LIMIT 0").column_names == ("a", "s")
    client.command("INSERT INTO t (a, s) VALUES (1, 'FORMAT CSV'), (2, ';')")
    client.command("INSERT INTO t (a) SELECT number + 10 FROM numbers(5)")
    assert client.command("SELECT count() FROM t") == 7
    assert client.ping()


def test_external_data_is_a_table_of_one_query(client: Client, clickhouse_url: str) -> None:
    data = ExternalData(file_name="ids.csv", data=b'1,"x"\n2,"y"\n', fmt="CSV", structure=["a UInt8", "s String"])
    sql = "SELECT s FROM ids WHERE a = {a:UInt8}"
    assert client.query(sql, parameters={"a": 2}, external_data=data).result_rows == [("y",)]
    form = connect(clickhouse_url, "default", form_encode_query_params=True)
    assert form.query(sql, parameters={"a": 1}, external_data=data).result_rows == [("x",)]
    form.close()
    typed = ExternalData(file_name="ids.csv", data=b"7,[1]\n", fmt="CSV", types=["UInt8", "Array(UInt8)"])
    assert client.query("SELECT _1, _2 FROM ids", external_data=typed).result_rows == [(7, [1])]
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("SELECT * FROM ids")


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM nope", 60),
        ("SELECT nope(1)", 46),
        ("SELECT nope", 47),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT * FROM nope.t", 81),
        ("SELECT {x:UInt8}", 456),
        ("SELECT throwIf(number = 3) FROM numbers(10)", 395),
        ("SELECT 1 SETTINGS nosuch = 1", 115),
        ("CREATE TEMPORARY TABLE x (a Int8)", 48),
    ],
)
def test_errors_carry_clickhouses_code(client: Client, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.query(sql)
    assert caught.value.code == code


def test_a_wrong_database_or_login_is_refused(clickhouse_url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        connect(clickhouse_url, "no_such_database").query("SELECT 1")
    assert caught.value.code == 81
    with pytest.raises(DatabaseError) as caught:
        connect(clickhouse_url, "default", username="bob", password="x")
    assert caught.value.code == 516


def test_large_results_stream_and_an_error_in_their_middle_is_seen(client: Client) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as stream:
        assert sum(len(block) for block in stream) == 1_000_000
    failing = "SELECT throwIf(number = 3000000, 'in the middle') FROM numbers(10000000)"
    with (
        pytest.raises(StreamFailureError, match="in the middle"),
        client.query_row_block_stream(failing) as stream,
    ):
        for _ in stream:
            pass


def test_times_keep_their_zone(client: Client) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)
    client.insert("t", [[1, at]], column_names=["a", "at"])
    assert client.query("SELECT toUnixTimestamp64Milli(at) FROM t").result_rows == [(int(at.timestamp() * 1000),)]

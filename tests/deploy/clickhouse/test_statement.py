from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.clickhouse.errors import QueryError
from deploy.clickhouse.statement import INPUT, read_statement


@pytest.mark.parametrize(
    ("sql", "kind", "name"),
    [
        ("SELECT 1", "rows", None),
        ("select 1 format JSON", "rows", "JSON"),
        ("SELECT 1 FORMAT JSONEachRow SETTINGS max_threads = 1", "rows", "JSONEachRow"),
        ("SELECT 1 FORMAT TSV -- the end; of it", "rows", "TSV"),
        ("SELECT format('{}', 1) AS format", "rows", None),
        ("SELECT 1 AS format FORMAT Null;", "rows", "Null"),
        ("SELECT ';', `a;b`, \"c;d\", $x$;$x$ /* ; */ -- ;", "rows", None),
        ("SELECT ' FORMAT CSV'", "rows", None),
        ("WITH 1 AS x SELECT x", "rows", None),
        ("(SELECT 1) UNION ALL (SELECT 2 FORMAT CSV)", "rows", None),
        ("SHOW TABLES FORMAT TSVRaw", "rows", "TSVRaw"),
        ("# a comment\nSELECT 1", "rows", None),
        ("CREATE TABLE t (a Int8) ENGINE = Memory;", "command", None),
        ("INSERT INTO t SELECT 1", "command", None),
        ("WITH 1 AS x INSERT INTO t SELECT x", "command", None),
        ("SET max_threads = 1", "session", None),
        ("USE system", "session", None),
        ("", "empty", None),
        (" -- nothing\n ; ", "empty", None),
    ],
)
def test_a_statement_is_known_by_its_first_words_and_its_closing_format(sql: str, kind: str, name: str | None) -> None:
    statement = read_statement(sql.encode())
    assert (statement.kind, statement.format) == (kind, name)
    assert statement.data_at is None


@pytest.mark.parametrize(
    ("sql", "kept", "name", "data"),
    [
        ("INSERT INTO t VALUES (1, 'a;b')", "INSERT INTO t ", "Values", " (1, 'a;b')"),
        ("INSERT INTO t FORMAT CSV\n1,2\n", "INSERT INTO t ", "CSV", "1,2\n"),
        ("INSERT INTO t FORMAT CSV \r\n\n1", "INSERT INTO t ", "CSV", "\n1"),
        ("INSERT INTO t FORMAT CSV;\n1", "INSERT INTO t ", "CSV", "1"),
        ('INSERT INTO t FORMAT JSONEachRow {"a": 1}', "INSERT INTO t ", "JSONEachRow", '{"a": 1}'),
        ("insert into `values`.`format` (values, format) values(1,2)", None, "Values", "(1,2)"),
        ("INSERT INTO format FORMAT TSV\nx", "INSERT INTO format ", "TSV", "x"),
        ("INSERT INTO db.values FORMAT TSV\nx", "INSERT INTO db.values ", "TSV", "x"),
        ("INSERT INTO TABLE FUNCTION remote('values', a.b) FORMAT TSV\nx", None, "TSV", "x"),
        ("INSERT INTO {t:Identifier} SETTINGS async_insert = 0 FORMAT TSV\nx", None, "TSV", "x"),
        ("INSERT INTO t FORMAT TSV", "INSERT INTO t ", "TSV", ""),
    ],
)
def test_the_data_of_an_insert_begins_after_its_format(sql: str, kept: str | None, name: str, data: str) -> None:
    statement = read_statement(sql.encode())
    assert statement.kind == "insert"
    assert statement.format == name
    assert statement.data_at is not None
    assert sql.encode()[statement.data_at :] == data.encode()
    if kept is not None:
        assert statement.sql.decode() == kept


@given(st.binary())
def test_data_of_any_bytes_is_left_alone(data: bytes) -> None:
    sql = b"INSERT INTO t (a) FORMAT Native\n" + data
    statement = read_statement(sql)
    assert statement.data_at is not None
    assert sql[statement.data_at :] == data


@given(st.binary())
def test_no_bytes_make_the_reader_fail_otherwise_than_with_a_clickhouse_error(sql: bytes) -> None:
    with suppress(QueryError):
        assert len(read_statement(sql).sql) <= len(sql)


def test_input_of_an_insert_select_becomes_a_table_with_its_structure() -> None:
    sql = (
        rb"INSERT INTO t SELECT upper(a) FROM input('a Enum8(\'x\' = 1), b String') WHERE b != '' FORMAT CSV"
        + b"\nx,y\n"
    )
    statement = read_statement(sql)
    assert statement.kind == "insert_select"
    assert statement.structure == "a Enum8('x' = 1), b String"
    assert statement.sql.decode().strip() == f"INSERT INTO t SELECT upper(a) FROM {INPUT} WHERE b != ''"
    assert sql[statement.data_at :] == b"x,y\n"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1; SELECT 2", 62),
        ("DROP TABLE a; DROP TABLE b", 62),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 358),
        ("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 48),
        ("INSERT INTO t SELECT * FROM input() FORMAT CSV 1", 48),
    ],
)
def test_what_the_interface_does_not_allow_is_refused_with_a_code(sql: str, code: int) -> None:
    with pytest.raises(QueryError) as caught:
        read_statement(sql.encode())
    assert caught.value.code == code

"""The store: values there and back, and the two kinds of failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from sql.store import Store, StoreError, StoreUnavailable

TABLE = """
CREATE TABLE things
(
    id String, at DateTime64(3, 'UTC'), maybe Nullable(Int64), truth Bool, word LowCardinality(String),
    numbers Array(UInt32), moments Array(DateTime64(3, 'UTC'))
)
ENGINE = MergeTree ORDER BY id
"""
STRANGE = "한글 '\"\\ \t\n {x:String} %s 😀 \x00"


@pytest.fixture
def store(clickhouse_url: str, database: str) -> Iterator[Store]:
    store = Store(clickhouse_url, database)
    store.command(TABLE)
    yield store
    store.close()


def things(word: str = "w") -> pa.Table:
    moment = pa.timestamp("ms", "UTC")
    return pa.table(
        {
            "id": ["a", "b"],
            "at": pa.array([1_767_225_600_123, 0], moment),
            "maybe": pa.array([None, -5], pa.int64()),
            "truth": [True, False],
            "word": [word, ""],
            "numbers": pa.array([[1, 2], []], pa.list_(pa.uint32())),
            "moments": pa.array([[1, 1_767_225_600_999], []], pa.list_(moment)),
        }
    )


def test_an_arrow_table_comes_back_as_it_went_in(store: Store) -> None:
    store.insert("things", things(STRANGE))
    back = store.arrow_of("SELECT * FROM things ORDER BY id")
    assert back.to_pylist() == things(STRANGE).to_pylist()
    assert back.schema.field("at").type == pa.timestamp("ms", "UTC")
    assert back.schema.field("word").type == pa.string()


def test_rows_are_dicts_and_parameters_are_bound(store: Store) -> None:
    store.insert("things", things(STRANGE))
    sql = "SELECT id, maybe, numbers FROM things WHERE word = {word:String} OR id IN {ids:Array(String)} ORDER BY id"
    assert store.rows_of(sql, {"word": STRANGE, "ids": ["b", STRANGE]}) == [
        {"id": "a", "maybe": None, "numbers": [1, 2]},
        {"id": "b", "maybe": -5, "numbers": []},
    ]
    assert store.rows_of(sql, {"word": "' OR 1 = 1 --", "ids": []}) == []


def test_many_parameters_need_no_long_url(store: Store) -> None:
    ids = [f"식별자-{number}" for number in range(5_000)]
    assert store.rows_of("SELECT length({ids:Array(String)}) AS n", {"ids": ids}) == [{"n": 5_000}]


def test_inserting_nothing_sends_nothing(store: Store) -> None:
    store.insert("no_such_table", things().slice(0, 0))


def test_many_threads_share_a_store(store: Store) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        for _ in range(5):
            seen.append(store.rows_of("SELECT {n:Int64} AS n, sleep(0.01)", {"n": number})[0]["n"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(list(range(16)) * 5)


@pytest.mark.parametrize(
    "sql", ["SELECT nonsense FROM things", "SELEC 1", "SELECT * FROM no_such_table", "SELECT throwIf(1)"]
)
def test_a_mistake_is_a_store_error_with_its_code(store: Store, sql: str) -> None:
    with pytest.raises(StoreError) as caught:
        store.rows_of(sql)
    assert caught.value.code


def test_an_insert_into_a_missing_table_or_column_is_a_mistake(store: Store) -> None:
    with pytest.raises(StoreError):
        store.insert("no_such_table", things())
    with pytest.raises(StoreError):
        store.insert("things", pa.table({"nonsense": [1]}))


def test_nobody_listening_is_unavailable() -> None:
    store = Store("http://127.0.0.1:9", "sonnim")  # the discard port
    with pytest.raises(StoreUnavailable):
        store.ping()
    with pytest.raises(StoreUnavailable):
        store.insert("things", things())
    with pytest.raises(StoreUnavailable):
        store.command("SELECT 1")


def test_being_too_busy_is_unavailable(store: Store) -> None:
    with pytest.raises(StoreUnavailable):
        store.rows_of("SELECT sum(number) FROM numbers(100000000000)", settings={"max_execution_time": 1})
    with pytest.raises(StoreUnavailable):
        store.rows_of("SELECT groupArray(number) FROM numbers(100000000)", settings={"max_memory_usage": 10_000_000})


NOT_NOW = {
    164: "read_only", 242: "read_only", 243: "disk_full", 75: "disk_full", 241: "memory", 252: "too_many_parts", 202: "busy",
    159: "busy", 225: "away", 999: "away", 210: "away",
}  # fmt: skip


@pytest.mark.parametrize(("code", "why"), NOT_NOW.items())
def test_what_will_pass_is_unavailable_and_says_why(store: Store, code: int, why: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        store.rows_of(
            f"SELECT throwIf(1, 'not now', toInt16({code}))", settings={"allow_custom_error_code_in_throwif": 1}
        )
    assert caught.value.why == why


def test_a_missing_database_is_a_mistake_that_create_database_mends(clickhouse_url: str, database: str) -> None:
    store = Store(clickhouse_url, f"{database}_more")
    with pytest.raises(StoreError):
        store.ping()
    store.create_database()
    store.create_database()
    store.ping()
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()

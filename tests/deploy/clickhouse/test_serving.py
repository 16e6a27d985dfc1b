"""Many clients at once, clients that go away, one owner of a path, and the end of the process at any moment."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.conftest import free_port, start_clickhouse, statement

LONG = "SELECT count() FROM numbers(1000000000000)"
Start = Callable[..., tuple[str, subprocess.Popen[bytes]]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes = []

    def begin(*options: str) -> tuple[str, subprocess.Popen[bytes]]:
        port = free_port()
        process = start_clickhouse(tmp_path / "data", port, *options)
        processes.append(process)
        return f"http://127.0.0.1:{port}", process

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def number(url: str, sql: str) -> int:
    return int(statement(url, sql))


def refusal(url: str, sql: str) -> tuple[int, str]:
    """Status and text of a statement that fails."""
    with pytest.raises(HTTPError) as caught:
        statement(url, sql)
    with caught.value as answer:
        return answer.code, answer.read().decode()


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def running(url: str) -> int:
    return number(
        url,
        "SELECT count() FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%LIKE%'",
    )


def test_readers_and_writers_run_beside_each_other(clickhouse_url: str, database: str) -> None:
    table = f"{database}.t"
    statement(clickhouse_url, f"CREATE TABLE {table} (writer UInt8, n UInt32) ENGINE = MergeTree ORDER BY (writer, n)")

    def write(writer: int) -> None:
        for first in range(0, 1000, 50):
            rows = "".join(f"{writer},{n}\n" for n in range(first, first + 50))
            statement(clickhouse_url, f"INSERT INTO {table} FORMAT CSV\n{rows}")

    def read(_: int) -> None:
        seen = 0
        for _ in range(20):
            count, whole = statement(clickhouse_url, f"SELECT count(), count() % 50 = 0 FROM {table}").split()
            assert int(count) >= seen
            assert whole == b"1"
            seen = int(count)

    with ThreadPoolExecutor(7) as threads:
        done = [threads.submit(write, writer) for writer in range(3)] + [
            threads.submit(read, reader) for reader in range(4)
        ]
        for future in done:
            future.result()
    assert number(clickhouse_url, f"SELECT uniqExact(writer, n) FROM {table}") == 3000
    assert number(clickhouse_url, f"SELECT count() FROM {table}") == 3000


def test_too_many_statements_at_once_are_refused_and_idle_clients_do_not_count(start: Start) -> None:
    url, _ = start("--queries", "2")
    host, port = url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(20)]
    for connection in idle[:10]:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nSELECT")
    assert statement(url, "SELECT 1") == b"1\n"
    with ThreadPoolExecutor(2) as threads:
        long = [threads.submit(statement, url, "SELECT sleepEachRow(1) FROM numbers(3) FORMAT Null") for _ in range(2)]
        time.sleep(1)
        status, text = refusal(url, "SELECT 1")
        assert status == 500
        assert text.startswith("Code: 202. ")
        assert "(TOO_MANY_SIMULTANEOUS_QUERIES)" in text
        for future in long:
            assert future.result() == b""
    assert statement(url, "SELECT 1") == b"1\n"
    for connection in idle:
        connection.close()


def test_the_statement_of_a_client_that_went_away_is_stopped(clickhouse_url: str) -> None:
    host, port = clickhouse_url.removeprefix("http://").split(":")
    request = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LONG)}\r\n\r\n{LONG}".encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        wait_until(lambda: running(clickhouse_url) == 1)
    wait_until(lambda: running(clickhouse_url) == 0)


def test_an_insert_whose_client_goes_away_leaves_nothing(clickhouse_url: str, database: str) -> None:
    statement(clickhouse_url, f"CREATE TABLE {database}.t (a UInt32) ENGINE = MergeTree ORDER BY a")
    host, port = clickhouse_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /?query=INSERT+INTO+{database}.t+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall(head.encode() + b"Content-Length: 9000000\r\n\r\n" + b"1\n" * 1_000_000)
    time.sleep(0.3)
    assert number(clickhouse_url, f"SELECT count() FROM {database}.t") == 0
    assert statement(clickhouse_url, f"INSERT INTO {database}.t VALUES (1)") == b""


def test_what_was_answered_is_there_after_a_kill(start: Start) -> None:
    url, process = start()
    statement(url, "CREATE TABLE t (writer UInt8, n UInt32) ENGINE = MergeTree ORDER BY (writer, n)")
    answered: list[int] = [0, 0]

    def write(writer: int) -> None:
        try:
            while True:
                rows = "".join(f"({writer}, {answered[writer] + step})," for step in range(1, 21)).rstrip(",")
                statement(url, f"INSERT INTO t VALUES {rows}")
                answered[writer] += 20
        except OSError:
            return

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: min(answered) >= 600)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for thread in threads:
        thread.join()
    url, _ = start()
    for writer in range(2):
        found = number(url, f"SELECT count() FROM t WHERE writer = {writer} AND n <= {answered[writer]}")
        assert found == answered[writer]
        assert number(url, f"SELECT count() % 20 FROM t WHERE writer = {writer}") == 0


def test_parts_are_merged_in_the_background(start: Start) -> None:
    url, _ = start()
    statement(url, "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
    for value in range(30):
        statement(url, f"INSERT INTO t VALUES ({value})")
    parts = "SELECT count() FROM system.parts WHERE table = 't' AND active"
    wait_until(lambda: number(url, parts) < 15)
    assert number(url, "SELECT sum(a) FROM t") == sum(range(30))


def test_a_path_has_one_owner_and_a_killed_owner_blocks_nobody(start: Start, tmp_path: Path) -> None:
    url, process = start()
    statement(url, "CREATE DATABASE kept")
    command = [sys.executable, "-m", "deploy.clickhouse", "--path", str(tmp_path / "data"), "--port", str(free_port())]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert second.stderr.splitlines()[0].endswith("is served by another process")
    assert "Traceback" not in second.stderr
    process.kill()
    process.wait()
    url, _ = start()
    assert statement(url, "EXISTS DATABASE kept") == b"1\n"


def test_a_port_in_use_is_told_in_two_lines(clickhouse_url: str, tmp_path: Path) -> None:
    port = clickhouse_url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "deploy.clickhouse", "--path", str(tmp_path), "--port", port]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"Cannot listen on 127.0.0.1:{port}: Address already in use",
        "Choose another --port.",
    ]


def test_it_stops_when_told_even_while_a_statement_runs(start: Start) -> None:
    url, process = start()
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(refusal, url, LONG)
        wait_until(lambda: running(url) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert "(QUERY_WAS_CANCELLED)" in long.result()[1]


def test_a_password_can_be_asked_for(start: Start) -> None:
    url, _ = start("--user", "analyst", "--password", "secret")
    assert refusal(url, "SELECT 1")[0] == 403
    assert statement(f"{url}/?user=analyst&password=secret", "SELECT 1") == b"1\n"


def test_a_hundred_megabytes_go_in_and_out_in_bounded_memory(start: Start) -> None:
    url, process = start()
    statement(url, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")

    def peak() -> int:
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) >> 10

    before = peak()
    row = b"%d," + b"x" * 200 + b"\n"
    data = b"".join(row % number for number in range(500_000))
    assert len(data) > 100_000_000
    statement(f"{url}/?query=INSERT+INTO+t+FORMAT+CSV", data.decode())
    assert number(url, "SELECT count() FROM t") == 500_000
    assert len(statement(url, "SELECT * FROM t FORMAT CSV")) > 100_000_000
    assert peak() - before < 600

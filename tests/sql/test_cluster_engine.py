"""Distributed tables at work, in the embedded engine as every machine of a cluster (tests/sql/cluster_engine.py)."""

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

import numpy as np
import pytest

from flows.lookup import commits_of
from flows.rebuild import from_events, from_log, swap
from flows.rebuild_check import compare
from flows.rebuild_replay import TABLES, Pace
from sql.migrate import migrate, plan
from sql.store import QUERIES, Store, StoreError
from tests.conftest import START_S, free_port
from tests.flows import shop
from tests.flows.shop import DenseLog, Shop
from tests.flows.test_rebuild import Quiet, check, stream
from tests.sql.cluster_engine import Alone

NOW = 1_767_225_600_000
VALUES = {"String": "", "Array": ["x"]}
"""For a parameter of a query, by its type; a number is so large that it leaves nothing out."""

VISITORS = [f"v{number}" for number in range(8)]
MEMBERS = [f"m{number}" for number in range(8)]
TRANSACTIONS = [f"T{number}" for number in range(8)]
ITEMS = [f"i{number}" for number in range(8)]
ASKED = {
    "site_id": "alpha", "visitor_id": "v1", "visitor_ids": VISITORS, "person_id": "visitor:v1", "person": "", "began_at": 0,
    "member_ids": MEMBERS, "members": MEMBERS, "people": MEMBERS, "member_id": "m0", "stints": 1, "after_member": "", "after_visitor": "",
    "shard": 1, "partition": 1, "size": 50, "recent": 7,
    "shards": [0, 1, 2],
    "since": 0, "online_since": 0, "until": 1 << 41, "step": 1 << 30, "window": "7d", "timezone": "Asia/Seoul", "after": 1 << 41,
    "after_seen": -1, "upto": 1 << 41, "most": 10,
    "sites": ["alpha"] * 8, "moments": [0] * 8, "visitors": VISITORS, "ids": VISITORS, "transactions": TRANSACTIONS, "item_ids": ITEMS,
}  # fmt: skip
ASKED_OF = {
    "stream_changes": {"after": [0] * 3, "upto": [1 << 41] * 3, "judged": [0] * 3},
    "person_events": {"devices": list(range(1, 9)), "begins": [0] * 8, "ends": [1 << 41] * 8},
}
ABOUT_THE_SERVER = {"cluster_shape", "schema_migrations_applied"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    port = free_port()
    command = [sys.executable, "-m", "tests.sql.cluster_engine", str(tmp_path_factory.mktemp("cluster")), str(port)]
    process = subprocess.Popen(command)
    try:
        wait(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait(process: subprocess.Popen, url: str) -> None:
    for _ in range(START_S * 20):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError("the engine does not answer")


@pytest.fixture
def store(engine):
    store = Alone(engine, f"test_{uuid.uuid4().hex[:8]}", cluster="one", replicas=1)
    migrate(store, NOW)
    yield store
    store.close()


def test_all_migrations_are_applied_once(store):
    assert plan(store) == []
    assert migrate(store, NOW) == []
    engines = {
        row["name"]: row["engine"]
        for row in store.rows_of("SELECT name, engine FROM system.tables WHERE database = currentDatabase()")
    }
    assert (engines["visitors"], engines["visitors_local"]) == ("Distributed", "ReplacingMergeTree")
    assert engines["current_visits"] == "View"
    index = "SELECT table, name FROM system.data_skipping_indices WHERE database = currentDatabase() ORDER BY name"
    assert [tuple(row.values()) for row in store.rows_of(index)] == [
        ("commits_local", "commits_recent"),
        ("deliveries_local", "people"),
        ("deliveries_local", "states"),
        ("events_local", "times"),
        ("events_local", "visitors"),
    ]


def test_a_migration_that_was_cut_short_is_made_whole(store):
    store.run("DROP TABLE visits")
    store.run("ALTER TABLE schema_migrations_local DELETE WHERE name >= '0007' SETTINGS mutations_sync = 1")
    assert migrate(store, NOW)[0] == "0007_visits"
    assert store.rows_of("SELECT count() AS n FROM visits") == [{"n": 0}]


def test_every_statement_is_sent_with_the_settings_the_promise_rests_on(engine, store):
    careful = Alone(engine, store.database, cluster="one", replicas=3)
    names = ("distributed_foreground_insert", "insert_quorum", "skip_unavailable_shards", "optimize_skip_unused_shards")
    told = careful.rows_of("SELECT " + ", ".join(f"toInt8(getSetting('{name}')) AS {name}" for name in names))
    assert list(told[0].values()) == [1, 3, 0, 1]
    careful.close()


def test_a_cluster_that_is_not_as_told_is_refused(engine):
    for cluster, replicas, says in (("none", 1, "knows no cluster"), ("one", 2, "has 1 replicas, not 2")):
        store = Alone(engine, "never", cluster=cluster, replicas=replicas)
        with pytest.raises(StoreError, match=says):
            migrate(store, NOW)
        store.close()


@pytest.mark.parametrize("build", [from_log, from_events])
def test_the_flow_dies_and_goes_on_over_distributed_tables(engine, monkeypatch, build):
    monkeypatch.setattr(shop, "Store", lambda url, database: Alone(url, database, cluster="one", replicas=1))
    world, events = stream(3, 200)
    rng = np.random.default_rng(3)
    played = Shop(engine, f"test_{uuid.uuid4().hex[:8]}", DenseLog(3))
    played.play(events, rng)
    played.drain()
    check(played, world)
    targets = commits_of(played.store)
    build(played.log, played.store, targets, Quiet(), Pace(stretch=40, write=90))
    found = compare(played.store, targets)
    assert found.equal, [table.examples for table in found.tables]
    with pytest.raises(StoreError, match="cannot be done on a ClickHouse cluster"):
        swap(played.store, targets)
    check(played, world)
    played.store.close()


def merge(url: str, database: str) -> None:
    """Leave nothing to merge: some queries look at superseded rows too, for as long as there are any."""
    store = Store(url, database)
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for row in store.rows_of(tables):
        store.command(f"OPTIMIZE TABLE {row['name']} FINAL")
    store.close()


def questions() -> list[str]:
    """Names of the queries that read."""
    texts = {path.stem: re.sub(r"--[^\n]*\n", "", path.read_text()) for path in sorted(QUERIES.glob("*.sql"))}
    return [name for name, text in texts.items() if re.match(r"\s*(SELECT|WITH)\b", text)]


def values(store: Store, name: str) -> dict[str, object]:
    """What a query is asked with, by the names and types of its parameters."""
    types = dict(re.findall(r"\{(\w+):(\w+)", store.text(name)))
    by_type = {parameter: VALUES.get(kind, 1 << 14) for parameter, kind in types.items()}
    told = by_type | {
        parameter: value for parameter, value in {**ASKED, **ASKED_OF.get(name, {})}.items() if parameter in types
    }
    return told | ({"table": name.removeprefix("rebuild_rows_")} if "table" in types else {})


def test_every_query_answers_over_distributed_tables_what_it_answers_over_plain_ones(engine, monkeypatch):
    played = []
    for made in (Store, lambda url, database: Alone(url, database, cluster="one", replicas=1)):
        monkeypatch.setattr(shop, "Store", made)
        one = Shop(engine, f"test_{uuid.uuid4().hex[:8]}", DenseLog(3))
        one.play(stream(5, 200)[1], np.random.default_rng(5))
        one.drain()
        from_log(one.log, one.store, commits_of(one.store), Quiet(), Pace())
        merge(engine, one.store.database)
        played.append(one.store)
    answered = set()
    for name in questions():
        plain, distributed = (sorted(map(repr, store.rows(name, values(store, name)))) for store in played)
        if name not in ABOUT_THE_SERVER:
            assert plain == distributed, name
            answered |= {name} if plain else set()
    assert len(answered) > 25, sorted(set(questions()) - answered)
    for store in played:
        store.close()


def test_no_query_is_refused_where_there_are_two_shards(engine):
    """Double-distributed subqueries, PREWHERE and FINAL over Distributed tables. Figures are not looked at: this engine finds
    the same rows on both shards."""
    store = Alone(engine, f"test_{uuid.uuid4().hex[:8]}", cluster="two", replicas=1)
    migrate(store, NOW)
    for name in TABLES:
        store.command(store.text(f"rebuild_create_{name}"))
    for name in questions():
        store.rows(name, values(store, name))
    store.close()

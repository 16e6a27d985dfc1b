"""What a statement becomes on a cluster: from the same files, understood by the engine, rows that belong together on one shard."""

import re

import pytest

from flows.rebuild_replay import TABLES, rebuilt
from flows.writer import partition_of
from sql.cluster import SHARDING, ClusterStore, on_cluster
from sql.migrate import migrations
from sql.store import QUERIES, Store, StoreError

FOLLOWS_FROM_THE_KEY = {"site_keys": {"site_id"}, "visitors": {"shard"}, "orders": {"shard"}, "events": set()}
"""Columns of no sorting key that are the same whenever the key is: a key's site, and the partition of who or what is told."""


def made(sql: str, **parameters: str) -> list[str]:
    return on_cluster(sql, "shops", "sonnim", parameters)


def query(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text()


def every_statement() -> list[str]:
    names = ["schema_migrations", *(f"rebuild_create_{name}" for name in TABLES)]
    names += [path.stem for path in QUERIES.glob("erasure_*.sql") if "ALTER TABLE" in path.read_text()]
    told = [migration.statement for migration in migrations()] + [query(name) for name in names]
    return [statement for sql in told for statement in made(sql)] + made(query("rebuild_drop"), table=rebuilt("visits"))


def test_a_table_becomes_a_replicated_one_everywhere_and_a_distributed_one_over_it():
    sql = "-- Rows of orders.\nCREATE TABLE orders\n(\n    shard UInt16\n)\nENGINE = ReplacingMergeTree(version)\nORDER BY shard\n"
    assert made(sql) == [
        "CREATE TABLE IF NOT EXISTS orders_local ON CLUSTER 'shops'\n(\n    shard UInt16\n)\n"
        "ENGINE = ReplicatedReplacingMergeTree(version)\nORDER BY shard\n",
        "CREATE TABLE IF NOT EXISTS orders ON CLUSTER 'shops' AS orders_local "
        "ENGINE = Distributed('shops', 'sonnim', 'orders_local', shard)",
    ]


def test_a_view_is_made_everywhere_over_the_distributed_tables():
    assert made("CREATE VIEW told AS\nSELECT * FROM orders FINAL") == [
        "CREATE VIEW IF NOT EXISTS told ON CLUSTER 'shops' AS\nSELECT * FROM orders FINAL"
    ]


def test_a_column_is_added_where_it_is_kept_first_and_an_index_only_there():
    assert made("ALTER TABLE orders ADD COLUMN IF NOT EXISTS note String") == [
        "ALTER TABLE orders_local ON CLUSTER 'shops' ADD COLUMN IF NOT EXISTS note String",
        "ALTER TABLE orders ON CLUSTER 'shops' ADD COLUMN IF NOT EXISTS note String",
    ]
    assert made("ALTER TABLE orders ADD INDEX IF NOT EXISTS times at TYPE minmax") == [
        "ALTER TABLE orders_local ON CLUSTER 'shops' ADD INDEX IF NOT EXISTS times at TYPE minmax"
    ]


def test_a_view_is_replaced_everywhere():
    assert made("-- Other columns.\nCREATE OR REPLACE VIEW told AS\nSELECT 1") == [
        "CREATE OR REPLACE VIEW told ON CLUSTER 'shops' AS\nSELECT 1"
    ]


def test_several_changes_go_together_and_the_order_of_rows_concerns_the_kept_table_only():
    sql = (
        "-- People.\nALTER TABLE visitors\n    ADD COLUMN IF NOT EXISTS at DateTime64(3, 'UTC') AFTER id,  -- 0, or (when\n"
        "    ADD COLUMN IF NOT EXISTS told String DEFAULT ' -- (, ' CODEC(ZSTD(1)), -- what\n    MODIFY ORDER BY (site_id, at)\n"
    )
    columns = (
        "ADD COLUMN IF NOT EXISTS at DateTime64(3, 'UTC') AFTER id, "
        "ADD COLUMN IF NOT EXISTS told String DEFAULT ' -- (, ' CODEC(ZSTD(1))"
    )
    assert made(sql) == [
        f"ALTER TABLE visitors_local ON CLUSTER 'shops' {columns}, MODIFY ORDER BY (site_id, at)",
        f"ALTER TABLE visitors ON CLUSTER 'shops' {columns}",
    ]


def test_rows_are_deleted_and_changed_where_they_are_kept():
    assert made("-- Why.\nALTER TABLE orders\nDELETE WHERE shard = 1 SETTINGS mutations_sync = 2") == [
        "ALTER TABLE orders_local ON CLUSTER 'shops' DELETE WHERE shard = 1 SETTINGS mutations_sync = 2"
    ]
    assert made("ALTER TABLE segments UPDATE expression = '' WHERE version = 1") == [
        "ALTER TABLE segments_local ON CLUSTER 'shops' UPDATE expression = '' WHERE version = 1"
    ]


def test_a_table_beside_a_live_one_is_a_table_of_its_own():
    assert made(query("rebuild_create_visits")) == [
        "CREATE TABLE IF NOT EXISTS visits_rebuilt_local ON CLUSTER 'shops' AS visits_local",
        "CREATE TABLE IF NOT EXISTS visits_rebuilt ON CLUSTER 'shops' AS visits_rebuilt_local "
        "ENGINE = Distributed('shops', 'sonnim', 'visits_rebuilt_local', CRC32(concat(site_id, '/', visitor_id)))",
    ]
    assert made(query("rebuild_drop"), table="visits_rebuilt") == [
        f"DROP TABLE IF EXISTS {name} ON CLUSTER 'shops' SYNC SETTINGS max_table_size_to_drop = 0\n"
        for name in ("visits_rebuilt", "visits_rebuilt_local")
    ]


@pytest.mark.parametrize(
    "sql",
    [
        query("rebuild_swap"),
        "TRUNCATE TABLE orders",
        "CREATE TABLE unheard_of\n(a Int8)\nENGINE = MergeTree\nORDER BY a",
        "CREATE TABLE orders\n(a Int8)\nENGINE = Memory",
    ],
)
def test_what_it_does_not_know_is_refused(sql):
    with pytest.raises(StoreError):
        made(sql)


def test_names_are_never_pasted_unseen():
    with pytest.raises(ValueError, match="no identifier"):
        made(query("rebuild_drop"), table="visits; DROP TABLE visits")
    with pytest.raises(ValueError, match="no name of a cluster"):
        ClusterStore("http://127.0.0.1:1", cluster="x' SYNC", replicas=2)


def test_every_table_says_on_which_shard_a_row_is():
    tables = {found[1] for m in migrations() if (found := re.search(r"^CREATE TABLE (\w+)", m.statement, re.MULTILINE))}
    assert tables | {"schema_migrations"} == SHARDING.keys()


def test_rows_that_replace_each_other_are_on_one_shard(clickhouse_url, database):
    store = Store(clickhouse_url, database)
    for migration in migrations():
        store.command(migration.statement)
    store.command(query("schema_migrations"))
    keys = "SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase() AND sorting_key != ''"
    for table in store.rows_of(keys):
        key = set(re.findall(r"\w+", table["sorting_key"]))
        used = set(re.findall(r"\b[a-z]\w*\b(?!\()", SHARDING[table["name"]]))
        assert used <= key | FOLLOWS_FROM_THE_KEY.get(table["name"], set()), table["name"]
    store.close()


@pytest.mark.parametrize("shards", [1, 2, 4, 8, 16, 32, 64])
def test_a_visitors_rows_are_on_one_shard_if_shards_divide_partitions(clickhouse_url, database, shards):
    store = Store(clickhouse_url, database)
    visitors = [f"visitor-{i}" for i in range(500)]
    sql = f"""
        SELECT {SHARDING["visits"]} % {{shards:UInt16}} AS place
        FROM (SELECT 'alpha' AS site_id, arrayJoin({{v:Array(String)}}) AS visitor_id)
    """
    visits = [row["place"] for row in store.rows_of(sql, {"shards": shards, "v": visitors})]
    assert visits == [partition_of(f"alpha/{visitor}", 64) % shards for visitor in visitors]
    assert len(set(visits)) == shards
    store.close()


def test_the_engine_understands_every_statement(clickhouse_url, database):
    store = Store(clickhouse_url, database)
    found = every_statement()
    assert len(found) > 30
    for statement in found:
        told = store.rows_of("SELECT formatQuerySingleLine({sql:String}) AS told", {"sql": statement})[0]["told"]
        assert "ON CLUSTER shops" in told, statement
    store.close()

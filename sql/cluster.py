"""A store whose tables lie on a ClickHouse cluster: shards by key, each shard on several replicas.

There is no second set of SQL files. Of each statement that makes or changes a table, `on_cluster` makes those a cluster needs: the
table on every machine as `<name>_local` with a Replicated engine, and under its own name a Distributed table over them. Queries and
views name the latter, so they are the same on one machine and on many.

Three settings carry the promise that nothing is lost; every statement of a `ClusterStore` is sent with them:

- `distributed_foreground_insert`: an INSERT is answered when its shards have it, so a commit is never there before its rows;
- `insert_quorum`, as many as there are replicas: what was answered is on every replica. Any of them may be lost for good, and any may
  be read from: a flow that starts never finds a commit on one and older rows on another;
- `skip_unavailable_shards` off: an answer is whole, or there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from clickhouse_connect.driver.client import Client

from sql.store import Params, Store, StoreError

SHARDING: Final[Mapping[str, str]] = {
    "schema_migrations": "CRC32(name)",
    "sites": "CRC32(site_id)",
    "site_keys": "CRC32(site_id)",
    "segments": "CRC32(site_id)",
    "events": "shard",
    "rejected_events": "shard",
    "visitors": "shard",
    "visits": "CRC32(concat(site_id, '/', visitor_id))",
    "orders": "shard",
    "commits": "partition",
    "rollups": "shard",
    "transitions": "CRC32(concat(site_id, '/', segment_id))",
    "segment_counts": "shard",
    "products": "CRC32(concat(site_id, '/', item_id))",
    "erasures": "CRC32(site_id)",
    "opt_outs": "CRC32(site_id)",
    "hooks": "CRC32(site_id)",
    "deliveries": "CRC32(hook_id)",
    "dispatchers": "CRC32(process_id)",
    "dispatch_positions": "partition",
    "member_data": "shard",
    "traits": "CRC32(site_id)",
    "users": "CRC32(user_id)",
    "user_roles": "CRC32(user_id)",
    "sessions": "CRC32(token_hash)",
    "audit": "CRC32(site_id)",
}
"""Which shard of the cluster has a row: this, modulo their number. Rows that replace each other must give the same.

A partition of the log is CRC-32 of the key modulo partitions. So where the number of the cluster's shards divides that of the
partitions, a visitor's rows are on one shard, and a flush writes to that shard alone (products apart)."""

REBUILT: Final = "_rebuilt"
"""End of the name of a table beside a live one (flows/rebuild_replay.py)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\{(\w+):Identifier\}")
_COMMENTS = re.compile(r"\A(?:--[^\n]*\n|\s)+")
_CREATE_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)(?=\s*\()")
_CREATE_LIKE = re.compile(r"CREATE TABLE (\w+) AS (\w+)\s*\Z")
_CREATE_VIEW = re.compile(r"CREATE (OR REPLACE )?VIEW (\w+) AS\b")
_ALTER = re.compile(r"ALTER TABLE (\w+)\s+(?=(?:ADD|DROP|MODIFY|RENAME|COMMENT|CLEAR) )")
_MUTATION = re.compile(r"ALTER TABLE (\w+)\s+(?=(?:DELETE WHERE|UPDATE) )")
_OF_COLUMNS = re.compile(r"(?:ADD|DROP|MODIFY|RENAME|COMMENT|CLEAR) COLUMN\b")
_PIECES = re.compile(r"'(?:[^'\\]|\\.|'')*'|--[^\n]*|.", re.DOTALL)
_DROP = re.compile(r"DROP TABLE IF EXISTS (\w+)")
_ENGINE = re.compile(r"^ENGINE = (\w*MergeTree)\b", re.MULTILINE)

DDL_SECONDS = 50
"""How long a change waits for all machines; less than the store waits for an answer."""


def on_cluster(sql: str, cluster: str, database: str, parameters: Params | None = None) -> list[str]:
    """The statements that do on a cluster what one statement does on one machine; each may be repeated.

    Knows what migrations and rebuilds are made of: CREATE TABLE, CREATE [OR REPLACE] VIEW, ALTER TABLE, DROP TABLE IF EXISTS; an INSERT
    stays as it is. Raises `StoreError` for anything else, EXCHANGE TABLES above all: machines would exchange at
    different moments, and one that is away much later, while others are written to already.
    """
    sql = _PARAMETER.sub(lambda found: _bound(found[1], parameters), _COMMENTS.sub("", sql))
    where = f"ON CLUSTER '{cluster}'"

    def distributed(name: str) -> str:
        key = SHARDING.get(name.removesuffix(REBUILT))
        if key is None:
            raise StoreError(f"table {name} has no entry in SHARDING (sql/cluster.py): on which shard is a row of it?")
        engine = f"Distributed('{cluster}', '{database}', '{name}_local', {key})"
        return f"CREATE TABLE IF NOT EXISTS {name} {where} AS {name}_local ENGINE = {engine}"

    if found := _CREATE_TABLE.match(sql):
        local, engines = _ENGINE.subn(r"ENGINE = Replicated\1", sql[found.end() :])
        if engines != 1:
            raise StoreError(f"table {found[1]} needs one engine of the MergeTree family, on a line of its own")
        return [f"CREATE TABLE IF NOT EXISTS {found[1]}_local {where}{local}", distributed(found[1])]
    if found := _CREATE_LIKE.match(sql):
        return [f"CREATE TABLE IF NOT EXISTS {found[1]}_local {where} AS {found[2]}_local", distributed(found[1])]
    if found := _CREATE_VIEW.match(sql):
        made = "CREATE OR REPLACE VIEW" if found[1] else "CREATE VIEW IF NOT EXISTS"
        return [f"{made} {found[2]} {where} AS{sql[found.end() :]}"]
    if found := _ALTER.match(sql):
        changes = _changes(sql[found.end() :])
        # a column first where it is kept; indices, the order of rows, settings and TTL concern nobody else
        kept = [(f"{found[1]}_local", changes), (found[1], [one for one in changes if _OF_COLUMNS.match(one)])]
        return [f"ALTER TABLE {name} {where} {', '.join(told)}" for name, told in kept if told]
    if found := _MUTATION.match(sql):
        return [f"ALTER TABLE {found[1]}_local {where} {sql[found.end() :]}"]
    if found := _DROP.match(sql):
        return [f"DROP TABLE IF EXISTS {name} {where}{sql[found.end() :]}" for name in (found[1], f"{found[1]}_local")]
    if sql.startswith("INSERT INTO "):
        return [sql]
    raise StoreError(f"this cannot be done on a ClickHouse cluster: {sql.partition(chr(10))[0]}")


class ClusterStore(Store):
    """A `Store` on a cluster of ClickHouse's `remote_servers`; connects to any machine of it, or to a balancer before them all."""

    def __init__(
        self,
        url: str,
        database: str = "sonnim",
        user: str = "default",
        password: str = "",
        *,
        cluster: str,
        replicas: int,
    ) -> None:
        """`replicas`: of each shard. Raises `ValueError` for a name that cannot be one."""
        super().__init__(url, database, user, password)
        if not _NAME.fullmatch(cluster):
            raise ValueError(f"{cluster!r} is no name of a cluster")
        self.cluster, self.replicas = cluster, replicas
        self._settings = {
            "distributed_foreground_insert": 1,
            "insert_quorum": replicas,
            "insert_quorum_parallel": 1,
            "insert_quorum_timeout": 30_000,
            "skip_unavailable_shards": 0,
            "optimize_skip_unused_shards": 1,
            "distributed_ddl_task_timeout": DDL_SECONDS,
        }

    def command(self, sql: str, params: Params | None = None) -> None:
        """Do on the whole cluster what a statement says (`on_cluster`)."""
        for statement in on_cluster(sql, self.cluster, self.database, params):
            self.run(statement, params)

    def run(self, statement: str, params: Params | None = None) -> None:
        """Run a statement as it is."""
        super().command(statement, params)

    def create_database(self) -> None:
        """Create this store's database on every machine. Raises `StoreError` if the cluster is not as it has to be."""
        super().create_database()
        self._require_shape()
        self.run(f"CREATE DATABASE IF NOT EXISTS `{self.database}` ON CLUSTER '{self.cluster}'")

    def _require_shape(self) -> None:
        shards = self.rows("cluster_shape", {"cluster": self.cluster})
        if not shards:
            raise StoreError(
                f"this ClickHouse knows no cluster {self.cluster!r}: see remote_servers in its configuration"
            )
        for shard in shards:
            told = f"shard {shard['shard_num']} of cluster {self.cluster}"
            if shard["replicas"] != self.replicas:
                raise StoreError(f"{told} has {shard['replicas']} replicas, not {self.replicas}")
            if shard["replicas"] > 1 and not shard["internal_replication"]:
                raise StoreError(f"{told} needs internal_replication in remote_servers")

    def _connected(self) -> Client:
        client = super()._connected()
        for name, value in self._settings.items():
            if client.get_client_setting(name) is None:
                client.set_client_setting(name, value)
        return client


def _changes(text: str) -> list[str]:
    """The changes of an ALTER TABLE, one by one, without comments: they are separated by the commas outside of parentheses."""
    changes, depth = [""], 0
    for piece in _PIECES.findall(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and not depth:
            changes.append("")
        elif not piece.startswith("--"):
            changes[-1] += piece
    return [one.strip() for one in changes]


def _bound(name: str, parameters: Params | None) -> str:
    value = str((parameters or {})[name])
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError(f"{value!r} is no identifier")
    return value

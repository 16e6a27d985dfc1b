"""The embedded ClickHouse with clusters in its configuration: `python -m tests.sql.cluster_engine PATH PORT`.

The engine opens no port for other engines, so it is every machine of its clusters itself: `one` has one shard, `two` has two, on which
it finds the same tables. It has no Keeper: statements ON CLUSTER and Replicated engines are for `Alone` to leave out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import chdb

from deploy.clickhouse.serve import serve
from sql.cluster import ClusterStore
from sql.store import Params

_SHARD = "<shard><internal_replication>1</internal_replication><replica><host>127.0.0.1</host><port>9000</port></replica></shard>"
CONFIGURATION = f"""
<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><one>{_SHARD}</one><two>{_SHARD}{_SHARD}</two></remote_servers>
</clickhouse>
"""


class Alone(ClusterStore):
    """A cluster's store over that engine."""

    def run(self, statement: str, params: Params | None = None) -> None:
        """Run a statement on this machine only, without replicas."""
        statement = re.sub(r" ON CLUSTER '\w+'", "", statement)
        super().run(re.sub(r"ENGINE = Replicated(\w*MergeTree)", r"ENGINE = \1", statement), params)


def main(path: Path, port: int) -> None:
    """Serve until a signal comes."""
    path.mkdir(parents=True, exist_ok=True)
    configuration = path / "cluster.xml"
    configuration.write_text(CONFIGURATION)
    connect = chdb.connect

    def connected(address: str) -> Any:
        return connect(f"{address}&config-file={configuration}")

    chdb.connect = connected
    serve(path / "data", port=port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""`python -m deploy.clickhouse --path DIR --host 127.0.0.1 --port 8123`: the embedded ClickHouse alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.clickhouse.engine import PathInUseError
from deploy.clickhouse.request import DEFAULT_USER, Credentials
from deploy.clickhouse.serve import QUERIES, serve


def main(arguments: list[str] | None = None) -> int:
    """Serves until stopped; 1 when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.clickhouse", description="ClickHouse's HTTP interface over chDB."
    )
    parser.add_argument("--path", type=Path, required=True, help="directory of the database; made if it is not there")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--user", default=DEFAULT_USER)
    parser.add_argument("--password", default="")
    parser.add_argument(
        "--memory", type=int, metavar="BYTES", help="most the engine may use; half of the machine's, up to 8 GiB"
    )
    parser.add_argument("--queries", type=int, default=QUERIES, help="statements that may run at the same time")
    given = parser.parse_args(arguments)
    login = Credentials(given.user, given.password)
    try:
        serve(given.path, given.host, given.port, login=login, memory_bytes=given.memory, limit=given.queries)
    except PathInUseError as reason:
        print(f"{reason}\nStop it, or choose another --path.", file=sys.stderr)
        return 1
    except OSError as reason:
        print(f"Cannot listen on {given.host}:{given.port}: {reason.strerror}\nChoose another --port.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

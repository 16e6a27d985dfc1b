"""The embedded ClickHouse: chDB, ClickHouse's engine in a wheel, behind ClickHouse's HTTP interface.

What clients of ClickHouse over HTTP do works unchanged. What does *not* work, or works differently:

- HTTP only: no TLS, no native protocol (`clickhouse-client`, port 9000), no other wire protocols, one user, no roles or quotas.
- Requests of a session share its SETs and its USE; temporary tables of a session are refused (501), external data works.
- `KILL QUERY WHERE query_id = ...` finds nothing, since the engine gives ids of its own; `WHERE query LIKE ...` works. A reading
  statement whose client goes away is stopped, as with `cancel_http_readonly_queries_on_client_close=1`.
- `client_protocol_version` is ignored: Native is that of protocol 0, which has no zone in the type `DateTime` (`DateTime64` has).
- No X-ClickHouse-Progress headers; X-ClickHouse-Summary of a streamed answer has zeros; no `system.query_log` and its like.
- Bodies by gzip, deflate, zstd, lz4; not br, xz, bz2, snappy. `compress=1` works at about 10 MB/s of compressed data; the
  checksums of `decompress=1` are not verified.
- `INSERT ... SELECT ... FROM input(...)` holds its data in memory and needs the structure as a string.
- `INTO OUTFILE` and `FROM INFILE` are refused. Table functions like `file()` have the rights of the user who runs the server, so
  it listens on 127.0.0.1 and refuses web pages of other hosts; do not open it to others.
- `default` is a database of the engine `Overlay`, which also finds files by quoted names.
"""

from deploy.clickhouse.engine import PathInUseError
from deploy.clickhouse.serve import serve

__all__ = ["PathInUseError", "serve"]

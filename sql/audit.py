"""The audit: who changed what at a site. Rows are added and never changed; they are kept for five years."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from sql.store import Store

_SCHEMA: Final = pa.schema(
    [
        ("site_id", pa.string()), ("at", pa.timestamp("ms", "UTC")), ("audit_id", pa.string()), ("who_kind", pa.string()),
        ("who", pa.string()), ("what", pa.string()), ("which", pa.string()), ("before", pa.string()), ("after", pa.string()),
        ("address", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """`at`: epoch ms. `who`: a user's e-mail, or a key's id. `which`: the id of what was changed. `before`, `after`: short JSON, '' for
    nothing. `address`: where the call came from."""

    site_id: str
    at: int
    who_kind: Literal["user", "key"]
    who: str
    what: str
    which: str
    before: str = ""
    after: str = ""
    address: str = ""
    audit_id: str = ""


def write_entry(store: Store, entry: Entry) -> None:
    """Add an entry, under a random id."""
    row = {name: getattr(entry, name) for name in _SCHEMA.names} | {"audit_id": f"aud_{secrets.token_hex(10)}"}
    store.insert("audit", pa.table({one.name: pa.array([row[one.name]], one.type) for one in _SCHEMA}, _SCHEMA))


def read_entries(store: Store, site_id: str, after: int, after_id: str, size: int) -> list[Entry]:
    """Entries of a site, newest first, those after (`after`, `after_id`) in this order."""
    rows = store.rows("audit_page", {"site_id": site_id, "after": after, "after_id": after_id, "size": size})
    return [Entry(site_id=site_id, at=row.pop("moment"), **row) for row in rows]

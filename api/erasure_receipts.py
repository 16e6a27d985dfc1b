"""Receipts of erasures as kept in ClickHouse, and what an erasure knows while it is under way."""

from __future__ import annotations

import secrets
import string
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import orjson
import pyarrow as pa

from api.erasure_claim import Claim, Erased
from flows.erasure import Range
from sql.store import Store

REQUESTED, ERASING, SETTLING, DONE = "requested", "erasing", "settling", "done"

_MOMENT: Final = pa.timestamp("ms", "UTC")
_SCHEMA: Final = pa.schema(
    [
        ("site_id", pa.string()), ("receipt_id", pa.string()), ("version", pa.uint64()), ("state", pa.string()),
        ("requested_at", _MOMENT), ("erased_until", _MOMENT), ("finished_at", _MOMENT), ("runner", pa.string()),
        ("touched_at", _MOMENT), ("work", pa.string()), ("removed_from", pa.list_(pa.string())),
        ("removed_rows", pa.list_(pa.uint64())), ("opt_outs", pa.uint32()), ("visits", pa.uint64()), ("pageviews", pa.uint64()),
        ("orders", pa.uint64()), ("units", pa.int64()), ("revenue", pa.int64()), ("first_day", pa.date32()), ("last_day", pa.date32()),
    ]
)  # fmt: skip
_ALPHABET: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Totals:
    """What a person counted for: over his life, in the site's currency and days (ISO, None before anything is known)."""

    visits: int = 0
    pageviews: int = 0
    orders: int = 0
    units: int = 0
    revenue: int = 0
    first_day: str | None = None
    last_day: str | None = None

    def plus(self, row: dict[str, Any]) -> Totals:
        """With a stint more (a row of `erasure_stints.sql`)."""
        sums = {name: getattr(self, name) + row[name] for name in ("visits", "pageviews", "orders", "units", "revenue")}
        first = min(filter(None, (self.first_day, row["first_day"])))
        last = max(filter(None, (self.last_day, row["last_day"])))
        return Totals(**sums, first_day=first, last_day=last)


@dataclass(frozen=True)
class Receipt:
    """One erasure. Times are epoch ms; `work` is empty once nothing of the person is needed any more."""

    site_id: str
    receipt_id: str
    version: int
    state: str
    requested_at: int
    erased_until: int | None = None
    finished_at: int | None = None
    runner: str = ""
    touched_at: int = 0
    work: str = ""
    removed: dict[str, int] = field(default_factory=dict)
    opt_outs: int = 0
    totals: Totals = field(default_factory=Totals)

    def with_removed(self, rows: dict[str, int]) -> Receipt:
        """With so many rows more."""
        names = [*self.removed, *(name for name in rows if name not in self.removed)]
        return replace(self, removed={name: self.removed.get(name, 0) + rows.get(name, 0) for name in names})


@dataclass
class Work:
    """Who is erased, and how far it is: `rounds` times the flow was told, `sent_at` (epoch ms) last, and of something new then or not."""

    claim: Claim
    rounds: int = 0
    sent_at: int = 0
    news: bool = True
    phones: list[str] = field(default_factory=list)  # hashes of those that were kept

    def text(self) -> str:
        """As JSON."""
        lists = {name: [list(one) for one in getattr(self.claim, name)] for name in ("stints", "erased", "kept")}
        return orjson.dumps({**asdict(self), "claim": {**asdict(self.claim), **lists}}).decode()

    @staticmethod
    def of(text: str) -> Work:
        """What `text` wrote."""
        told = orjson.loads(text)
        claim = told.pop("claim")
        claim["stints"] = [Range(*stint) for stint in claim["stints"]]
        claim["erased"] = [Erased(*one) for one in claim["erased"]]
        claim["kept"] = [(transaction, visitor) for transaction, visitor in claim["kept"]]
        claim["copies"] = {
            name: [(visitor, event) for visitor, event in copies] for name, copies in claim["copies"].items()
        }
        return Work(Claim(**claim), **told)


class Overtaken(Exception):
    """Another process has gone on with this erasure."""


def new_receipt(site_id: str, work: Work, now: int) -> Receipt:
    """A receipt under a random id."""
    receipt_id = "era_" + "".join(secrets.choice(_ALPHABET) for _ in range(20))
    work.claim.mark = receipt_id
    return Receipt(site_id, receipt_id, now * 1000, REQUESTED, now, work=work.text())


def open_receipts(store: Store) -> list[Receipt]:
    """Erasures under way, of all sites, oldest first."""
    return [_receipt(row) for row in store.rows("erasures_open")]


def find_receipt(store: Store, site_id: str, receipt_id: str) -> Receipt | None:
    """A receipt of a site, or None."""
    rows = store.rows("erasures", {"site_id": site_id, "receipt_id": receipt_id, "most": 1}) if receipt_id else []
    return _receipt(rows[0]) if rows else None


def list_receipts(store: Store, site_id: str, most: int) -> list[Receipt]:
    """The newest receipts of a site."""
    return [_receipt(row) for row in store.rows("erasures", {"site_id": site_id, "receipt_id": "", "most": most})]


def save(store: Store, receipt: Receipt, *, new: bool = False) -> Receipt:
    """Write the next version of a receipt and return it. Raises `Overtaken` if somebody else has written one since."""
    if not new:
        known = find_receipt(store, receipt.site_id, receipt.receipt_id)
        if known is None or known.version != receipt.version:
            raise Overtaken(receipt.receipt_id)
        receipt = replace(receipt, version=max(receipt.version + 1, receipt.touched_at * 1000))
    row = {**asdict(receipt), **asdict(receipt.totals)}
    row["removed_from"], row["removed_rows"] = list(receipt.removed), list(receipt.removed.values())
    days = {name: pa.scalar(row[name]).cast(pa.date32()) if row[name] else None for name in ("first_day", "last_day")}
    columns = {column.name: pa.array([{**row, **days}[column.name]], column.type) for column in _SCHEMA}
    store.insert("erasures", pa.table(columns, _SCHEMA))
    return receipt


def forget_work(store: Store, receipt: Receipt) -> None:
    """Delete the versions before this one: they name the person."""
    about = {"site_id": receipt.site_id, "receipt_id": receipt.receipt_id, "version": receipt.version}
    store.command(store.text("erasure_delete_work"), about)


def _receipt(row: dict[str, Any]) -> Receipt:
    totals = {name: row.pop(name) for name in Totals.__dataclass_fields__}
    rows = zip(row.pop("removed_from"), row.pop("removed_rows"), strict=True)
    return Receipt(**row, removed=dict(rows), totals=Totals(**totals))

"""Erasing people (docs/erasure.md): a queue in ClickHouse, worked off by whichever process of the API comes first.

Each step may be repeated, and is, when the process died in it. In order:

1. wait until the flow has written what the log held when the erasure was asked for; find what is the person's;
2. send erase records: the flow drops the state and writes rows that say `gone`; wait until it has written them;
3. see from the events up to the records what they erased, note it, and delete it in ClickHouse. 2 and 3 are done again until there is
   nothing new, at least twice: orders are told of only now, an order or a part may have been on its way, and a visitor may have been
   made again from events that were not deleted yet;
4. blank the person's lines in the log;
5. forget who it was, and wait until ClickHouse has thrown away the files it replaced.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from api import erasure_tables as tables
from api import erasure_transitions
from api.erasure_claim import Claim
from api.erasure_log import blank_lines, is_applied, send
from api.erasure_receipts import (
    DONE,
    ERASING,
    SETTLING,
    Overtaken,
    Receipt,
    Work,
    forget_work,
    new_receipt,
    open_receipts,
    save,
)
from api.last_answers import LastAnswers
from api.opt_outs import PHONE, address_hash, opt_out, phones_told
from ingest.log import EventLog, LogUnavailable
from sql.cluster import ClusterStore
from sql.sites import get_site
from sql.store import Store, StoreUnavailable

LEASE_MS = 60_000
"""A process that has not said for so long that it works on an erasure does so no more."""

MOST_ROUNDS = 20
"""So often at most the flow is told because somebody goes on while he is erased."""

SETTLE_MS = 20_000
"""At least so long an erasure settles: every process of the API looks several times meanwhile, and forgets its last answers."""

CLUSTER_SETTLE_MS = 20 * 60_000
"""On a cluster nobody can look at the files of all machines: they keep replaced ones for 8 minutes (`old_parts_lifetime`)."""

LATE_MS = 10 * 60_000
"""An erasure that is older and still waits for the flow is told of, as often."""

IDLE_SECONDS, BUSY_SECONDS = 5.0, 0.5

_LOG = logging.getLogger("sonnim.api")


class Eraser:
    """Takes erasures in and works them off. Safe for many threads and processes."""

    def __init__(
        self,
        store: Store,
        log: EventLog,
        clock: Callable[[], int],
        last: LastAnswers,
        secret: bytes = b"",
        transitions: EventLog | None = None,
    ) -> None:
        """`clock`: epoch ms. `last`: answers to forget. `secret`: of the installation, for opt-outs; empty: none are kept.
        `transitions`: the log of entries and exits."""
        self._transitions = transitions
        self._store, self._log, self._clock, self._last, self._secret = store, log, clock, last, secret
        self._name = secrets.token_hex(8)
        self._asking = threading.Lock()
        self._working = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._told_at = 0
        self._settled: dict[str, int] = {}  # receipt -> ClickHouse's seconds after which no older file may be left

    def ask(self, site_id: str, member_id: str, visitor_id: str) -> Receipt:
        """Take an erasure in: of a member, or (`member_id` '') of a visitor nobody knows. One that has yet to begin is not begun twice.

        Raises StoreUnavailable and LogUnavailable: nothing was begun then.
        """
        with self._asking:
            for receipt in open_receipts(self._store):
                if receipt.site_id == site_id and receipt.work:
                    work = Work.of(receipt.work)
                    if not work.rounds and (work.claim.member_id, work.claim.visitor_id) == (member_id, visitor_id):
                        return receipt
            claim = Claim(site_id, member_id, visitor_id, seen=list(self._log.ends()))
            receipt = save(self._store, new_receipt(site_id, Work(claim), self._clock()), new=True)
        self._last.forget(site_id)
        self._wake.set()
        return receipt

    # -- in a thread of its own

    def start(self) -> None:
        """Work in a thread, until `stop`."""
        self._thread = threading.Thread(target=self._run, name="erasures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end; what is under way goes on in another process, or at the next start."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopped:
            busy = False
            try:
                busy = self.turn()
            except (StoreUnavailable, LogUnavailable):
                pass  # nothing is lost: it is in the queue
            except Exception:
                _LOG.exception("erasures do not go on; they are tried again")
            self._wake.wait(BUSY_SECONDS if busy else IDLE_SECONDS)
            self._wake.clear()

    def turn(self) -> bool:
        """Bring every erasure as far as it comes without waiting; whether there is one.

        Raises StoreUnavailable and LogUnavailable; StoreError for a mistake.
        """
        with self._working:
            receipts = open_receipts(self._store)
            for receipt in receipts:
                self._last.forget(receipt.site_id)
                now = self._clock()
                free = not receipt.work or receipt.runner in ("", self._name)
                if free or abs(now - receipt.touched_at) > LEASE_MS:
                    with suppress(Overtaken):
                        self._advance(receipt)
            self._tell([receipt for receipt in receipts if receipt.work])
            return bool(receipts)

    def _tell(self, receipts: list[Receipt]) -> None:
        now = self._clock()
        late = [one.receipt_id for one in receipts if now - one.requested_at > LATE_MS]
        if late and abs(now - self._told_at) > LATE_MS:
            self._told_at = now
            _LOG.warning("erasures wait for the flow to write what it has read: %s", ", ".join(late[:5]))

    # -- the steps

    def _advance(self, receipt: Receipt) -> None:
        if receipt.work:
            work = Work.of(receipt.work)
            if not is_applied(self._store, work.claim.sent if work.rounds else work.claim.seen):
                if self._clock() - receipt.touched_at > LEASE_MS // 4:
                    self._save(receipt, work)
                return
            known = work.claim.extent
            receipt = self._find(self._save(receipt, work), work)
            again, found = not work.rounds or work.news, list[tables.Row]()
            if work.rounds:
                found = self._note_erased(receipt, work)
                receipt = self._save(replace(receipt, opt_outs=len(work.phones)), work)
                removed = tables.delete(self._store, work.claim, found, work.rounds)
                receipt = self._save(receipt.with_removed(removed), work)
                again |= bool(tables.alive(self._store, work.claim))
            work.news = known != work.claim.extent
            if again or (work.news and work.rounds < MOST_ROUNDS):
                if work.rounds >= MOST_ROUNDS and abs(self._clock() - work.sent_at) < LEASE_MS // 2:
                    return  # the flow does not do as it is told: it may be an older one
                self._send(self._save(receipt, work), work)
                return
            tables.unname(self._store, work.claim, found)
            receipt = self._finish(receipt, work)
        self._settle(receipt)

    def _find(self, receipt: Receipt, work: Work) -> Receipt:
        """Look for the person's stints; what was found before stays, though it may be gone by now."""
        store, claim = self._store, work.claim
        site = get_site(store, claim.site_id)
        visitors = set(claim.visitors) | ({claim.visitor_id} if claim.visitor_id else set())
        if claim.member_id:
            visitors |= set(tables.candidates(store, claim.site_id, claim.member_id))
        found = tables.stints(store, claim, sorted(visitors), site.timezone if site else "UTC")
        others = {row["visitor_id"] for row in found.others}
        totals, before = receipt.totals, set(claim.visitors)
        for row in found.his:
            came_back = work.rounds and row["version"] > claim.sent[row["shard"]]
            if came_back or claim.owns(row["visitor_id"], row["begin"]):
                continue
            claim.stints.append(row["range"])
            totals = totals.plus(row)
            if row["visitor_id"] in others - before and row["visitor_id"] not in claim.shared:
                claim.shared.append(row["visitor_id"])
        return replace(receipt, totals=totals)

    def _note_erased(self, receipt: Receipt, work: Work) -> list[tables.Row]:
        """What the last records have erased, by the events there are; returns these. To be saved before any is deleted."""
        claim = work.claim
        found = tables.events(self._store, claim)
        if not any(one.round == work.rounds for one in claim.erased):  # else a process has died that had noted it
            for visitor_id, upto in claim.upto.items():
                mine = [row for row in found if row["visitor_id"] == visitor_id and row["log_offset"] <= upto]
                claim.add_erased(visitor_id, mine, work.rounds)
        his = [row for row in found if claim.owns_event(row["visitor_id"], row["at"], row["log_offset"])]
        for row in his:
            if row["transaction"]:
                claim.add_copy(row["transaction"], (row["visitor_id"], row["event_id"]))
        claim.kept = [
            (row["transaction"], row["visitor_id"])
            for row in found
            if row["transaction"] and not claim.owns_event(row["visitor_id"], row["at"], row["log_offset"])
        ]
        told = [row["told"] for row in (*his, *tables.member_data(self._store, claim))]
        self._keep_opt_outs(work, told)
        return found

    def _keep_opt_outs(self, work: Work, told: list[str]) -> None:
        if not self._secret:
            return
        phones = {phone for properties in told for phone in phones_told(properties)}
        site_id = work.claim.site_id
        opt_out(self._store, self._secret, site_id, PHONE, phones, "erasure", self._clock())
        hashes = {address_hash(self._secret, site_id, PHONE, phone) for phone in phones}
        work.phones = sorted({*work.phones, *hashes})

    def _send(self, receipt: Receipt, work: Work) -> None:
        send(self._log, work.claim)
        work.rounds, work.sent_at = work.rounds + 1, self._clock()
        self._save(replace(receipt, state=ERASING), work)

    def _finish(self, receipt: Receipt, work: Work) -> Receipt:
        blanked = blank_lines(self._log, work.claim) + erasure_transitions.blank_lines(self._transitions, work.claim)
        receipt = self._save(receipt.with_removed({"log_lines": blanked}), work)
        receipt = replace(receipt, erased_until=work.sent_at, state=SETTLING, work="")
        return self._save(receipt, None)

    def _settle(self, receipt: Receipt) -> None:
        """Wait, after everything is deleted, for the files that held it."""
        if receipt.receipt_id not in self._settled:
            forget_work(self._store, receipt)
            self._settled[receipt.receipt_id] = self._store.rows("erasure_moment")[0]["moment"]
        now, moment = self._clock(), self._settled[receipt.receipt_id]
        if abs(now - receipt.touched_at) < (CLUSTER_SETTLE_MS if isinstance(self._store, ClusterStore) else SETTLE_MS):
            return
        if self._store.rows("erasure_old_parts", {"moment": moment})[0]["parts"]:
            return
        self._save(replace(receipt, state=DONE, finished_at=now), None)
        del self._settled[receipt.receipt_id]

    def _save(self, receipt: Receipt, work: Work | None) -> Receipt:
        text = work.text() if work else ""
        return save(self._store, replace(receipt, runner=self._name, touched_at=self._clock(), work=text))

"""Entries and exits of a person who is erased, and what hooks were told of them: in ClickHouse, and in the log of transitions."""

from __future__ import annotations

from api.dispatch.transition import read_line
from api.erasure_claim import Claim
from api.people import MEMBER, VISITOR, in_parts
from flows.erasure import blank
from ingest.log import EventLog, FileLog
from sql.store import Store

AT_ONCE = 1_000
BLOCK_BYTES = 4 << 20


def delete(store: Store, claim: Claim) -> dict[str, int]:
    """Delete the person's rows of `transitions` and `deliveries`; returns how many ids of each there were, of those that had any."""
    people = [*([f"{MEMBER}{claim.member_id}"] if claim.member_id else [])]
    people += [f"{VISITOR}{one}" for one in {*claim.visitors, *([claim.visitor_id] if claim.visitor_id else [])}]
    removed = {}
    for table, name in (("transitions", "transition_id"), ("deliveries", "webhook_id")):
        ids = {
            row[name]
            for part in in_parts(sorted(people))
            for row in store.rows(f"erasure_{table}", {"site_id": claim.site_id, "people": part})
            if claim.owns_transition(row["member_id"], row["visitor_id"], row["at_ms"])
        }
        places = sorted(ids)
        for first in range(0, len(places), AT_ONCE):
            about = {"site_id": claim.site_id, "places": places[first : first + AT_ONCE]}
            store.command(store.text(f"erasure_delete_{table}"), about)
        if ids:
            removed[table] = len(ids)
    return removed


def blank_lines(log: EventLog | None, claim: Claim) -> int:
    """Write over the person's lines in the log of transitions; returns how many. Only a log in files can: Kafka deletes them when they
    are old. Raises LogUnavailable; it may be done again."""
    if not isinstance(log, FileLog):
        return 0
    blanked = 0
    for partition, end in enumerate(log.ends()):
        after = log.start(partition)
        while after < end:
            block = log.read(partition, after, BLOCK_BYTES)
            if block.next_offset <= after:
                break
            after = block.next_offset
            lines = zip(block.lines.split(b"\n"), block.offsets.tolist(), strict=False)
            changes = [(offset, line, blank(len(line))) for line, offset in lines if _is_his(line, claim)]
            if changes:
                log.replace(partition, changes)
                blanked += len(changes)
    return blanked


def _is_his(line: bytes, claim: Claim) -> bool:
    try:
        told = read_line(line)
    except ValueError:
        return claim.is_told(line.decode(errors="replace"), 0)
    return (
        told is not None
        and told.site_id == claim.site_id
        and claim.owns_transition(told.member_id, told.visitor_id, told.at)
    )

"""The event log in an erasure: sending erase records and finding their offsets, waiting for the flow, and blanking lines."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence

from api.erasure_claim import Claim
from api.erasure_lines import replacement
from flows.erasure import records
from flows.writer import partition_of
from ingest.log import Block, EventLog, FileLog, LogUnavailable
from sql.store import Store

BLOCK_BYTES = 4 << 20


def send(log: EventLog, claim: Claim) -> None:
    """Append the records that erase a person, and note in the claim where they are and how far the log goes then.

    Raises LogUnavailable; it may be done again.
    """
    mark = f"{claim.mark}-{secrets.token_hex(8)}"
    out = records(claim.site_id, claim.member_id, claim.stints, claim.copies, mark)
    placed = [(partition_of(record.key, log.partitions), record.line) for record in out]
    before = list(log.ends())
    log.append(placed)
    ends = list(log.ends())
    offsets = dict(_offsets(log, placed, before, ends))
    claim.sent = ends
    claim.upto = {}
    for stint, record in zip(claim.stints, out, strict=False):  # their records come first
        claim.upto[stint.visitor_id] = max(claim.upto.get(stint.visitor_id, 0), offsets[record.line])
    if claim.member_id:
        claim.upto_person = offsets[out[len(claim.stints)].line]


def is_applied(store: Store, ends: Sequence[int]) -> bool:
    """Whether the flow has written what the log's partitions held up to these offsets."""
    committed = {row["partition"]: row["to_offset"] for row in store.rows("checkpoints")}
    return all(committed.get(number, 0) >= end for number, end in enumerate(ends))


def blank_lines(log: EventLog, claim: Claim) -> int:
    """Write over the person's lines, up to the last records; returns how many. Only a log in files can; in Kafka the records that
    erase stay beside what they erase, until both are deleted. Raises LogUnavailable; it may be done again."""
    if not isinstance(log, FileLog):
        return 0
    blanked = 0
    needles = [needle.encode() for needle in claim.needles]
    anything = re.compile(b"|".join(map(re.escape, needles)))
    for partition, end in enumerate(claim.sent):
        for block in _blocks(log, partition, log.start(partition), end):
            if not anything.search(block.lines):
                continue
            changes = []
            lines = block.lines.split(b"\n")
            for line, offset in zip(lines, block.offsets.tolist(), strict=False):
                if offset <= end and anything.search(line):
                    new = replacement(line, partition, offset, claim)
                    if new is not None:
                        changes.append((offset, line, new))
            if changes:
                log.replace(partition, changes)
                blanked += len(changes)
    return blanked


def _offsets(
    log: EventLog, placed: Sequence[tuple[int, bytes]], before: Sequence[int], ends: Sequence[int]
) -> Iterator[tuple[bytes, int]]:
    wanted: dict[int, set[bytes]] = {}
    for partition, line in placed:
        wanted.setdefault(partition, set()).add(line)
    for partition, lines in wanted.items():
        for block in _blocks(log, partition, before[partition], ends[partition]):
            for line, offset in zip(block.lines.split(b"\n"), block.offsets.tolist(), strict=False):
                if line in lines:
                    lines.remove(line)
                    yield line, offset
        if lines:
            raise LogUnavailable("records that were appended are not there to read yet")


def _blocks(log: EventLog, partition: int, after: int, upto: int) -> Iterator[Block]:
    while after < upto:
        block = log.read(partition, after, BLOCK_BYTES)
        if block.next_offset <= after:
            return
        after = block.next_offset
        yield block

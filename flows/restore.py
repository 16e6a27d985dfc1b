"""A partition's state from the store: rows of its visitors, dedup keys of recent events, keys of everyone else."""

from __future__ import annotations

from flows.partition import Partition
from flows.visitors.tables import Hashes


def restore(
    partition: Partition,
    *,
    dormant: Hashes,
    dormant_people: Hashes,
    seen: Hashes,
    transactions: Hashes,
    now: int,
) -> None:
    """Fill a new partition. `seen`: dedup keys of events at or before the partition's offset (later ones are read again);
    `dormant`, `dormant_people`, `transactions`: key hashes."""
    partition.shard.dormant.insert(dormant)
    partition.people.dormant.insert(dormant_people)
    if len(seen):
        partition.shard.seen.add(seen, now)
    partition.known_transactions.insert(transactions)

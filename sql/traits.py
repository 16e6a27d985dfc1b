"""Traits: attributes of members that a site declares of its own. One row a change; the newest counts.

What a trait was once declared as it stays, even after it was deleted: members' rows may hold its values still.
Writers of one site are expected to take turns: of two edits at the same moment one wins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from sql.store import Store

TRAITS_MAX: Final = 30
"""Traits of a site."""


class TraitError(ValueError):
    """A trait cannot be declared so; the message says why and what to do."""


@dataclass(frozen=True)
class Trait:
    """`type` is string, number, date or boolean; `created_at` (epoch ms) is of its first declaration."""

    name: str
    type: str
    label_ko: str
    label_en: str
    created_at: int


def list_traits(store: Store, site_id: str) -> list[Trait]:
    """The traits of a site, by name."""
    return [trait for trait, _, deleted in _all(store, site_id) if not deleted]


def put_trait(store: Store, site_id: str, trait: Trait, now: int) -> Trait:
    """Declare a trait, or change its labels. Raises `TraitError` for another type than it has or had, and for one too many."""
    known = {one.name: (one, version, deleted) for one, version, deleted in _all(store, site_id)}
    there, version, deleted = known.get(trait.name, (None, 0, True))
    if there is not None and there.type != trait.type:
        was = "was" if deleted else "is"
        raise TraitError(
            f"{trait.name!r} {was} of type {there.type}, and members may have such values: take another name"
        )
    if deleted and sum(not gone for _, _, gone in known.values()) >= TRAITS_MAX:
        raise TraitError(f"a site has at most {TRAITS_MAX} traits; delete one first")
    created_at = now if there is None else there.created_at
    return _write(store, site_id, replace(trait, created_at=created_at), max(now * 1000, version + 1), deleted=False)


def delete_trait(store: Store, site_id: str, name: str, now: int) -> bool:
    """Delete a trait: it is taken no more; what members have of it stays in their rows. False if the site has no such trait."""
    for trait, version, deleted in _all(store, site_id):
        if trait.name == name and not deleted:
            _write(store, site_id, trait, max(now * 1000, version + 1), deleted=True)
            return True
    return False


def _all(store: Store, site_id: str) -> list[tuple[Trait, int, bool]]:
    """Every trait there ever was, with version and whether it is deleted, by name."""
    rows = store.rows("traits", {"site_id": site_id})
    names = ("name", "type", "label_ko", "label_en", "created_at")
    return [(Trait(**{name: row[name] for name in names}), row["version"], bool(row["deleted"])) for row in rows]


def _write(store: Store, site_id: str, trait: Trait, version: int, *, deleted: bool) -> Trait:
    text = pa.string()
    store.insert(
        "traits",
        pa.table(
            {
                "site_id": pa.array([site_id], text),
                "name": pa.array([trait.name], text),
                "type": pa.array([trait.type], text),
                "label_ko": pa.array([trait.label_ko], text),
                "label_en": pa.array([trait.label_en], text),
                "created_at": pa.array([trait.created_at], pa.timestamp("ms", "UTC")),
                "version": pa.array([version], pa.uint64()),
                "deleted": pa.array([deleted], pa.bool_()),
            }
        ),
    )
    return trait

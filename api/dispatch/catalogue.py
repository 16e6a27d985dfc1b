"""What a process that sends has to know: hooks, segments, and who is being erased; looked at again and again."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.erasure_claim import Claim
from api.erasure_receipts import Work, open_receipts
from sql.hooks import Hook, hook_of
from sql.store import Store


@dataclass(frozen=True)
class Catalogue:
    """As it was at `loaded_at` (epoch ms), when the first question was asked. `segments`: (site id, segment id) of those that are there."""

    loaded_at: int
    hooks: dict[str, Hook] = field(default_factory=dict)
    by_site: dict[str, list[Hook]] = field(default_factory=dict)
    segments: frozenset[tuple[str, str]] = frozenset()
    claims: tuple[Claim, ...] = ()

    def of_site(self, site_id: str) -> list[Hook]:
        """Hooks of a site."""
        return self.by_site.get(site_id, [])

    def is_erased(self, site_id: str, member_id: str, visitor_id: str, at: int) -> bool:
        """Whether a transition of that moment is of somebody who is being erased."""
        return any(
            claim.site_id == site_id and claim.owns_transition(member_id, visitor_id, at) for claim in self.claims
        )


def load(store: Store, now: int) -> Catalogue:
    """As it is now. Raises StoreUnavailable and StoreError."""
    hooks = [hook_of(row) for row in store.rows("dispatch_hooks")]
    segments = store.rows("dispatch_segments") if hooks else []
    claims = [Work.of(receipt.work).claim for receipt in open_receipts(store) if receipt.work] if hooks else []
    by_site: dict[str, list[Hook]] = {}
    for hook in hooks:
        by_site.setdefault(hook.site_id, []).append(hook)
    return Catalogue(
        loaded_at=now,
        by_site=by_site,
        hooks={hook.hook_id: hook for hook in hooks},
        segments=frozenset((row["site_id"], row["segment_id"]) for row in segments),
        claims=tuple(claims),
    )

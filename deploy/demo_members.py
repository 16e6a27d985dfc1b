"""Tells what the demo shop knows of its members, as they appear."""

from __future__ import annotations

import structlog

from deploy.client import ApiClient
from deploy.errors import UserError
from ingest.demo import DemoShop, member_data
from ingest.vocabulary import REQUEST_ITEMS_MAX

log = structlog.get_logger()


class MemberTeller:
    """What could not be told is told the next time."""

    def __init__(self, api: ApiClient, shop: DemoShop) -> None:
        self._api, self._shop = api, shop
        self._untold: list[str] = []

    def tell(self, now: int) -> None:
        """Tell of those who are members since the last time; `now` is epoch ms."""
        self._untold += self._shop.joined()
        try:
            while self._untold:
                some = self._untold[:REQUEST_ITEMS_MAX]
                self._api.post("/v1/members", [member_data(member_id, now) for member_id in some])
                self._untold = self._untold[len(some) :]
        except UserError as error:
            log.warning("waiting", why=error.what)

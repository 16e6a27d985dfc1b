"""The door: what a shop sends -> lines for the event log, or rejections with a reason. Start reading at `steps.py`."""

from ingest.door.decode import BodyRefused, decode_body, decode_item
from ingest.door.draft import Accepted, Broken, Rejection, SiteRules, Verdict
from ingest.door.steps import open_door, open_members_door

__all__ = [
    "Accepted",
    "BodyRefused",
    "Broken",
    "Rejection",
    "SiteRules",
    "Verdict",
    "decode_body",
    "decode_item",
    "open_door",
    "open_members_door",
]

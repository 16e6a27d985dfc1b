"""Addresses nothing may be sent to, kept as keyed hashes: whether an address is among them can be asked, whose they are cannot be told.

A hash is HMAC-SHA256 of site, channel and address with a secret of the installation, which no table holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from ingest.members import TRAIT
from sql.store import Store

PHONE = "phone"
_TOLD_AS = ("phone", "phone_number")
_FORMATTING = re.compile(r"[\s().\-/\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_KOREA = "+82"


def phone_number(told: str) -> str | None:
    """A number in E.164 (ITU-T): `010-1234-5678` is `+821012345678`. One without a country is Korean; None for what is none."""
    digits = _FORMATTING.sub("", told.replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = _KOREA + digits[1:]
    elif re.fullmatch(r"82\d{8,10}", digits):
        digits = "+" + digits
    if digits.startswith(_KOREA + "0"):
        digits = _KOREA + digits[len(_KOREA) + 1 :]
    return digits if _E164.fullmatch(digits) else None


def phones_told(properties: str) -> set[str]:
    """Phone numbers that an `identify` told among its traits, or members' data among its attributes, in E.164."""
    try:
        told = json.loads(properties or "{}")
    except ValueError:
        return set()
    if not isinstance(told, dict):
        return set()
    traits = told.get("traits")
    found = [holder.get(name) for holder in (traits, told) if isinstance(holder, dict) for name in _TOLD_AS]
    found += [told.get(TRAIT + name) for name in _TOLD_AS]
    numbers = (phone_number(str(value)) for value in found if isinstance(value, str | int))
    return {number for number in numbers if number}


def address_hash(secret: bytes, site_id: str, channel: str, address: str) -> str:
    """What an address is kept as: 64 lower-case hex digits."""
    return hmac.new(secret, f"{site_id}\n{channel}\n{address}".encode(), hashlib.sha256).hexdigest()


def opt_out(
    store: Store, secret: bytes, site_id: str, channel: str, addresses: Iterable[str], reason: str, now: int
) -> int:
    """Keep that nothing may be sent to these addresses of a site; returns how many. `now`: epoch ms."""
    hashes = sorted(address_hash(secret, site_id, channel, address) for address in addresses)
    moment = pa.timestamp("ms", "UTC")
    rows: dict[str, Any] = {
        "site_id": pa.array([site_id] * len(hashes), pa.string()),
        "channel": pa.array([channel] * len(hashes), pa.string()),
        "address_hash": pa.array(hashes, pa.string()),
        "reason": pa.array([reason] * len(hashes), pa.string()),
        "at": pa.array([now] * len(hashes), moment),
    }
    store.insert("opt_outs", pa.table(rows))
    return len(hashes)

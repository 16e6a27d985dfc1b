"""Signatures and secrets as Standard Webhooks has them (github.com/standard-webhooks/standard-webhooks, spec, "Signature scheme"). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A random secret: `whsec_` and base64 of 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, webhook_id: str, seconds: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over id, time (epoch seconds) and body. Raises `ValueError` for what is no secret."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{webhook_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(held: Sequence[str], webhook_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt, signed with every secret that is held."""
    return {
        "content-type": "application/json",
        "user-agent": "Sonnim-Hooks",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(secret, webhook_id, seconds, body) for secret in held),
    }

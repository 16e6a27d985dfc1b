"""The installation's secret: what the addresses of opt-outs are hashed with."""

from __future__ import annotations

import os
import secrets

from deploy.errors import UserError
from deploy.settings import Settings

_NAME = "secret"


def installation_secret(settings: Settings) -> bytes:
    """SONNIM_SECRET, or one that is made once and kept in the data directory, for its owner only. Raises `UserError`."""
    if settings.secret:
        return settings.secret.encode()
    path = settings.data_dir / _NAME
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft = settings.data_dir / f"{_NAME}.{secrets.token_hex(8)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # whoever is first: several processes may start at once
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        kept = path.read_text().strip()
    except OSError as error:
        raise UserError(f"The secret in {path} cannot be kept: {error.strerror}.", "Set SONNIM_SECRET.") from None
    if not kept:
        raise UserError(f"{path} is empty.", "Delete it, or set SONNIM_SECRET to what it was.")
    return kept.encode()

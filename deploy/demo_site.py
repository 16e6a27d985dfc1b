"""The demo's site, its keys and its user, fresh at every start, and how far its traffic has been made."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from api.accounts.passwords import keep
from deploy.demo_segments import save_demo_segments
from sql.keys import create_key, revoke_key
from sql.sites import add_site, get_site
from sql.store import Store
from sql.users import add_user, find_user, set_role, update_user

SITE_ID = "demo"
USER_EMAIL = "demo@sonnim.example"


@dataclass(frozen=True)
class DemoKeys:
    """The keys of this run, and their ids. Kept in a file only the owner can read: all they open is invented."""

    secret_key: str
    write_key: str
    key_ids: list[str]


def keys_file(data_dir: Path) -> Path:
    """Where the keys of the last run are kept."""
    return data_dir / "demo-keys.json"


def fresh_keys(store: Store, data_dir: Path, now: int) -> DemoKeys:
    """Makes the site with its segments at the first run, revokes the keys of the run before, and makes new ones."""
    if get_site(store, SITE_ID) is None:
        add_site(store, SITE_ID, "데모샵 (demo, synthetic)", "KRW", "Asia/Seoul", now)
        save_demo_segments(store, SITE_ID, now)
    before = read_keys(data_dir)
    for key_id in before.key_ids if before else ():
        revoke_key(store, SITE_ID, key_id, now)
    secret_key, secret = create_key(store, SITE_ID, "secret", now)
    write_key, write = create_key(store, SITE_ID, "write", now)
    keys = DemoKeys(secret_key, write_key, [secret.key_id, write.key_id])
    _write(keys_file(data_dir), orjson.dumps(asdict(keys)))
    return keys


def fresh_password(store: Store, now: int) -> str:
    """Makes the demo's user at the first run, an admin of the site that exists, and gives him another password."""
    password = secrets.token_urlsafe(12)
    user = find_user(store, email=USER_EMAIL)
    if user is None:
        user = add_user(store, USER_EMAIL, "데모", "ko", keep(password), now)
    else:
        update_user(store, user, now, password=keep(password))
    set_role(store, user.user_id, SITE_ID, "admin", now)
    return password


def read_keys(data_dir: Path) -> DemoKeys | None:
    """The keys of the last run, if there was one."""
    try:
        return DemoKeys(**orjson.loads(keys_file(data_dir).read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError):
        return None


class Progress:
    """Up to when the demo's traffic has been made: the next run goes on from there."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "demo-until"

    def read(self) -> int:
        """Epoch ms; 0 if there is none yet."""
        try:
            return int(self._file.read_text())
        except (OSError, ValueError):
            return 0

    def write(self, until: int) -> None:
        """`until`: epoch ms."""
        _write(self._file, str(until).encode())


def _write(file: Path, data: bytes) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
    draft.replace(file)

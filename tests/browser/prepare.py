"""`python -m tests.browser.prepare`: fetches the Chromium of the tests in a browser; `make test` runs it first.

It comes by apt-get where it is root on Debian or Ubuntu. Where that cannot be, the tests that need it are left out and say
so; with CI set they fail.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from pathlib import Path

from tests import apt

NAMES = ("chromium", "chromium-browser", "google-chrome")
LOCK = Path.home() / ".cache" / "sonnim" / "chromium.lock"


def executable() -> str | None:
    """The path of a Chromium that is installed, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def missing() -> str | None:
    """Installs Chromium if it is missing and that is possible. Returns None when it is there, else why it is not."""
    try:
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return None if executable() else _install()
    except OSError as error:
        return str(error)


def _install() -> str | None:
    if not apt.possible():
        return f"none of {', '.join(NAMES)} is installed."
    failure = apt.install(["chromium"], "the tests in a browser")
    if failure or executable():
        return failure
    return "apt-get installed chromium, and it is not found."


if __name__ == "__main__":
    sys.exit(apt.told(missing(), "browser"))

"""`python -m tests.browser.prepare`: fetches the Chromium of the tests in a browser; `make test` runs it first.

It comes by apt-get where it is root on Debian or Ubuntu. Where that cannot be, the tests that need it are left out and say
so; with CI set they fail.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"none of {', '.join(NAMES)} is installed."
    print("Installing chromium for the tests in a browser (once) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        ran = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode:
            return f"apt-get {command[0]} failed: {(ran.stdout.strip().splitlines() or ['?'])[-1]}"
    return None if executable() else "apt-get installed chromium, and it is not found."


def main() -> int:
    reason = missing()
    if reason is None:
        return 0
    print(f"No browser for the tests: {reason}", file=sys.stderr)
    if os.environ.get("CI"):
        return 1
    print("The tests that need one are left out; the summary names them.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

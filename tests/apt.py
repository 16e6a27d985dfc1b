"""What tests need of the system, by apt-get, where it is root on Debian or Ubuntu."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def possible() -> bool:
    """Whether packages can be installed here."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def install(packages: list[str], what_for: str) -> str | None:
    """Install packages; returns None, or why they could not be."""
    print(f"Installing {' and '.join(packages)} for {what_for} (once) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
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
    return None


def told(missing: str | None, what: str) -> int:
    """Say what the tests go without. The exit code: 1 if that is not allowed, which it is not with CI set."""
    if missing is None:
        return 0
    print(f"No {what} for the tests: {missing}", file=sys.stderr)
    if os.environ.get("CI"):
        return 1
    print("The tests that need one are left out; the summary names them.", file=sys.stderr)
    return 0

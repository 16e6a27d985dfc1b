"""`python -m tests.broker.prepare`: fetches what the tests with a real Kafka need; `make test` runs it first.

Java and Maven come by apt-get where it is root on Debian or Ubuntu, Kafka's jars by Maven. Where that cannot be, the tests
that need a broker are left out and say so; with CI set they fail.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from pathlib import Path

from deploy.errors import UserError
from deploy.kafka import broker, jars
from tests import apt


def missing() -> str | None:
    """Fetches what is missing. Returns None when a broker can be started, else why it cannot."""
    cache = jars.default_cache()
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with (cache.parent / "kafka.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _install([name for name in ("java", "mvn") if not _has(name, cache)])
            broker.java()
            jars.fetch(cache)
    except UserError as error:
        return f"{error.what} {error.advice}"
    except OSError as error:
        return str(error)
    return None


def _has(name: str, cache: Path) -> bool:
    return shutil.which(name) is not None or (name == "mvn" and jars.present(cache))


def _install(commands: list[str]) -> None:
    """Installs Java and Maven where that is possible; where not, what looks for them says so."""
    if not commands or not apt.possible():
        return
    packages = ["default-jre-headless", *(["maven"] if "mvn" in commands else [])]
    failure = apt.install(packages, "the tests with a real Kafka")
    if failure:
        raise UserError(failure)


if __name__ == "__main__":
    sys.exit(apt.told(missing(), "Kafka"))

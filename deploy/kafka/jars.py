"""The broker's jars: fetched once by Maven as pom.xml pins them, checked against jars.sha256, kept in a cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from deploy.errors import UserError

_HERE: Final = Path(__file__).parent
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FETCH_SECONDS: Final = 900


def expected() -> dict[str, str]:
    """File name -> SHA-256 of every jar."""
    lines = (_HERE / "jars.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def default_cache() -> Path:
    """Where jars are kept for every checkout of this user; a new list of jars gets a directory of its own."""
    version = hashlib.sha256((_HERE / "jars.sha256").read_bytes()).hexdigest()[:12]
    return Path.home() / ".cache" / "sonnim" / f"kafka-{version}"


def present(cache: Path) -> bool:
    """Whether every jar is in `cache`. They come there checked, by one rename."""
    return all((cache / name).is_file() for name in expected())


def fetch(cache: Path) -> None:
    """Brings the jars to `cache` unless they are there. Raises `UserError`: no Maven, no network, another content."""
    if present(cache):
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise UserError("Apache Kafka's jars are fetched by Maven, which is not here.", "Debian: apt-get install maven")
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix="fetching-") as name:
        draft = Path(name) / "jars"
        command = [maven, "-q", "-B", "-f", str(_HERE / "pom.xml"), _COPY]
        try:
            ran = subprocess.run(
                [*command, "-DincludeScope=runtime", f"-DoutputDirectory={draft}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"Maven did not fetch Kafka's jars within {FETCH_SECONDS} s.", "Is Maven Central reachable?"
            ) from None
        if ran.returncode:
            said = next((line for line in ran.stdout.splitlines() if "ERROR" in line), "it does not say why")
            raise UserError(f"Maven cannot fetch Kafka's jars: {said}", "Is Maven Central reachable?")
        _check(draft)
        if cache.exists():  # not whole, or another process was faster
            shutil.rmtree(cache, ignore_errors=not present(cache))
        draft.rename(cache)


def _check(directory: Path) -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.glob("*.jar")}
    wrong = sorted(found.items() ^ expected().items())
    if wrong:
        raise UserError(
            f"{wrong[0][0]} is not the file jars.sha256 tells of.", "Delete it from Maven's repository and try again."
        )

"""`make pictures`: the pictures of the README, taken from the running product: `sonnim up --demo` (synthetic shop) in a real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import prepare
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 860}
PATIENCE_SECONDS = 300
LIVING_SECONDS = 480
"""So long the demo's live traffic runs before the first picture, so that there is a curve."""

LOYAL = '{"all":[{"field":"visits","op":">=","value":3},{"field":"cart_lines","op":">=","value":1}]}'
PAGES = {
    "live": (f"/?expression={LOYAL}", "[data-person]"),
    "report": (f"/report?window=24h&expression={LOYAL}", ".report-ring-name"),
    "segment": (f"/segments/new?expression={LOYAL}", "[data-sentence]"),
}
"""Of each picture the address and what has to be there."""


def main() -> int:
    """Take them all."""
    if why := prepare.missing():
        print(f"No pictures: {why}", file=sys.stderr)
        return 1
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sonnim-pictures-") as place, demo(Path(place)) as (url, password):
        time.sleep(LIVING_SECONDS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=prepare.executable(), args=["--no-sandbox", "--disable-background-networking"]
            )
            for language in ("ko", "en"):
                for colours in ("light", "dark"):
                    page = signed_in(browser, url, password, language, colours)
                    for name, (path, there) in PAGES.items():
                        page.goto(url + path)
                        page.wait_for_selector(there)
                        page.wait_for_timeout(3_000)
                        page.screenshot(path=PLACE / f"{name}.{language}.{colours}.png")
                    page.context.close()
            browser.close()
    return 0


@contextmanager
def demo(place: Path) -> Iterator[tuple[str, str]]:
    """The product with its demo shop: where it is, and the password of `demo@sonnim.example`."""
    url = f"http://127.0.0.1:{free_port()}"
    told = {
        "SONNIM_DATA_DIR": str(place / "data"),
        "SONNIM_API_PORT": url.rpartition(":")[2],
        "SONNIM_CLICKHOUSE_URL": f"http://127.0.0.1:{free_port()}",
    }
    log = place / "up.log"
    with log.open("wb") as lines:
        command = [sys.executable, "-m", "deploy", "up", "--demo"]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}, stdout=lines, stderr=lines)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while "made the days before" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(log.read_text())
            time.sleep(1)
        found = re.search(r"with the password of this run: (\S+)", log.read_text())
        assert found is not None
        yield url, found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def signed_in(browser: Browser, url: str, password: str, language: str, colours: str) -> Page:
    """A page of somebody who signed in, in a language and in colours."""
    context = browser.new_context(viewport=SIZE, locale=language, color_scheme=colours)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{url}/login")
    page.locator("[name=email]").fill("demo@sonnim.example")
    page.locator("[name=password]").fill(password)
    page.locator("[type=submit]").click()
    page.wait_for_selector(".bar")
    if (other := page.locator(f".bar-language [value={language}]")).count():
        other.click()
    page.wait_for_selector(f"html[lang={language}] .bar")
    return page


if __name__ == "__main__":
    sys.exit(main())

"""The shop's own server: pages a test writes, on a port of their own, so that everything to the collector crosses origins."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STUB = "window.sonnim=window.sonnim||function(){(sonnim.q=sonnim.q||[]).push(arguments)};"


@dataclass
class ShopServer:
    """`pages`: path -> (content type, body, headers). Runs until `close`."""

    pages: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body, headers = pages.get(self.path.partition("?")[0], ("text/html", "", {}))
                content = body.encode()
                self.send_response(200)
                for name, value in {"Content-Type": f"{kind}; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, path: str, body: str, kind: str = "text/html", **headers: str) -> str:
        """Lay a page at a path; returns its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path.partition("?")[0]] = (kind, body, named)
        return self.url + path


def html(collector_url: str, init: dict[str, Any], *, title: str = "Shop", before: str = "", body: str = "") -> str:
    """A page as docs/snippet.md has it. `before` is script that runs before the snippet is there, `body` its markup."""
    return (
        f"<!doctype html><html><head><meta charset=utf-8><link rel=icon href=data:,><title>{title}</title>"
        f"<script>{STUB}sonnim('init', {json.dumps(init)});{before}</script>"
        f'<script async src="{collector_url}/v1/sonnim.js"></script></head><body>{body}</body></html>'
    )

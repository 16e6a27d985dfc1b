"""A receiver of hooks on 127.0.0.1: a server of threads that keeps what it was sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]


Answer = tuple[int, dict[str, str]]
OK: Answer = (200, {})


class Receiver:
    """`answer(request)` says what it answers; None: it hangs until it is closed."""

    def __init__(self, answer: Callable[[Received], Answer | None] = lambda request: OK, port: int = 0) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self.accepted: list[Received] = []
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # an answer is one packet

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the caller died
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.path, headers, body)
                receiver.received.append(request)
                answer = receiver.answer(request)
                if answer is None:
                    receiver._closing.wait(60)
                    self.close_connection = True
                    return
                status, more = answer
                if status < 300:
                    receiver.accepted.append(request)
                self.send_response(status)
                for name, value in {"Content-Length": "2", **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a caller that went away

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def ids(self) -> set[str]:
        """Webhook ids that it accepted."""
        return {one.webhook_id for one in self.accepted}

    def tries(self) -> Counter[str]:
        """How often each webhook id came."""
        return Counter(one.webhook_id for one in self.received)

    def bodies(self) -> dict[str, set[bytes]]:
        """Bodies by webhook id."""
        found: dict[str, set[bytes]] = {}
        for one in self.received:
            found.setdefault(one.webhook_id, set()).add(one.body)
        return found

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

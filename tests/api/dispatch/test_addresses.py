"""Which addresses hooks may have: none that only Sonnim can reach."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest

from api.dispatch.addresses import AddressRefused, checked_url, networks, require_allowed, resolve
from api.dispatch.attempt import Caller
from tests.api.dispatch.receiver import Receiver

REFUSED = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.8", "198.18.0.1", "192.0.2.1", "203.0.113.9",
    "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:7f00:1::",
]  # fmt: skip
ALLOWED = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_alone_and_among_others(address: str) -> None:
    for addresses in ([address], ["8.8.8.8", address]):
        with pytest.raises(AddressRefused):
            require_allowed(addresses, ())


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_may_be_called(address: str) -> None:
    require_allowed([address], ())


def test_a_network_that_is_allowed_may_be_called_and_no_other() -> None:
    allowed = networks("127.0.0.0/8, fd00::/8")
    require_allowed(["127.0.0.1", "fd00::7", "::ffff:127.0.0.1"], allowed)
    for address in ("10.0.0.1", "::1", "::ffff:10.0.0.1"):
        with pytest.raises(AddressRefused):
            require_allowed([address], allowed)
    assert networks("") == ()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/", "//a.example", "a.example", "https://", "https:///x", "https://user:secret@a.example/", "https://user@a.example",
        "https://a.example/#x", "https://a.example:0/", "https://a.example:70000/", "https://a example/", "https://a.example/\n",
        "https://a.example/" + "x" * 2_000, "https://[::1", "javascript:alert(1)", "file:///etc/passwd", "https://.example/", "https://\u0000/",
    ],
)  # fmt: skip
def test_what_no_hook_may_have_as_its_url_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://shop.example/hooks?a=1", "http://쇼핑.kr/훅", "https://[2606:4700::1]:8443/x"]
)
def test_usual_urls_are_taken(url: str) -> None:
    checked_url(url)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "localhost"])
def test_other_ways_to_write_an_address_are_looked_up_before_they_are_judged(host: str) -> None:
    with pytest.raises(AddressRefused):
        require_allowed(resolve(host, 80), ())


def looks_up(*answers: list[str]) -> Callable[[str, int], list[str]]:
    """A name server that gives one answer after the other, the last one for ever."""
    left = list(answers)
    return lambda host, port: left.pop(0) if len(left) > 1 else left[0]


def test_a_name_that_changes_its_address_after_it_was_judged_is_connected_to_as_it_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[str] = []

    async def noted(host: str, port: int, **more: Any) -> Any:
        connected.append(host)
        raise ConnectionRefusedError("not here")

    async def run() -> None:
        monkeypatch.setattr(asyncio, "open_connection", noted)
        caller = Caller((), resolver=looks_up(["8.8.8.8", "8.8.4.4"], ["127.0.0.1"]))
        assert "not here" in (await caller.post("http://rebinding.example/", {}, b"{}")).error
        assert "not on the public internet" in (await caller.post("http://rebinding.example/", {}, b"{}")).error
        await caller.close()

    asyncio.run(run())
    assert connected == ["8.8.8.8", "8.8.4.4"]


def test_the_receiver_sees_its_name_and_the_next_address_is_tried_if_one_does_not_answer() -> None:
    receiver = Receiver()
    caller = Caller(networks("127.0.0.0/8"), resolver=looks_up(["127.0.0.9", "127.0.0.1"]))

    async def run() -> None:
        outcome = await caller.post(f"http://shop.example:{receiver.port}/a?b=1", {"webhook-id": "msg_1"}, b"{}")
        assert outcome.status == 200
        await caller.close()

    asyncio.run(run())
    assert receiver.received[0].headers["host"] == f"shop.example:{receiver.port}"
    assert receiver.received[0].path == "/a?b=1"
    receiver.close()


def test_tls_is_asked_for_by_the_name_and_a_certificate_is_required() -> None:
    names: list[Any] = []

    class Noting(ssl.SSLContext):
        def wrap_bio(self, *arguments: Any, server_hostname: Any = None, **more: Any) -> ssl.SSLObject:
            names.append(server_hostname)
            return super().wrap_bio(*arguments, server_hostname=server_hostname, **more)

    receiver = Receiver()
    local = networks("127.0.0.0/8")
    caller = Caller(local, resolver=looks_up(["127.0.0.1"]), tls=Noting(ssl.PROTOCOL_TLS_CLIENT))

    async def run() -> None:
        assert (await caller.post(f"https://shop.example:{receiver.port}/", {}, b"{}")).status == 0
        await caller.close()
        plain = Caller(local, resolver=looks_up(["127.0.0.1"]), timeout_seconds=5)
        assert (await plain.post(f"https://shop.example:{receiver.port}/", {}, b"{}")).status == 0
        await plain.close()

    asyncio.run(run())
    assert names == ["shop.example"]
    assert receiver.received == []
    receiver.close()


def test_a_name_server_that_hangs_costs_the_attempt_its_time_and_nothing_else() -> None:
    answering = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        if host == "slow.example":
            answering.wait(10)
        return ["127.0.0.1"]

    receiver = Receiver()
    caller = Caller(networks("127.0.0.0/8"), resolver=hangs, timeout_seconds=1)

    async def run() -> None:
        slow = [asyncio.create_task(caller.post("http://slow.example/", {}, b"{}")) for _ in range(40)]
        await asyncio.sleep(0.1)
        quick = await caller.post(f"http://quick.example:{receiver.port}/", {}, b"{}")
        assert quick.status == 200
        assert {outcome.error for outcome in await asyncio.gather(*slow)} == {"no answer within 1 s"}
        answering.set()
        await caller.close()

    asyncio.run(run())
    receiver.close()


def test_an_answer_without_end_counts_by_its_status_and_little_of_it_is_read() -> None:
    receiver = Receiver(lambda request: (200, {"Content-Length": str(1 << 40)}))
    caller = Caller(networks("127.0.0.0/8"), timeout_seconds=5)

    async def run() -> None:
        assert (await caller.post(receiver.url, {}, b"{}")).verdict == "delivered"
        await caller.close()

    asyncio.run(run())
    receiver.close()


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_made_anew() -> None:
    opened: list[int] = []
    ended: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        with contextlib.suppress(asyncio.IncompleteReadError):
            for _ in range(3):
                await reader.readuntil(b"{}")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.readuntil(b"{}")  # and no word more
        writer.close()
        ended.append(1)

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        caller = Caller(networks("127.0.0.0/8"), timeout_seconds=5)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(3):
            assert (await caller.post(url, {}, b"{}")).status == 200
        assert len(opened) == 1
        assert (await caller.post(url, {}, b"{}")).status == 200
        assert len(opened) == 2
        await caller.close()
        while len(ended) < 2:
            await asyncio.sleep(0.01)
        server.close()
        await server.wait_closed()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200), (b"HTTP/1.0 201 Created\r\n\r\n", 201),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202), (b"HTTP/1.1 204\r\n\r\n", 204),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", 200), (b"", 0), (b"HTTP/1.1 2", 0), (b"hello\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, 0), (b"HTTP/1.1 503 \xff\r\nRetry-After: 3\r\n\r\n", 503),
    ],
)  # fmt: skip
def test_answers_of_any_shape_are_taken_as_they_are_meant(answer: bytes, status: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answer)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        caller = Caller(networks("127.0.0.0/8"), timeout_seconds=5)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(2):
            assert (await caller.post(url, {"x": "y"}, b"{}")).status == status
        await caller.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())

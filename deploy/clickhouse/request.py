"""What a request asks, from its URL and headers: no IO, nothing of the engine.

Names are ClickHouse's (`src/Server/HTTPHandler.cpp`): a URL parameter that is not one of the interface's own is a setting.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from deploy.clickhouse.errors import Code, error

DEFAULT_USER = "default"
RESERVED = frozenset(
    (
        *("query", "query_id", "user", "password", "quota_key", "database", "default_format", "role", "stacktrace"),
        *("session_id", "session_timeout", "session_check", "close_session", "compress", "decompress", "profile"),
        *("wait_end_of_query", "buffer_size", "client_protocol_version", "http_method"),
    )
)
_ADDRESS = re.compile(r"[0-9.]+\Z|\[[0-9A-Fa-f:.]+\]\Z")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")


@dataclass(frozen=True)
class Credentials:
    """Who asks: ClickHouse's default user with no password when nothing is told."""

    user: str = DEFAULT_USER
    password: str = ""


@dataclass(frozen=True)
class Request:
    """A request without its body.

    Attributes:
        query: the SQL of the URL, which the body continues.
        parameters: values of `{name:Type}` in ClickHouse's escaped text form.
        settings: for this request only.
        read_only: by a method that must not change anything (GET, HEAD).
        buffer_size: bytes of the answer that are held back, so that an error in them has its own status.
    """

    query: str
    query_id: str
    credentials: Credentials
    database: str
    default_format: str
    session_id: str
    session_timeout_s: int
    session_check: bool
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    read_only: bool
    compress: bool
    decompress: bool
    wait_end_of_query: bool
    buffer_size: int
    content_encoding: str
    content_type: str
    accept_encoding: str


def read_request(method: str, query_string: bytes, headers: Mapping[str, str]) -> Request:
    """Reads URL and headers (names in lower case). Raises QueryError for what contradicts itself."""
    url = dict(
        parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    )
    settings: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for name, value in url.items():
        if name.startswith("param_"):
            parameters[name[6:]] = value
        elif name in RESERVED:
            continue
        elif not _SETTING.match(name):
            raise error(Code.BAD_ARGUMENTS, f"Not the name of a setting: {name!r}.")
        else:
            settings[name] = value
    if url.get("role"):
        raise error(Code.UNKNOWN_ROLE, f"There is no role `{url['role']}`: the embedded server has none.")
    return Request(
        query=url.get("query", ""),
        query_id=url.get("query_id") or headers.get("x-clickhouse-query-id", ""),
        credentials=_credentials(url, headers),
        database=url.get("database") or headers.get("x-clickhouse-database", ""),
        default_format=url.get("default_format") or headers.get("x-clickhouse-format", ""),
        session_id=url.get("session_id", ""),
        session_timeout_s=_session_timeout(url),
        session_check=_flag(url, "session_check"),
        parameters=parameters,
        settings=settings,
        read_only=method in ("GET", "HEAD"),
        compress=_flag(url, "compress"),
        decompress=_flag(url, "decompress"),
        wait_end_of_query=_flag(url, "wait_end_of_query"),
        buffer_size=_number(url, "buffer_size", 0) or _number(url, "http_response_buffer_size", 0) or 1 << 20,
        content_encoding=headers.get("content-encoding", "").strip().lower(),
        content_type=headers.get("content-type", ""),
        accept_encoding=headers.get("accept-encoding", "") if _flag(url, "enable_http_compression") else "",
    )


def from_web_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sends this for a page of another host: by its Origin, or by a name that only points here (DNS rebinding)."""
    host = headers.get("host", "")
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return True
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return "." in name and not name.endswith(".localhost") and not _ADDRESS.match(name)


def _credentials(url: Mapping[str, str], headers: Mapping[str, str]) -> Credentials:
    own = "x-clickhouse-user" in headers or "x-clickhouse-key" in headers
    authorization = headers.get("authorization", "")
    in_url = "user" in url or "password" in url
    if own + bool(authorization) + in_url > 1:
        raise error(
            Code.AUTHENTICATION_FAILED,
            "Invalid authentication: X-ClickHouse-User/-Key headers, Authorization and user/password parameters "
            "cannot be used together.",
        )
    if own:
        return Credentials(headers.get("x-clickhouse-user") or DEFAULT_USER, headers.get("x-clickhouse-key", ""))
    if not authorization:
        return Credentials(url.get("user") or DEFAULT_USER, url.get("password", ""))
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise error(Code.AUTHENTICATION_FAILED, f"Invalid authentication: '{scheme}' is not supported, use Basic.")
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise error(Code.AUTHENTICATION_FAILED, "Invalid authentication: the Basic header is not base64.") from None
    return Credentials(user or DEFAULT_USER, password)


def _session_timeout(url: Mapping[str, str]) -> int:
    seconds = _number(url, "session_timeout", 60)
    if seconds > 3600:
        raise error(Code.INVALID_SESSION_TIMEOUT, f"Session timeout '{seconds}' is larger than max: 3600.")
    return seconds


def _flag(url: Mapping[str, str], name: str) -> bool:
    return url.get(name, "").lower() in ("1", "true", "yes", "on")


def _number(url: Mapping[str, str], name: str, default: int) -> int:
    text = url.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise error(Code.BAD_ARGUMENTS, f"Parameter '{name}' must be a number, not '{text}'.")
    return int(text)

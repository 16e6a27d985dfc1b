"""What a request's SQL is: rows to answer, data to insert, or a command; and where its FORMAT and its data are.

Only as much of ClickHouse's grammar is read here as the HTTP layer must know (`src/Parsers/Lexer.cpp`, `ParserInsertQuery`,
`ParserQueryWithOutput`); whatever is wrong in a statement is for the engine to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from deploy.clickhouse.errors import Code, error

Kind = Literal["empty", "rows", "insert", "insert_select", "session", "command"]

INPUT = "_data_of_the_request"  # the temporary table that stands for input() in `sql`

_TOKEN = re.compile(
    rb"""
    (?P<space> \s+ | --[^\n]* | \#[\ !][^\n]* | /\*.*?\*/ )
    | (?P<string> '(?:[^'\\]|\\.|'')*' )
    | (?P<quoted> "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*` )
    | (?P<heredoc> \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<word> [\w\x80-\xff][\w\x80-\xff$]* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEFORE_DATA = re.compile(rb"(?:[ \t\f]*;(?=\s*(?:\n|\Z)))?[ \t\f]*\r?\n?")
_ROWS = frozenset(
    (b"SELECT", b"WITH", b"(", b"SHOW", b"DESCRIBE", b"DESC", b"EXPLAIN", b"EXISTS", b"CHECK", b"KILL", b"FROM")
)


class Token(NamedTuple):
    """A token: `kind` is the lexer's group, `text` upper case for words, `start` and `end` are byte offsets."""

    kind: str
    text: bytes
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class Statement:
    """One statement of a request.

    Attributes:
        kind: `rows` has a result; `insert` has data in the request; `insert_select` reads the request by `input()`;
            `session` is SET or USE; `command` is everything else.
        sql: the statement; of an `insert` without `FORMAT ...` and data; of `rows` without its closing semicolon.
        format: the format it names, if any: of the result (`rows`) or of the data (`insert`).
        outfile_at: where `INTO OUTFILE` belongs in `sql` (`rows`).
        data_at: where the data begins in the request's text (`insert`, `insert_select`), else None.
        structure: columns of the data of an `insert_select`, whose `input('structure')` is the table INPUT in `sql`.
    """

    kind: Kind
    sql: bytes
    format: str | None = None
    outfile_at: int = 0
    data_at: int | None = None
    structure: str = ""


def tokens(sql: bytes) -> Iterator[Token]:
    """The tokens of `sql` without spaces and comments, lazily: what follows is not looked at before it is asked for."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "other"
        if kind == "tag":
            kind = "heredoc"
        if kind == "space":
            continue
        text = match[0]
        if kind == "word":
            text = text.upper()
        if kind == "other" and text in b")]}":
            depth -= 1
        yield Token(kind, text, match.start(), match.end(), depth)
        if kind == "other" and text in b"([{":
            depth += 1


def read_statement(sql: bytes) -> Statement:
    """Reads the one statement of a request.

    `sql` is the query of the URL, a line end, and the body, or as much of them as is needed to come to the data of an INSERT.
    Raises QueryError for several statements, for `INTO OUTFILE` and for `FROM INFILE`.
    """
    stream = tokens(sql)
    first = next(stream, None)
    if first is None or first.text == b";":
        return Statement("empty", b"")
    if first.text == b"INSERT":
        return _insert(sql, stream)
    rest = _single(sql, [first, *stream])
    end = rest[-1].end
    if first.text in (b"SET", b"USE"):
        return Statement("session", sql[:end])
    inserts = first.text == b"WITH" and any(token.text == b"INSERT" and token.depth == 0 for token in rest)
    if first.text not in _ROWS or inserts:
        return Statement("command", sql[:end])
    if any(one.text == b"INTO" and two.text == b"OUTFILE" for one, two in pairwise(rest)):
        raise error(Code.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed.")
    at, name = _result_format(sql, rest)
    return Statement("rows", sql[:end], format=name, outfile_at=end if at is None else at)


def _single(sql: bytes, found: list[Token]) -> list[Token]:
    """`found` without closing semicolons; several statements are an error, as they are for ClickHouse over HTTP."""
    for index, token in enumerate(found):
        if token.text == b";" and token.depth <= 0:
            if any(later.text != b";" for later in found[index:]):
                line = sql.count(b"\n", 0, token.start) + 1
                column = token.start - sql.rfind(b"\n", 0, token.start)
                raise error(
                    Code.SYNTAX_ERROR,
                    f"Syntax error (Multi-statements are not allowed): failed at position {token.end} (end of query) "
                    f"(line {line}, col {column}).",
                )
            return found[:index]
    return found


def _result_format(sql: bytes, found: list[Token]) -> tuple[int | None, str | None]:
    """Offset and name of a closing `FORMAT name`, which may be followed by `SETTINGS ...`."""
    for index in range(len(found) - 2, 0, -1):
        token, name = found[index], found[index + 1]
        if token.text == b"FORMAT" and token.kind == name.kind == "word" and token.depth == 0:
            follows = found[index + 2] if index + 2 < len(found) else None
            if follows is None or follows.text == b"SETTINGS":
                return token.start, sql[name.start : name.end].decode("utf-8", "replace")
    return None, None


def _insert(sql: bytes, stream: Iterator[Token]) -> Statement:
    """An INSERT: looks on from the table's name to `VALUES` or `FORMAT name`, after which data begins, or to the end."""
    selects = False
    source: _Input | None = None
    previous = _table(stream)
    for token in stream:
        word = token.text if token.kind == "word" and token.depth == 0 and previous != b"." else b""
        previous = token.text
        if word == b"VALUES" and not selects:
            return Statement("insert", sql[: token.start], "Values", data_at=token.end)
        if word == b"FORMAT" and (not selects or source is not None):
            name = next(stream, None)
            if name is None or name.kind != "word":
                break
            text, structure = sql[: token.start], ""
            if source is not None:
                text, structure = text[: source.start] + INPUT.encode() + text[source.end :], source.structure
            return Statement(
                "insert_select" if selects else "insert",
                text,
                sql[name.start : name.end].decode("utf-8", "replace"),
                data_at=_data_start(sql, name.end),
                structure=structure,
            )
        if word == b"INFILE":
            raise error(Code.NOT_IMPLEMENTED, "INSERT ... FROM INFILE is not allowed over HTTP.")
        selects = selects or word in (b"SELECT", b"WITH", b"WATCH")
        if selects and token.text == b"INPUT" and token.kind == "word":
            source = _read_input(token, stream) or source
    found = _single(sql, list(tokens(sql)))
    return Statement("command", sql[: found[-1].end])


class _Input(NamedTuple):
    """`input('structure')`: its place, and the structure."""

    start: int
    end: int
    structure: str


def _read_input(token: Token, stream: Iterator[Token]) -> _Input | None:
    """What follows `input`, if it is the function; without a structure of its own it is not supported here."""
    opening = next(stream, None)
    if opening is None or opening.text != b"(":
        return None
    structure, closing = next(stream, None), next(stream, None)
    if structure is None or structure.kind != "string" or closing is None or closing.text != b")":
        raise error(Code.NOT_IMPLEMENTED, "input() needs its structure as a string here: input('a UInt64, b String').")
    text = re.sub(rb"\\(.)|'(')", lambda match: match[1] or match[2], structure.text[1:-1])
    return _Input(token.start, closing.end, text.decode())


def _table(stream: Iterator[Token]) -> bytes:
    """Reads `[INTO] [TABLE] [FUNCTION]` and the first part of the table's name, which may be a keyword."""
    for token in stream:
        if token.text not in (b"INTO", b"TABLE", b"FUNCTION"):
            return token.text
    return b""


def _data_start(sql: bytes, at: int) -> int:
    """Offset of the data after `FORMAT name`: a semicolon, spaces and one line end before it are not data."""
    match = _BEFORE_DATA.match(sql, at)
    return match.end() if match else at

"""ClickHouse's errors as its HTTP interface shows them: text, code and HTTP status.

Codes and statuses are ClickHouse's (`src/Common/ErrorCodes.cpp`, `src/Server/HTTP/exceptionCodeToHTTPStatus.cpp`).
"""

from __future__ import annotations

import re
from enum import IntEnum


class Code(IntEnum):
    """Codes of the errors that the HTTP layer itself raises; the engine's own come as numbers in its texts."""

    CANNOT_READ_ALL_DATA = 33
    BAD_ARGUMENTS = 36
    CHECKSUM_DOESNT_MATCH = 40
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_COMPRESSION_METHOD = 89
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    QUERY_IS_TOO_LARGE = 229
    CANNOT_DECOMPRESS = 271
    INTO_OUTFILE_NOT_ALLOWED = 358
    SESSION_NOT_FOUND = 372
    SESSION_IS_LOCKED = 373
    INVALID_SESSION_TIMEOUT = 374
    ACCESS_DENIED = 497
    UNKNOWN_ROLE = 511
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


STATUS: dict[int, int] = {
    **dict.fromkeys(
        # CANNOT_PARSE_*, THERE_IS_NO_COLUMN, DUPLICATE_COLUMN, BAD_ARGUMENTS, *_AST*, ILLEGAL_COLUMN, TYPE_MISMATCH,
        # SYNTAX_ERROR, INCORRECT_DATA, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, CANNOT_COMPILE_REGEXP
        (6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676),
        400,
    ),
    194: 401,  # REQUIRED_PASSWORD
    # UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, SET_NON_GRANTED_ROLE, AUTHENTICATION_FAILED
    **dict.fromkeys((192, 193, 497, 512, 516), 403),
    # UNKNOWN_ FUNCTION, IDENTIFIER, TYPE, STORAGE, TABLE, AGGREGATE_FUNCTION, FORMAT, TYPE_OF_QUERY, DATABASE, SETTING,
    # DIRECTION_OF_SORTING, DATABASE_ENGINE, ROLE
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511), 404),
    159: 408,  # TIMEOUT_EXCEEDED
    381: 411,  # HTTP_LENGTH_REQUIRED
    229: 413,  # QUERY_IS_TOO_LARGE
    779: 415,  # UNSUPPORTED_MEDIA_TYPE
    48: 501,  # NOT_IMPLEMENTED
    **dict.fromkeys((76, 209, 439), 503),  # CANNOT_OPEN_FILE, SOCKET_TIMEOUT, CANNOT_SCHEDULE_TASK
}

_CODE = re.compile(r"Code: (\d+)\. ")
_REPEATED_PREFIX = re.compile(r"^(?:Code: \d+\. DB::\w+: )+(?=Code: \d+\. DB::\w+: )")
_TRAILER = r"(?: \([A-Z][A-Z_0-9]*\))? \(version [^()]*(?:\([^()]*\))?\)"
_REPEATED_TRAILER = re.compile(rf"(?:{_TRAILER}\.?)+(?= \([A-Z][A-Z_0-9]*\)$)")


class QueryError(Exception):
    """A request failed.

    Attributes:
        code: ClickHouse's number of the error.
        message: `Code: N. DB::Exception: ... (NAME)`, without version and without a line end.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status ClickHouse answers with."""
        return STATUS.get(self.code, 500)


def error(code: Code, text: str) -> QueryError:
    """An error of the HTTP layer itself, worded as ClickHouse's: `text` is a sentence, ending with its full stop."""
    return QueryError(int(code), f"Code: {int(code)}. DB::Exception: {text} ({code.name})")


def engine_error(text: str) -> QueryError:
    """The error of the engine from the text of its exception; repeated codes and versions are left out."""
    start = text.find("Code: ")
    if start < 0:
        return error(Code.UNKNOWN_EXCEPTION, text.strip() or "The engine failed without a reason.")
    message = _REPEATED_PREFIX.sub("", text[start:].strip())
    message = _REPEATED_TRAILER.sub("", message)
    message = re.sub(r" \(version [^()]*(?:\([^()]*\))?\)$", "", message)
    match = _CODE.match(message)
    return QueryError(int(match[1]) if match else int(Code.UNKNOWN_EXCEPTION), message)

"""What is wrong with an expression, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Problem:
    """place: JSON pointer (RFC 6901) into the expression, '' for its root; message: what is wrong; action: a remedy."""

    place: str
    message: str
    action: str


class InvalidExpression(Exception):
    """The expression cannot be understood; `problems` says why, in the order of the text."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.place or '/'}: {problem.message}" for problem in problems))


def pointer(place: str, key: str | int) -> str:
    """The place one key or index further down; text that UTF-8 cannot hold is shown escaped, a long key cut."""
    token = printable(key) if isinstance(key, str) else str(key)
    return f"{place}/{token.replace('~', '~0').replace('/', '~1')}"


def printable(text: str) -> str:
    """At most 40 characters of a text, safe to encode."""
    cut = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(value: object) -> str:
    """A JSON value as it appears in a message; never long, never raises."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{printable(value)}"'
        case int():
            return str(value) if abs(value) < 10**18 else "a number with more than 18 digits"
        case float():
            return f"the number {value}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
        case _:
            return "something that is not JSON"

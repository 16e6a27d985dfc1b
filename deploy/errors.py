"""A mistake or mishap the person at the terminal can do something about: said in two lines, without a stack trace."""

from __future__ import annotations


class UserError(Exception):
    """`what` happened, in one short line; `advice`: what to do now."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

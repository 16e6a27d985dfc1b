"""What trees are made of: frozen dataclasses that remember their hash, so that a big tree is a cheap key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, dataclass_transform

_Made = TypeVar("_Made")
_Of = TypeVar("_Of")
_Result = TypeVar("_Result")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_Made]) -> type[_Made]:
    """A frozen dataclass whose hash is computed once an object. What is remembered does not travel to another process."""
    made = dataclass(frozen=True)(cls)
    computed: Callable[[Any], int] = made.__hash__

    def state(self: Any) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    made.__hash__ = once(computed)  # type: ignore[method-assign, assignment]
    made.__getstate__ = state  # type: ignore[method-assign]
    return made


def once(made: Callable[[_Of], _Result]) -> Callable[[_Of], _Result]:
    """A function of a node, computed once an object and kept in it: it lives as long as the node does."""
    kept = f"_{made.__name__}"

    @wraps(made)
    def remembered(of: _Of) -> _Result:
        known: _Result | None = of.__dict__.get(kept)
        if known is None:
            known = made(of)
            object.__setattr__(of, kept, known)
        return known

    return remembered

"""What a site declares of its own about its members, as fields of the language: `trait.<name>`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from flows.segments.columns import Always, Condition, Every, Exists, OneOf, Real, Text
from flows.segments.field import Field
from flows.segments.korean import subject
from flows.segments.node import node
from flows.segments.sources import Named, Truth

TraitType = Literal["string", "number", "date", "boolean"]

PREFIX = "trait."

_NAME, _TEXT = Text("trait_name"), Text("trait_text")


@node
class Trait:
    """A declaration: name, type, and labels ('' says the name)."""

    name: str
    type: TraitType
    ko: str = ""
    en: str = ""


def trait_fields(traits: Sequence[Trait]) -> tuple[Field, ...]:
    """The fields of some declarations, in their order."""
    return tuple(_field(trait) for trait in traits)


@lru_cache(maxsize=4_096)
def _field(trait: Trait) -> Field:
    name, ko, en = PREFIX + trait.name, trait.ko or trait.name, trait.en or trait.name
    match trait.type:
        case "string":
            return Field(name, "custom", "string", ko, en, Named(_NAME, trait.name, _TEXT), ("is", "VIP"))
        case "number":
            how = Named(_NAME, trait.name, Real("trait_number"))
            return Field(name, "custom", "decimal", ko, en, how, (">=", 1.5))
        case "date":
            how = Named(_NAME, trait.name, Always("trait_at"))
            return Field(name, "custom", "time", ko, en, how, ("within_last", {"days": 30}))
    statements = (f"{subject(ko)} '예'임", f"{subject(ko)} '아니요'임", f"{en} is true", f"{en} is false")
    told = Truth(_told(trait.name, "true"), _told(trait.name, "true", "false"))
    return Field(name, "custom", "boolean", ko, en, told, ("is", True), statements=statements)


def _told(name: str, *texts: str) -> Condition:
    return Exists(Every((OneOf(_NAME, (name,)), OneOf(_TEXT, texts))))

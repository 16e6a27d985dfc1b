"""Writes what the tests of this folder compare with: `python -m tests.flows.segments.regenerate`, then read the diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.segments.fields import FIELDS, GROUPS, Field
from flows.segments.operators import Operator, operators_of
from flows.segments.parse import parse
from flows.segments.predicate import compile_sql
from flows.segments.presets import presets
from flows.segments.sentence import sentence

GOLDEN = Path(__file__).parent / "golden"
OPERATORS = GOLDEN / "operators.txt"
PRESETS = GOLDEN / "presets.txt"
PAGE = Path(__file__).parents[3] / "docs" / "segments.md"
START, END = "<!-- reference: written by python -m tests.flows.segments.regenerate -->", "<!-- end of reference -->"

NOW = 1_790_000_000_000
_NUMBERS = {"number": (10, [10, 20]), "money": (10_000, [10_000, 50_000]), "duration": (353, [60, 353])}
_TYPES = {
    "number": "Numbers",
    "money": "Money",
    "duration": "Durations",
    "string": "Texts",
    "list": "Lists",
    "boolean": "Yes or no",
    "time": "Times",
    "records": "Records",
}
_TAKES = {
    "whole": "`10`",
    "range": "`[10000, 50000]`",
    "text": '`"Chrome"`',
    "texts": '`["SKU-1", "SKU-2"]`',
    "truth": "`true` or `false`",
    "span": '`{"days": 3}`',
    "point": '`"2026-10-01T09:00:00+09:00"`',
    "where": "an expression over its sub-fields, under `where`",
    "nothing": "no value",
}


def condition(field: Field, found: Operator) -> dict[str, Any]:
    """An expression with this operator on this field."""
    if found.takes == "nothing":
        return {"field": field.name, "op": found.name}
    key = "where" if found.takes == "where" else "value"
    return {"field": field.name, "op": found.name, key: _value(field, found)}


def operators_text() -> str:
    """Every field with every operator, and every sub-field with every operator inside `some`."""
    blocks = [_block(condition(field, found)) for field in FIELDS for found in operators_of(field.type)]
    for field in FIELDS:
        for subfield in field.subfields:
            for found in operators_of(subfield.type):
                where = condition(subfield, found)
                blocks.append(_block({"field": field.name, "op": "some", "where": where}))
    return "\n".join(blocks)


def presets_text() -> str:
    """Every preset."""
    return "\n".join(f"# {preset['name']}\n{_block(preset['expression'])}" for preset in presets())


def reference_text() -> str:
    """The part of docs/segments.md that lists operators and fields."""
    return "\n".join([*_operator_tables(), *_field_tables()])


def page_text() -> str:
    """docs/segments.md with its reference as it must be."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    return f"{before}{START}\n\n{reference_text()}\n{END}{rest.split(END)[1]}"


def _value(field: Field, found: Operator) -> Any:
    word = field.choices[1].value if field.choices else "운동화"
    match found.takes:
        case "whole":
            return _NUMBERS[field.type][0]
        case "range":
            return _NUMBERS[field.type][1]
        case "text":
            return word
        case "texts":
            return [word, field.choices[2].value if field.choices else "it's"]
        case "truth":
            return True
        case "span":
            return {"days": 3}
        case "point":
            return "2026-10-01T09:00:00+09:00"
    return field.example[1]


def _block(document: dict[str, Any]) -> str:
    tree = parse(document)
    predicate = compile_sql(tree, NOW)
    lines = [
        json.dumps(document, ensure_ascii=False),
        f"  ko   {sentence(tree, 'ko')}",
        f"  en   {sentence(tree, 'en')}",
        f"  sql  {predicate.sql}",
        f"  with {json.dumps(predicate.params, ensure_ascii=False)}",
    ]
    return "\n".join(lines) + "\n"


def _operator_tables() -> Iterator[str]:
    yield "## Operators\n"
    yield "| type | operator | 한국어 | English | value |"
    yield "|---|---|---|---|---|"
    for field_type, called in _TYPES.items():
        for found in operators_of(field_type):  # type: ignore[arg-type]
            name = called if found is operators_of(field_type)[0] else ""  # type: ignore[arg-type]
            yield f"| {name} | `{found.name}` | {found.ko} | {found.en} | {_TAKES[found.takes]} |"
    yield ""


def _field_tables() -> Iterator[str]:
    yield "## Fields\n"
    for group, (ko, en) in GROUPS.items():
        yield f"### {en} / {ko}\n"
        yield "| field | 한국어 | English | type | operators | example |"
        yield "|---|---|---|---|---|---|"
        members = [field for field in FIELDS if field.group == group]
        yield from (_field_row(field) for field in members)
        yield ""
        for field in members:
            if field.subfields:
                yield f"Sub-fields of `{field.name}`:\n"
                yield "| sub-field | 한국어 | English | type | operators | example |"
                yield "|---|---|---|---|---|---|"
                yield from (_field_row(subfield) for subfield in field.subfields)
                yield ""


def _field_row(field: Field) -> str:
    unit = f", {field.unit}" if field.unit else ""
    choices = f" ({', '.join(f'`{choice.value}` {choice.ko}' for choice in field.choices)})" if field.choices else ""
    listed = " ".join(f"`{found.name}`" for found in operators_of(field.type))
    op, value = field.example
    example = json.dumps(
        {"field": field.name, "op": op, "where" if field.subfields else "value": value}, ensure_ascii=False
    )
    return f"| `{field.name}` | {field.ko} | {field.en} | {field.type}{unit}{choices} | {listed} | `{example}` |"


def main() -> None:
    """Write the golden files and the reference in the documentation."""
    GOLDEN.mkdir(exist_ok=True)
    OPERATORS.write_text(operators_text(), encoding="utf-8")
    PRESETS.write_text(presets_text(), encoding="utf-8")
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

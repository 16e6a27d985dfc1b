"""Writes what the tests of this folder compare with: `python -m tests.flows.segments.regenerate`, then read the diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.segments.field import GROUPS, Field
from flows.segments.fields import FIELDS
from flows.segments.operators import Operator, operators_of
from flows.segments.parse import parse
from flows.segments.predicate import compile_sql
from flows.segments.presets import presets
from flows.segments.sentence import sentence
from tests.flows.segments.visitor_rows import ALL_FIELDS, TRAITS

GOLDEN = Path(__file__).parent / "golden"
PRESETS = GOLDEN / "presets.txt"
PAGE = Path(__file__).parents[3] / "docs" / "segments.md"
START, END = "<!-- reference: written by python -m tests.flows.segments.regenerate -->", "<!-- end of reference -->"

NOW = 1_790_000_000_000
ZONE = "Asia/Seoul"
_NUMBERS = {
    "number": (10, [10, 20]),
    "decimal": (2.5, [2.5, 10.25]),
    "money": (10_000, [10_000, 50_000]),
    "duration": (353, [60, 353]),
    "days": (3, [0, 7]),
}
_FILES = {"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_TYPES = {
    "number": "Numbers",
    "decimal": "Decimals",
    "money": "Money",
    "duration": "Durations",
    "days": "Days ahead",
    "string": "Texts",
    "list": "Lists",
    "boolean": "Yes or no",
    "time": "Times",
    "records": "Records",
}
_TAKES = {
    "whole": "`10`",
    "range": "`[10000, 50000]`",
    "decimal": "`2.5`",
    "decimals": "`[2.5, 10]`",
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


def operator_texts() -> dict[str, str]:
    """By path below `golden/`: every field with every operator, and every sub-field with every operator inside `some`.

    Traits have one field of each type.
    """
    found = {}
    for field in ALL_FIELDS:
        for operator in operators_of(field.type):
            found[_path(field.name, operator)] = _block(condition(field, operator))
        for subfield in field.subfields:
            for operator in operators_of(subfield.type):
                where = condition(subfield, operator)
                text = _block({"field": field.name, "op": "some", "where": where})
                found[_path(f"{field.name}/{subfield.name}", operator)] = text
    return found


def operator_files() -> dict[str, str]:
    """What is written down of that."""
    return {
        path.relative_to(GOLDEN).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(GOLDEN.glob("*/**/*.txt"))
    }


def _path(name: str, operator: Operator) -> str:
    return f"{name}/{_FILES.get(operator.name, operator.name)}.txt"


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
        case "whole" | "decimal":
            return _NUMBERS[field.type][0]
        case "range" | "decimals":
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
    tree = parse(document, TRAITS)
    predicate = compile_sql(tree, NOW, zone=ZONE)
    params = {name: _shown(value) for name, value in predicate.params.items()}
    lines = [
        json.dumps(document, ensure_ascii=False),
        f"  ko   {sentence(tree, 'ko')}",
        f"  en   {sentence(tree, 'en')}",
        f"  sql  {predicate.sql}",
        f"  with {json.dumps(params, ensure_ascii=False)}",
    ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> Any:
    """A parameter; of a long list how it begins, and its length."""
    return value if not isinstance(value, list) or len(value) < 20 else [*value[:3], f"... {len(value)}"]


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
        if group == "custom":
            continue  # what a site declares is told in the text
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
    named = ", ".join(f"`{choice.value}` {choice.ko}" for choice in field.choices)
    choices = f" ({named}{', or another' if field.others else ''})" if named else ""
    listed = " ".join(f"`{found.name}`" for found in operators_of(field.type))
    op, value = field.example
    example = json.dumps(
        {"field": field.name, "op": op, "where" if field.subfields else "value": value}, ensure_ascii=False
    )
    return f"| `{field.name}` | {field.ko} | {field.en} | {field.type}{unit}{choices} | {listed} | `{example}` |"


def main() -> None:
    """Write the golden files and the reference in the documentation."""
    GOLDEN.mkdir(exist_ok=True)
    texts = operator_texts()
    for name in operator_files().keys() - texts.keys():
        (GOLDEN / name).unlink()
    for name, text in texts.items():
        (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(text, encoding="utf-8")
    PRESETS.write_text(presets_text(), encoding="utf-8")
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

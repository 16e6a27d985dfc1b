"""SQL and sentences of every operator on every field, and the documentation, are as written down.

After a change that is meant: `python -m tests.flows.segments.regenerate`, and read the diff.
"""

from __future__ import annotations

import json

from flows.segments.fields import FIELDS
from flows.segments.operators import operators_of
from flows.segments.parse import parse
from flows.segments.sentence import sentence
from tests.flows.segments import regenerate

EVERY_FIELD = [*FIELDS, *(subfield for field in FIELDS for subfield in field.subfields)]


def test_sql_and_sentences_of_every_operator_are_as_written_down() -> None:
    texts, files = regenerate.operator_texts(), regenerate.operator_files()
    assert texts.keys() == files.keys()
    for name, text in texts.items():
        assert text == files[name], name


def test_sql_and_sentences_of_every_preset_are_as_written_down() -> None:
    assert regenerate.presets_text() == regenerate.PRESETS.read_text(encoding="utf-8")


def test_the_reference_in_the_documentation_is_up_to_date() -> None:
    assert regenerate.page_text() == regenerate.PAGE.read_text(encoding="utf-8")


def test_every_field_label_and_operator_is_documented() -> None:
    page = regenerate.PAGE.read_text(encoding="utf-8")
    for field in EVERY_FIELD:
        assert f"`{field.name}`" in page
        assert field.ko in page
        assert field.en in page
        for found in operators_of(field.type):
            assert f"`{found.name}`" in page


def test_the_first_example_of_the_documentation_reads_as_it_says() -> None:
    page = regenerate.PAGE.read_text(encoding="utf-8")
    tree = parse(json.loads(page.split("```json\n")[1].split("```")[0]))
    assert f"> {sentence(tree, 'ko')}\n" in page

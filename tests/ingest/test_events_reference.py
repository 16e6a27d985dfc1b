"""docs/events.md tells everything the door knows, and its limits and examples are true."""

import json
import re
from pathlib import Path

import pytest

from ingest.alias_tables import CAMPAIGN_FIELDS, CONTEXT_FIELDS, EVENT_ALIASES, FIELDS, ITEM_FIELDS, PAGE_FIELDS
from ingest.currencies import DECIMALS
from ingest.door import SiteRules, open_door
from ingest.vocabulary import (
    BODY_BYTES_MAX,
    BODY_ITEMS_MAX,
    CHANNELS,
    ENVIRONMENTS,
    EVENT_ID_BYTES_MAX,
    EVENT_ITEMS_MAX,
    EVENTS,
    EXPLANATIONS,
    PROPERTIES_BYTES_MAX,
    REQUEST_ITEMS_MAX,
    RESERVED_NAMES,
    RESERVED_PREFIX,
    TEXT_CHARACTERS_MAX,
    VISITOR_ID_BYTES_MAX,
    Reason,
)

REFERENCE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
IN_CODE = set(re.findall(r"`([^`\n]+)`", REFERENCE)) | {
    part for code in re.findall(r"`([^`\n]+)`", REFERENCE) for part in code.split(".")
}
RANGE = {f"{prefix}category{n}" for prefix in ("item_", "") for n in (2, 3, 4, 5)}  # written as `...2` ... `...5`


@pytest.mark.parametrize("name", sorted({*EVENTS, *EVENT_ALIASES}))
def test_every_event_name_is_in_the_reference(name: str) -> None:
    assert name in IN_CODE


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_in_the_reference_and_has_an_explanation(reason: Reason) -> None:
    assert f"| `{reason}` |" in REFERENCE
    assert EXPLANATIONS[reason]


def test_the_reference_names_no_reason_that_is_unknown() -> None:
    section = REFERENCE.partition("## Reasons of rejection")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(Reason)


@pytest.mark.parametrize(
    "field", sorted({*FIELDS, *ITEM_FIELDS, *PAGE_FIELDS, *CONTEXT_FIELDS, *CAMPAIGN_FIELDS} - RANGE)
)
def test_every_field_and_alias_is_in_the_reference(field: str) -> None:
    assert field in IN_CODE


@pytest.mark.parametrize("word", [*ENVIRONMENTS, *CHANNELS, *sorted(RESERVED_NAMES), RESERVED_PREFIX])
def test_every_value_with_a_meaning_is_in_the_reference(word: str) -> None:
    assert word in IN_CODE


def test_the_limits_in_the_reference_are_the_limits() -> None:
    assert f"at most {BODY_BYTES_MAX:,} bytes" in REFERENCE
    assert f"Over {BODY_ITEMS_MAX:,} are refused" in REFERENCE
    assert f"at most {REQUEST_ITEMS_MAX} a request" in REFERENCE
    assert f"list, at most {EVENT_ITEMS_MAX}" in REFERENCE
    assert f"`event_id` | text, {EVENT_ID_BYTES_MAX} bytes" in REFERENCE
    assert f"`visitor_id` | text, {VISITOR_ID_BYTES_MAX} bytes" in REFERENCE
    assert f"at most {TEXT_CHARACTERS_MAX:,} characters" in REFERENCE
    assert f"at most {PROPERTIES_BYTES_MAX:,} bytes" in REFERENCE


def test_the_example_of_the_reference_is_accepted() -> None:
    example = json.loads(re.findall(r"```json\n(\[.*?\])\n```", REFERENCE, re.DOTALL)[0])
    verdict = open_door(example, site=SiteRules("shop", "KRW"), received_at=1_763_800_000_500, server=False)
    assert len(verdict.accepted) == 2


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    assert (DECIMALS["KRW"], DECIMALS["JPY"], DECIMALS["USD"], DECIMALS["KWD"], DECIMALS["CLF"]) == (0, 0, 2, 3, 4)
    assert all(re.fullmatch("[A-Z]{3}", code) for code in DECIMALS)

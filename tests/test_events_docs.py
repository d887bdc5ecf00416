"""The page for integrators names everything an event or a contact can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.events.contacts import contact_row
from features.events.formats import _SUFFIXES
from features.events.schema import CATEGORIES, FIELDS, FIRST_YEAR, LAST_YEAR, MAX_ID_LENGTH

PAGE = (Path(__file__).parents[1] / "docs" / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_a_row(field: str) -> None:
    assert f"\n| `{field}` |" in PAGE


@pytest.mark.parametrize("field", contact_row("c")[0])
def test_every_contact_field_has_a_row(field: str) -> None:
    assert f"\n| `{field}` |" in PAGE.partition("## Contacts")[2]


@pytest.mark.parametrize("field", CATEGORIES)
def test_every_accepted_value_is_listed_in_order(field: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{field}` |"))
    assert ", ".join(f"`{value}`" for value in CATEGORIES[field]) in row


def test_limits_and_suffixes_are_those_of_the_code() -> None:
    assert f"at most {MAX_ID_LENGTH:,} characters" in PAGE
    assert f"years {FIRST_YEAR} to {LAST_YEAR}" in PAGE
    assert all(f"`{suffix}`" in PAGE for suffix in _SUFFIXES)

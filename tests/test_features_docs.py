"""docs/features.md says what the catalog says."""

from __future__ import annotations

import pytest

from features.catalog import COLUMNS, Column
from features.docs import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m features.docs"


@pytest.mark.parametrize("column", COLUMNS, ids=[c.name for c in COLUMNS])
def test_the_page_names_and_explains_every_column(column: Column) -> None:
    row = next(r for r in page().splitlines() if f"`{column.name}`" in r and "---" not in r)
    assert row.startswith("| `")
    assert any(column.feature.text in r for r in page().splitlines())

"""Where the real data is that some tests read; it is not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_data(name: str) -> Path:
    """The path of a real data set; skips the test when it is not here."""
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    path = Path(os.environ.get("FINELINE_REAL_DATA", beside)) / name
    if not path.exists():
        pytest.skip(f"real data {name} is not here (set FINELINE_REAL_DATA)")
    return path

"""The compiled matrix equals the same features run in plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from features.catalog import CONTACT_COLUMNS
from tests.built import built
from tests.factories import Shape, agency

NAMES = [c.name for c in CONTACT_COLUMNS]


@cache
def folded_twice() -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    """The contact columns of 200 awkward histories: compiled, and in plain Python."""
    events = agency(11, Shape(contacts=200, tied=0.25, late=0.4))
    with TemporaryDirectory() as folder:
        path, out = Path(folder, "events.parquet"), Path(folder, "rows.npy")
        pq.write_table(events, path)
        subprocess.run(
            [sys.executable, "-m", "tests.slow_fold", str(path), str(out)],
            env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
            cwd=Path(__file__).parents[1],
            check=True,
        )
        return built(events).x[:, : len(NAMES)], np.load(out)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_equals_plain_python(name: str) -> None:
    compiled, plain = (x[:, NAMES.index(name)] for x in folded_twice())
    assert name == "zone_known" or len(np.unique(plain[~np.isnan(plain)])) > 1
    np.testing.assert_allclose(compiled, plain.astype(np.float32), rtol=3e-7, atol=1e-9)

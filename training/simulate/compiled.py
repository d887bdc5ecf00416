"""Compilation of the simulator's routines, cached under a digest of this folder's sources.

Numba notices a change of the compiled function's own file only, never of the functions it calls;
the digest makes stale machine code impossible.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba


@lru_cache(maxsize=1)
def cache_folder() -> str:
    """Where the machine code is kept: beside the sources, or in the temporary folder."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sorted(here.glob("*.py")):
        digest.update(path.read_bytes())
    private = Path(tempfile.gettempdir()) / f"fineline-{os.getuid()}"
    base = here / "__pycache__" if os.access(here, os.W_OK) else private
    return str(base / f"compiled-{digest.hexdigest()}")


def jit(function: Callable[..., Any]) -> Any:
    """Compile `function` without the interpreter lock, cached under the digest of all sources."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = cache_folder()
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before


def inline(function: Callable[..., Any]) -> Any:
    """Compile a small function that is only ever called from other compiled ones."""
    return numba.njit(nogil=True, error_model="numpy")(function)

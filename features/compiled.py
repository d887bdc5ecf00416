"""Compilation of the hot routines, cached on disk under a digest of this package's sources.

Numba notices a change of the compiled function's own file only, never of the functions it calls.
Here every routine is composed of small ones from other files, so the cache folder carries a digest
of them all: an edited feature can never meet stale machine code.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_PACKAGES = ("features", "models", "training")


def source_digest() -> str:
    """Digest of the sources the compiled routines are made of, and of numba's version.

    Those are the files that name this module, and the catalog, whose functions are compiled.
    """
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for package in _PACKAGES:
        for path in sorted((Path(__file__).parent.parent / package).rglob("*.py")):
            text = path.read_bytes()
            if b"features.compiled" in text or path.parent.name == "catalog":
                digest.update(text)
    return digest.hexdigest()


def _cache_folder() -> str:
    beside = Path(__file__).parent / "__pycache__"
    base = beside if os.access(Path(__file__).parent, os.W_OK) else _private_temporary_folder()
    return str(base / f"compiled-{source_digest()}")


def _private_temporary_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"fineline-{os.getuid()}"


_CACHE_DIR = _cache_folder()


def jit(function: Callable[..., Any]) -> Any:
    """Compile `function` without the interpreter lock, cached under the digest of all sources."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _CACHE_DIR
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before


def inline(function: Callable[..., Any]) -> Any:
    """Compile a small function that is only ever called from other compiled ones."""
    return numba.njit(nogil=True, error_model="numpy")(function)

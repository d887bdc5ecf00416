"""Which of our sources a result depends on, so that a kept result never outlives its code."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import training

_ROOT = Path(str(training.__file__)).parent.parent
_PACKAGES = ("features", "models", "training")
_LIBRARIES = ("numpy", "lightgbm", "numba")


@lru_cache(maxsize=32)
def digest(*modules: str) -> str:
    """A digest of the modules (as `training.train`), of all they import of ours, and of their data.

    Data are the YAML files beside the sources.
    """
    files = sources(*modules)
    data = {p for folder in {f.parent for f in files} for p in folder.glob("*.yaml")}
    found = hashlib.blake2b(digest_size=8)
    for library in _LIBRARIES:
        found.update(f"{library} {version(library)}\n".encode())
    for path in sorted(files | data):
        found.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def sources(*modules: str) -> set[Path]:
    """The files of the modules and of everything of ours that they import."""
    found: set[Path] = set()
    waiting = [_file(name) for name in modules]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += [_file(name) for name in _imported(path)]
    return found


def _file(module: str) -> Path | None:
    """The file of one of our modules; None for anything else."""
    if module.partition(".")[0] not in _PACKAGES:
        return None
    path = _ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)

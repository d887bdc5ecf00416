"""What was computed once is kept: a JSON file per result, a folder per model.

A name holds a digest of everything the result depends on, sources included: a run that was
interrupted goes on where it stopped, and a change of code computes anew what it touches.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training.playout.sources import digest


class Kept:
    """Results and models in one folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder

    def result(
        self,
        name: str,
        key: Mapping[str, Any],
        module: str,
        compute: Callable[[], Mapping[str, Any]],
    ) -> dict[str, Any]:
        """The result under `key`, a JSON object; computed, by code of `module`, if not there."""
        path = self.home / "results" / f"{name}-{_digest(key, module)}.json"
        if not path.exists():
            whole = {"key": dict(key), **compute()}
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps(whole), encoding="utf-8")
            part.replace(path)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def folder(
        self, name: str, key: Mapping[str, Any], module: str, write: Callable[[Path], object]
    ) -> Path:
        """A folder filled by `write`, by code of `module`, at once or not at all."""
        path = self.home / "models" / f"{name}-{_digest(key, module)}"
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=path.parent, suffix=".part"))
        try:
            write(part)
            part.rename(path)
        except OSError:
            # Another process may have been first.
            if not path.exists():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return path


def _digest(key: Mapping[str, Any], module: str) -> str:
    text = json.dumps([dict(key), digest(module)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

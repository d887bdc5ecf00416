"""Secrets of a deployment: given by a setting, or kept in a file that is made if need be."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


class KeptSecret:
    """A secret: `given`, or else what `file` holds."""

    def __init__(self, given: str, file: Path | None = None) -> None:
        self._given, self._file = given, file

    def read(self) -> bytes:
        """The secret; a file is made by whoever needs it first, readable by its owner only."""
        if self._given or self._file is None:
            return self._given.encode()
        if not self._file.exists():
            self._make(self._file)
        return self._file.read_bytes().strip()

    @staticmethod
    def _make(file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, written = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
        try:
            with os.fdopen(descriptor, "w") as made:
                made.write(secrets.token_hex(32))
            # Two processes may make it at once: one gets the name, and the file is whole.
            os.link(written, file)
        except FileExistsError:
            pass
        finally:
            Path(written).unlink()

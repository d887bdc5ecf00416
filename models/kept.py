"""Artifacts kept on this machine: what answers while the registry is away, also after a restart."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from uuid import uuid4

from models.registry import Version

_LAST = "last_good.json"


class Kept:
    """A folder with the last good artifact and the one before it, shared by all workers.

    An artifact is in it whole or not at all; its name is the run that made it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, version: Version) -> Path | None:
        """Where a version's artifact is, None if it is not kept."""
        path = self.folder / version.run_id
        return path if path.is_dir() else None

    def last(self) -> Version | None:
        """The version that was kept last; None without one."""
        return self._read().get("last")

    def keep(self, version: Version, artifact: Path) -> None:
        """Copy an artifact that has proved good; raises OSError where nothing can be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.find(version) is None:
            temporary = self.folder / f".{uuid4().hex}"
            shutil.copytree(artifact, temporary)
            try:
                temporary.rename(self.folder / version.run_id)
            except OSError:
                # Another worker was quicker.
                shutil.rmtree(temporary, ignore_errors=True)
        known = self._read()
        if known.get("last") == version:
            return
        now = {"last": version} | ({"before": known["last"]} if "last" in known else {})
        self._write(now)
        self._tidy({v.run_id for v in now.values()})

    def forget(self, version: Version) -> None:
        """Remove an artifact that turned out bad."""
        shutil.rmtree(self.folder / version.run_id, ignore_errors=True)

    def _read(self) -> dict[str, Version]:
        try:
            content = json.loads((self.folder / _LAST).read_text(encoding="utf-8"))
            return {k: Version(v["number"], v["run_id"]) for k, v in content.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _write(self, versions: dict[str, Version]) -> None:
        content = {k: {"number": v.number, "run_id": v.run_id} for k, v in versions.items()}
        temporary = self.folder / f".{uuid4().hex}"
        temporary.write_text(json.dumps(content), encoding="utf-8")
        os.replace(temporary, self.folder / _LAST)

    def _tidy(self, wanted: set[str]) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and not path.name.startswith(".") and path.name not in wanted:
                shutil.rmtree(path, ignore_errors=True)

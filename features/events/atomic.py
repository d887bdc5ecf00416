"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from features.errors import BadInput


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved over it on success and removed on failure.

    Raises `BadInput` when the folder does not exist or cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    if path.is_dir():
        raise BadInput("is a folder; name a file to write to", source=str(path))
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        # Arrow's errors carry a longer text of their own, with the temporary name in it.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise BadInput(f"cannot be written ({reason.lower()})", source=str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)

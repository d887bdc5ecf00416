"""Notes in the audit log that another version answers from now on."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from features.errors import FinelineError
from features.moments import microseconds
from features.store import audit
from features.store.audit import EVERYONE, by_command
from features.store.opening import open_store
from models.settings import Settings


def note(settings: Settings, what: str, version: str, now: datetime) -> str:
    """Note `what` was done to a version, in the store if there is one; what went wrong, or nothing.

    What was done stays done: it does not depend on the store.
    """
    entry = by_command(EVERYONE, what, f"model:{version}", microseconds(now))
    try:
        with closing(open_store(settings)) as database:
            if database.exists:
                database.write(lambda c: audit.add(c, entry))
    except FinelineError as error:
        return f"The audit log does not say so: {error}."
    return ""

"""What the service itself puts into the audit log."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from pathlib import Path

from features.errors import FinelineError
from features.moments import microseconds
from features.store import audit
from features.store.audit import EVERYONE, Entry
from features.store.database import Database

_log = logging.getLogger("fineline.api")


def note_rules(database: Database, rules: Path | None, now: datetime) -> None:
    """Note that the file of tenants' rules is another than when the service last started."""
    content = b"" if rules is None else rules.read_bytes()
    about = f"rules:{hashlib.sha256(content).hexdigest()[:16]}" if content else "rules:none"
    try:
        if not database.exists:
            return
        with database.reading() as connection:
            before = audit.latest(connection, EVERYONE, "rules")
        if about != (before.about if before else "rules:none"):
            entry = Entry(microseconds(now), EVERYONE, "settings", "rules", about)
            database.write(lambda c: audit.add(c, entry))
    except FinelineError as error:
        _log.warning("the audit log does not say that rules changed (%s): %s", about, error)

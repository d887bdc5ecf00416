"""What a key or a person may do, each named by one word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from features.errors import BadInput

#: `admin` may do everything else too.
SCOPES: Mapping[str, str] = {
    "score": "decide from a history in the request",
    "ingest": "store events and what describes contacts",
    "read": "hints, work list, export of a person, metrics, the page",
    "feedback": "say what was done with a hint; the page's buttons",
    "erase": "erase a person",
    "admin": "everything, and what an organisation sets for itself",
}
ADMIN = "admin"
EVERYTHING = frozenset(SCOPES)


def scopes_of(given: Iterable[str]) -> str:
    """Scopes as they are kept, in the order of `SCOPES`; raises BadInput for one that is none.

    >>> scopes_of(["read", "ingest", "read"])
    'ingest read'
    """
    wanted = set(given)
    for one in sorted(wanted - set(SCOPES)):
        raise BadInput(f"{one!r} is none of {', '.join(SCOPES)}", field="--scope")
    return " ".join(name for name in SCOPES if name in wanted)

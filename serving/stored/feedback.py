"""What recruiters say they did with an answer, checked and put on record."""

from __future__ import annotations

from datetime import datetime

from features.events.problems import quoted
from features.events.text import id_problem
from features.moments import microseconds
from features.store import feedback
from features.store.database import Database
from features.store.feedback import Feedback
from serving.answers import to_json
from serving.problems import FieldError, Problem, invalid

ACTIONS = ("followed", "overridden")
_FIELDS = ("action", "reason", "actor_id")


def keep(database: Database, tenant: str, decision_id: str, sent: object, now: datetime) -> bytes:
    """Put feedback on record; as JSON as it is kept. Raises Problem."""
    given = _checked(decision_id, sent, now)
    # No id of ours is one that a database could not look for.
    if id_problem(decision_id) or not database.write(lambda c: feedback.add(c, tenant, given)):
        raise Problem(
            404, "No decision of this id is on record; those from a history in the request are not."
        )
    return to_json(
        {
            "decision_id": given.decision_id, "given_at": now, "action": given.action,
            "reason": given.reason, "actor_id": given.actor_id,
        }
    )  # fmt: skip


def _checked(decision_id: str, sent: object, now: datetime) -> Feedback:
    if not isinstance(sent, dict):
        raise invalid([FieldError("", f"must be a JSON object with {', '.join(_FIELDS)}")])
    errors = [
        FieldError(str(name)[:100], f"is not a field; there are {', '.join(_FIELDS)}")
        for name in sent
        if name not in _FIELDS
    ]
    action = sent.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        shown = quoted(action) if isinstance(action, str) else "missing or no text"
        errors.append(FieldError("action", f"is {shown}, but must be one of {', '.join(ACTIONS)}"))
    texts = {name: _text(name, sent.get(name), errors) for name in ("reason", "actor_id")}
    if errors:
        raise invalid(errors)
    return Feedback(decision_id, microseconds(now), str(action), **texts)


def _text(name: str, value: object, errors: list[FieldError]) -> str | None:
    """A text without control characters, or None for nothing."""
    if value is None or value == "":
        return None
    message = id_problem(value) if isinstance(value, str) else "must be text"
    if message:
        errors.append(FieldError(name, message))
        return None
    return str(value)

"""Making a decision on record once more, to the bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from features.errors import BadInput
from features.store import decisions, dials, history
from features.store.database import Database
from features.store.decisions import Recorded
from models.decide import Decider
from models.fares import Noted
from serving.answers import to_json
from serving.stored.dials import by
from serving.stored.recorded import decide
from serving.stored.situation import asked_again


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision as it was and as it comes out again; `differences` are members of the answer."""

    was: Recorded
    again: dict[str, Any]
    differences: tuple[str, ...]
    same_features: bool

    @property
    def same(self) -> bool:
        """Whether answer and features are the same to the bit."""
        return not self.differences and self.same_features


def on_record(database: Database, tenant: str, decision_id: str) -> Recorded:
    """A decision; raises BadInput if none of this id is on record."""
    with database.reading() as connection:
        found = decisions.find(connection, tenant, decision_id)
    if found is None:
        raise BadInput(f"no decision {decision_id!r} is on record")
    return found


def replay(database: Database, tenant: str, was: Recorded, decider: Decider) -> Replayed:
    """Ask `decider` what was asked then, about what was stored, set and known of senders then."""
    with database.reading() as connection:
        events = history.history(connection, tenant, was.contact_id, was.events)
        setting = dials.find(connection, tenant, was.dials)
    assert setting is not None
    # How senders and clients fared was known to the service then, and to nobody since.
    decider = by(decider, tenant, setting).knowing(Noted.of(was.features))
    (decided,) = decide(decider, [asked_again(was.asked, was.contact_id, events)])
    assert decided is not None
    written = to_json(decided.decision).decode()
    before, after = orjson.loads(was.answer), orjson.loads(written)
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    if written != was.answer and not names:
        names = ["answer"]
    return Replayed(was, after, tuple(names), decided.row == was.features)

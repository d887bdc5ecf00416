"""Keys for the tests of who may do what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from features.moments import microseconds
from features.store import keys
from features.store.database import Database
from features.store.keys import Key
from models.decide import Decider
from models.decision import ModelRef
from serving.access.scopes import SCOPES
from serving.access.tokens import digest, new_token
from training.train import model_of_base_rates

MADE = microseconds(datetime(2026, 1, 1, tzinfo=UTC))


def first_day() -> Decider:
    """A decider that has learned nothing yet: quick to make."""
    return Decider(model_of_base_rates(), ModelRef("fineline", "1"))


def key_of(
    database: Database, *scopes: str, tenant: str = "default", **more: Any
) -> dict[str, str]:
    """The header of a new key with these scopes, all if none is named."""
    token = new_token()
    may = " ".join(scopes or SCOPES)
    own = {"name": "test", "rate": None, "created_us": MADE} | more
    key = Key(token.key_id, digest(token.text), tenant, scopes=may, **own)
    database.write(lambda c: keys.add(c, key))
    return {"authorization": f"Bearer {token.text}"}

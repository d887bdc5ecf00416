"""Training data from the event store, and a note there of who learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from features.errors import BadInput
from features.events.schema import TIMESTAMP
from features.events.validate import encode
from features.moments import microseconds
from features.store import decisions, history, people, trainings
from features.store.database import Database
from features.store.decisions import Wished
from features.store.opening import open_store
from features.store.tenants import DEFAULT_TENANT
from features.store.trainings import Training
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Stored:
    """A tenant's events, contacts and nudges on record as files give them.

    As of the event number `until_seq`; `log` has the columns of `training.offpolicy.log`.
    """

    database: Database
    tenant: str
    events: pa.Table
    contacts: pa.Table | None
    log: pa.Table
    until_seq: int

    def remember(self, name: str, version: str, now: datetime, cutoff_us: int | None) -> None:
        """Note that a model version learned from these, so that people can be told."""
        training = Training(name, version, microseconds(now))
        with closing(self.database) as database:
            database.write(
                lambda c: trainings.add(c, self.tenant, training, self.until_seq, cutoff_us)
            )


def read(settings: Settings, tenant: str = DEFAULT_TENANT) -> Stored:
    """All that a tenant has stored, in one state of it; raises BadInput if there is nothing."""
    database = open_store(settings)
    if not database.exists:
        raise BadInput("the event store is empty; POST /v1/events fills it")
    # Training takes minutes; the connection is not kept for the note at its end.
    with closing(database), database.reading() as connection:
        events = history.all_events(connection, tenant)
        contacts = people.contacts_table(connection, tenant)
        nudges = decisions.wished(connection, tenant)
        until_seq = trainings.last_seq(connection)
    if not events.num_rows:
        raise BadInput("the event store is empty; POST /v1/events fills it")
    return Stored(database, tenant, encode(events), contacts, _log(nudges), until_seq)


#: Numbers of an answer, and the field of it that each is in.
_NUMBERS = {
    f"{field}_{name}": (field, name)
    for field in ("if_nudged", "if_left_alone", "uplift")
    for name in ("p_land", "p_annoy")
}
#: What answers of before do not have.
_LACKED: dict[str, Any] = {"uplift": {"p_land": None, "p_annoy": None}}
_TEXT, _NUMBER = pa.string(), pa.float64()
_LOG = pa.schema(
    {
        "contact_id": _TEXT, "campaign_id": _TEXT, "touch_number": pa.int64(), "at": TIMESTAMP,
        "hint": _TEXT, "held": pa.bool_(), "propensity": _NUMBER, "channel": _TEXT,
        "score": _NUMBER, **dict.fromkeys(_NUMBERS, _NUMBER), "curve": _TEXT,
    }
)  # fmt: skip


def _log(nudges: Sequence[Wished]) -> pa.Table:
    """Nudges on record as a log of decisions."""
    rows = []
    for wished in nudges:
        answer = _LACKED | orjson.loads(wished.answer)
        rows.append(
            {name: getattr(wished, name) for name in _OF_RECORD}
            | {"at": wished.made_us, "channel": answer["channel"], "score": answer["score"]}
            | {name: answer[field][key] for name, (field, key) in _NUMBERS.items()}
            | {"curve": orjson.dumps(answer["curve"]).decode()}
        )
    return pa.Table.from_pylist(rows, schema=_LOG)


_OF_RECORD = ("contact_id", "campaign_id", "touch_number", "hint", "held", "propensity")

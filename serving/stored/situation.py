"""What is stored of people, as requests to decide about."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from features.events.schema import EVENTS
from features.moments import microseconds, moment_of
from features.store import history, people, suppression
from features.store.campaigns import Closings, closes_by, closings
from features.store.database import Connection, Database
from features.store.events import COLUMNS
from features.store.people import Person
from models.decision import Request, Utility
from models.history import summarise
from serving.batch import open_threads
from serving.stored.budget import Rates, complaint_rates

_NOT_ASKED = ("contact_id", "history")


@dataclass(frozen=True, slots=True)
class Known:
    """A person and their events, in one state of the store."""

    person: Person
    history: pa.Table
    complaint_rates: Rates = field(default_factory=dict)
    closings: Closings = field(default_factory=dict)

    def closes_at(self, campaign_id: str | None, at: datetime) -> datetime | None:
        """When the role of a thread closes, as far as that was told by `at`."""
        closes_us = closes_by(self.closings.get(campaign_id or "", ()), microseconds(at))
        return None if closes_us is None else moment_of(closes_us)


def known(
    database: Database, tenant: str, contact_ids: Sequence[str], now: datetime,
    campaign_id: str | None = None,
) -> dict[str, Known]:  # fmt: skip
    """What is stored of these people, by contact; nobody else's.

    With it comes what is known of their campaigns, and of `campaign_id`.
    """
    rates = complaint_rates(database, tenant, now)
    with database.reading() as connection:
        return known_in(connection, tenant, contact_ids, rates, campaign_id)


def known_in(
    connection: Connection, tenant: str, contact_ids: Sequence[str], rates: Rates,
    campaign_id: str | None = None,
) -> dict[str, Known]:  # fmt: skip
    """The same within a transaction, where complaints have been counted before."""
    persons = people.persons(connection, tenant, contact_ids)
    events = history.histories(connection, tenant, list(persons))
    told = closings(connection, tenant, _campaigns(events.values(), campaign_id))
    empty = EVENTS.empty_table()
    return {c: Known(person, events.get(c, empty), rates, told) for c, person in persons.items()}


def opted_out(database: Database, tenant: str, contact_id: str) -> Known | None:
    """A person who was erased after opting out: that alone is known; None of anybody else."""
    with database.reading() as connection:
        kept = suppression.remembered(connection, tenant, [contact_id], database.key)
    if contact_id not in kept:
        return None
    event = kept[contact_id]
    rows = history.table_of([[event[name] for name in COLUMNS]])
    return Known(Person(contact_id), rows)


def request(one: Known, campaign_id: str | None, at: datetime, worth: Utility) -> Request:
    """A question about one of a person's threads."""
    if campaign_id is None and one.closings:
        campaign_id = _touched_last(one.history, at)
    own = _described(one, worth) | {"closes_at": one.closes_at(campaign_id, at)}
    return Request(one.person.contact_id, at, one.history, campaign_id, **own)


def open_requests(found: Mapping[str, Known], at: datetime, worth: Utility) -> list[Request]:
    """A question about each open thread of these people, as `fineline score` asks them."""
    events = pa.concat_tables([EVENTS.empty_table(), *(one.history for one in found.values())])
    return [
        dataclasses.replace(
            r,
            history=found[r.contact_id].history,
            closes_at=found[r.contact_id].closes_at(r.campaign_id, at),
            **_described(found[r.contact_id], worth),
        )
        for r in open_threads(events, None, at)
    ]


def next_recorded_us(one: Known, now_us: int) -> int | None:
    """When the next event becomes known that is dated ahead; None without one."""
    later = one.history["recorded_at"].cast(pa.int64()).to_numpy()
    later = later[later > now_us]
    return int(later.min()) if len(later) else None


def asked_json(asked: Request) -> str:
    """A request without its history, as JSON: what it takes to ask again."""
    fields: dict[str, Any] = {}
    for name in (f.name for f in dataclasses.fields(asked) if f.name not in _NOT_ASKED):
        value = getattr(asked, name)
        if isinstance(value, datetime):
            fields[f"{name}_us"] = microseconds(value)
        else:
            fields[name] = dict(value) if isinstance(value, Mapping) else value
    return orjson.dumps(fields).decode()


def asked_again(text: str, contact_id: str, events: pa.Table) -> Request:
    """The request that `asked_json` wrote down, with a history."""
    fields: dict[str, Any] = orjson.loads(text)
    for name in [name for name in fields if name.endswith("_us")]:
        fields[name.removesuffix("_us")] = moment_of(fields.pop(name))
    channels = fields.pop("channels")
    for own in dataclasses.fields(Request):
        default: Any = own.default
        if dataclasses.is_dataclass(default) and own.name in fields:
            fields[own.name] = dataclasses.replace(default, **fields[own.name])  # type: ignore[type-var]
    return Request(
        contact_id=contact_id,
        history=events,
        channels=None if channels is None else tuple(channels),
        **fields,
    )


def _campaigns(events: Iterable[pa.Table], asked: str | None) -> set[str]:
    named = {asked, *(c for own in events for c in pc.unique(own["campaign_id"]).to_pylist())}
    return {campaign for campaign in named if campaign}


def _touched_last(events: pa.Table, at: datetime) -> str:
    """The thread meant where none is named: with a campaign, the one touched last, if there is."""
    touches = summarise(events, microseconds(at)).touches
    return next((t.thread for t in reversed(touches) if t.thread is not None), "")


def _described(one: Known, worth: Utility) -> dict[str, Any]:
    return {
        "timezone": one.person.timezone, "country": one.person.country,
        "attributes": one.person.attributes, "complaint_rates": one.complaint_rates,
        "utility": worth,
    }  # fmt: skip

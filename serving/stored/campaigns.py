"""When roles close, as a CRM tells it once for everybody's threads."""

from __future__ import annotations

from datetime import datetime

from features.events.text import id_problem
from features.moments import microseconds, moment_of
from features.store import campaigns
from features.store.campaigns import Told
from features.store.database import Database
from serving.answers import to_json
from serving.openapi import UNTOLD
from serving.parse import closing_told
from serving.problems import FieldError, Problem, invalid
from serving.stored.described import too_long


def campaign_id_of(text: str) -> str:
    """An id out of a path, checked; raises Problem."""
    problem = id_problem(text)
    errors = [FieldError("campaign_id", problem)] if problem else too_long("campaign_id", text)
    if errors:
        raise invalid(errors)
    return text


def tell(database: Database, tenant: str, campaign_id: str, sent: object, now: datetime) -> bytes:
    """Keep what was said of a campaign; as JSON as it is kept. Raises Problem."""
    closes_at = closing_told(sent, now)
    closes_us = None if closes_at is None else microseconds(closes_at)
    told = database.write(
        lambda c: campaigns.tell(c, tenant, campaign_id, closes_us, microseconds(now))
    )
    return _json(campaign_id, told)


def read(database: Database, tenant: str, campaign_id: str) -> bytes:
    """What holds of a campaign, as JSON. Raises Problem if nothing was said of it."""
    with database.reading() as connection:
        told = campaigns.closings(connection, tenant, [campaign_id]).get(campaign_id)
    if told is None:
        raise Problem(404, UNTOLD)
    return _json(campaign_id, told[-1])


def _json(campaign_id: str, told: Told) -> bytes:
    return to_json(
        {
            "campaign_id": campaign_id,
            "closes_at": None if told.closes_us is None else moment_of(told.closes_us),
            "set_at": moment_of(told.set_us),
        }
    )

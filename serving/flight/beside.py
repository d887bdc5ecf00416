"""A challenger beside the champion: how often they agree, and who foretold better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import orjson
import pyarrow as pa

from features.events.schema import EVENTS
from features.moments import microseconds
from features.store import history, shadows
from features.store.database import Database
from features.store.shadows import Pair
from models.lags import HORIZON
from serving.stored.calibration import LEAST, said_and_happened

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Foretold:
    """Log loss of both on one outcome, and a 95 % interval of challenger less champion."""

    champion: float
    challenger: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Beside:
    """`agreed`: share of decisions with the same hint; `champion_nudges`, `challenger_nudges`: the
    shares that were to nudge; `touches`: those told of, made within a day of a decision and since
    then watched for 30 days or until something came of them."""

    version: str
    decisions: int
    agreed: float
    champion_nudges: float
    challenger_nudges: float
    touches: int
    land: Foretold | None
    annoy: Foretold | None


def beside(database: Database, tenant: str, version: str, now: datetime) -> Beside:
    """Compare a version that is or was in shadow with what was answered."""
    with database.reading() as connection:
        found = shadows.pairs(connection, tenant, version, _MOST)
        contacts = sorted({one.said.contact_id for one in found})
        events = history.histories(connection, tenant, contacts)
    hints = [(_hint(one.said.answer), _hint(one.shadow)) for one in found]
    agreed = _share([a == b for a, b in hints])
    nudges = [_share([pair[k] == "nudge" for pair in hints]) for k in (0, 1)]
    table = pa.concat_tables([EVENTS.empty_table(), *events.values()])
    told = _told(found, table, microseconds(now))
    land, annoy = (_foretold(told, k) for k in (0, 1))
    return Beside(version, len(found), agreed, nudges[0], nudges[1], len(told), land, annoy)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _hint(answer: str) -> str:
    return str(orjson.loads(answer)["hint"])


def _told(
    found: Sequence[Pair], events: pa.Table, now_us: int
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """What both said of touches whose end is known, and what happened."""
    said = said_and_happened([one.said for one in found], events, now_us)
    shadow = said_and_happened(
        [replace(one.said, answer=one.shadow) for one in found], events, now_us
    )
    return [
        (said[k], shadow[k])
        for k in said.keys() & shadow.keys()
        if said[k][2] >= HORIZON or said[k][3] or said[k][4]
    ]


def _foretold(
    told: Sequence[tuple[tuple[float, ...], tuple[float, ...]]], outcome: int
) -> Foretold | None:
    """None where too little is known."""
    if len(told) < LEAST:
        return None
    happened = np.array([a[3 + outcome] for a, _ in told], np.bool_)
    p = np.clip([(a[outcome], b[outcome]) for a, b in told], 1e-9, 1 - 1e-9)
    loss = -np.log(np.where(happened[:, None], p, 1 - p))
    difference = loss[:, 1] - loss[:, 0]
    half = 1.96 * float(difference.std(ddof=1)) / len(told) ** 0.5
    mean = float(difference.mean())
    champion, challenger = loss.mean(axis=0).tolist()
    return Foretold(champion, challenger, mean - half, mean + half)

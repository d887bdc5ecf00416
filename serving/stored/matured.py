"""How what was said has held, over everybody: for metrics, not for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from features.store import decisions
from features.store.database import Database
from serving.stored.calibration import Bin, calibration


@dataclass(frozen=True, slots=True)
class Matured:
    """Touches decided about within a day before, 30 days and more ago: mean chance said, and the
    share that happened, by outcome."""

    touches: int
    said: dict[str, float]
    happened: dict[str, float]


def matured(database: Database, now: datetime) -> Matured:
    """Over all tenants; tenants with too few touches are left out."""
    with database.reading() as connection:
        tenants = decisions.tenants(connection)
    bins: dict[str, list[Bin]] = {"land": [], "annoy": []}
    for tenant in tenants:
        found = calibration(database, tenant, now)
        bins["land"] += found.land
        bins["annoy"] += found.annoy
    touches = sum(one.touches for one in bins["land"])
    return Matured(
        touches,
        {name: _mean([(b.said, b.touches) for b in of]) for name, of in bins.items()},
        {name: _mean([(b.happened, b.touches) for b in of]) for name, of in bins.items()},
    )


def _mean(parts: list[tuple[float, int]]) -> float:
    total = sum(count for _, count in parts)
    return sum(value * count for value, count in parts) / total if total else float("nan")

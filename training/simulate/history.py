"""A whole agency's history at once: people, recruiters, and what was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.moments import microseconds
from training.simulate.population import Population, populate
from training.simulate.records import EVENT
from training.simulate.recruiters import SEQUENCES, plan, write_history
from training.simulate.tables import events_table
from training.simulate.worlds import world_named

START = datetime(2024, 1, 1, tzinfo=UTC)
#: How long the agency works: first approaches are spread over the first part.
DAYS, SPREAD_DAYS = 365, 300
_BUFFER_ROWS = 1 << 20


def simulate(
    contacts: int, seed: int, world: str = "agency", start: datetime = START
) -> tuple[pa.Table, pa.Table]:
    """A year of an agency from `start`: `(events, contacts)`, the same for the same arguments.

    Events have the types of `features.events.schema.EVENTS`, strings but `event_id`
    dictionary-encoded, in order of `occurred_at`; only those recorded within the year.
    Raises BadSetting for an unknown world, no contacts, a negative seed or a naive `start`.
    """
    population = populate(world_named(world), contacts, seed, start, SPREAD_DAYS)
    # A stream of its own: recruiters' plans do not shift when people gain a property.
    plan(
        population.threads,
        population.promise,
        population.world,
        np.random.default_rng([seed, contacts, 1]),
    )
    until = microseconds(start + timedelta(days=DAYS))
    return events_table(lived(population, until), contacts), population.contacts


def lived(
    population: Population,
    until: int,
    buffer_rows: int = _BUFFER_ROWS,
    sequences: NDArray[np.int64] = SEQUENCES,
) -> NDArray[np.void]:
    """Let all threads' plans be carried out: event rows recorded by `until`, person by person.

    The size of the buffer changes nothing but memory.
    """
    out = np.empty(buffer_rows, EVENT)
    parts, done = [], 0
    while done < len(population.people):
        before = done
        done, rows = write_history(
            population.scene,
            population.people,
            population.threads,
            population.first,
            done,
            until,
            out,
            sequences,
        )
        parts.append(out[:rows][out["recorded"][:rows] <= until])
        if done == before:
            out = np.empty(2 * len(out), EVENT)
    return np.concatenate(parts)

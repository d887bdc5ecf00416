"""Who lives in a world: people, what the CRM shows of them, and the threads with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import BadSetting
from features.localtime import utc_offset_table
from features.moments import microseconds
from training.simulate.records import DAY, NEVER, PERSON, THREAD, Scene
from training.simulate.world import World, constants_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Where contacts live: IANA zone, country, share.
PLACES = (
    ("America/New_York", "US", 0.25),
    ("America/Chicago", "US", 0.12),
    ("America/Los_Angeles", "US", 0.13),
    ("Europe/London", "GB", 0.20),
    ("Europe/Berlin", "DE", 0.12),
    ("Europe/Paris", "FR", 0.08),
    ("Asia/Kolkata", "IN", 0.06),
    ("Australia/Sydney", "AU", 0.04),
)
ZONES = tuple(place[0] for place in PLACES)
#: What a column tells: share of people, log hazard of landing, of annoyance.
SENIORITY = {"junior": (0.2, 0.2, -0.2), "mid": (0.4, 0.0, 0.0), "senior": (0.3, -0.2, 0.2),
             "lead": (0.1, -0.3, 0.4)}  # fmt: skip
SOURCE = {"referral": (0.1, 0.9, -0.5), "inbound": (0.15, 0.6, -0.3), "sourced": (0.5, 0.0, 0.0),
          "database": (0.25, -0.4, 0.3)}  # fmt: skip
#: Shares of contacts with one, two, three and four threads.
THREADS_PER_CONTACT = (0.85, 0.1, 0.035, 0.015)
#: Days by which a person's hidden state is older than their first thread.
WARM_UP_DAYS = 60
#: Contact and event ids have seven digits for the contact.
MOST_CONTACTS = 9_999_999
_PREFERS = (0.45, 0.2, 0.1, 0.25)
_CONTACTS_PER_RECRUITER, _CONTACTS_PER_CLIENT, _CONTACTS_PER_ROLE = 400, 250, 60


@dataclass(frozen=True)
class Population:
    """Everyone and everything in one world; thread rows `first[i]:first[i + 1]` are person i's."""

    world: World
    scene: Scene
    people: NDArray[np.void]
    threads: NDArray[np.void]
    first: Ints
    contacts: pa.Table
    promise: Floats


@dataclass(frozen=True)
class _Columns:
    """Codes and numbers behind the CRM's columns; shape (contacts,)."""

    place: Ints
    seniority: Ints
    source: Ints
    skills: Floats


def populate(
    world: World,
    contacts: int,
    seed: int,
    start: datetime,
    spread_days: float,
    one_thread: bool = False,
) -> Population:
    """Make the people and threads of a world; first threads open over `spread_days` from `start`.

    Raises BadSetting for no contacts, more than MOST_CONTACTS, or a negative seed, or a
    `start` without an offset.
    """
    if contacts < 1:
        raise BadSetting(f"{contacts} contacts cannot be simulated; ask for at least 1")
    if contacts > MOST_CONTACTS:
        raise BadSetting(f"{contacts} contacts are too many; ask for at most {MOST_CONTACTS}")
    if seed < 0:
        raise BadSetting(f"seed {seed} is negative; take 0 or more")
    rng = np.random.default_rng([seed, contacts])
    shown = _columns(contacts, rng)
    people = _people(world, shown, rng)
    shares = (1.0,) if one_thread else THREADS_PER_CONTACT
    counts = 1 + rng.choice(len(shares), size=contacts, p=shares)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    threads = _threads(world, shown, counts, rng)
    _open(threads, first, microseconds(start), spread_days, rng)
    begin = threads["opens_at"][first[:-1]] - WARM_UP_DAYS * DAY
    for name in ("clock", "next_jump", "next_unseen"):
        people[name] += begin
    scene = Scene(constants_of(world), utc_offset_table(ZONES))
    promise = _promise(world, people, threads, rng)
    return Population(world, scene, people, threads, first, _contacts(shown, rng), promise)


def _columns(n: int, rng: np.random.Generator) -> _Columns:
    return _Columns(
        rng.choice(len(PLACES), size=n, p=[place[2] for place in PLACES]),
        rng.choice(len(SENIORITY), size=n, p=[row[0] for row in SENIORITY.values()]),
        rng.choice(len(SOURCE), size=n, p=[row[0] for row in SOURCE.values()]),
        rng.beta(3.0, 2.5, n),
    )


def stationary_interest(world: World) -> Floats:
    """Long-run shares of cold, passive and active people: the drift is a birth-death chain."""
    cold, passive, active = world.sojourn_days
    to_active = world.passive_to_active
    weights = np.array([(1 - to_active) * cold, passive, to_active * active])
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _people(world: World, shown: _Columns, rng: np.random.Generator) -> NDArray[np.void]:
    n = len(shown.place)
    people = np.zeros(n, PERSON)
    people["zone"] = shown.place
    people["usual_hour"] = rng.choice([9.5, 13.0, 19.0], size=n, p=[0.5, 0.3, 0.2])
    people["usual_hour"] += rng.normal(0.0, 0.8, n)
    people["prefers"] = rng.choice(len(_PREFERS), size=n, p=_PREFERS)
    for channel, share in enumerate(world.dead):
        people["dead_channels"] |= (rng.random(n) < share).astype(np.int32) << channel
    people["responsive"] = rng.normal(-0.5 * world.responsive_sd**2, world.responsive_sd, n)
    people["touchy"] = rng.normal(-0.5 * world.touchy_sd**2, world.touchy_sd, n)
    people["interest"] = rng.choice(3, size=n, p=stationary_interest(world))
    stay = np.array(world.sojourn_days)[people["interest"]]
    people["next_jump"] = rng.exponential(stay) * DAY
    people["unseen_rate"] = world.unseen_per_week / 7.0 * rng.gamma(1.0, 1.0, n) + 1e-4
    people["next_unseen"] = rng.exponential(1.0 / people["unseen_rate"]) * DAY
    people["wake_at"] = people["opted_out_known"] = NEVER
    people["stream"], people["drift_stream"] = rng.integers(0, 2**64, (2, n), dtype=np.uint64)
    return people


def _threads(
    world: World, shown: _Columns, counts: Ints, rng: np.random.Generator
) -> NDArray[np.void]:
    """Threads in order of contact: who writes, for which client and role, and how well it fits."""
    people = len(counts)
    contact = np.repeat(np.arange(people), counts)
    n = len(contact)
    actors = max(4, people // _CONTACTS_PER_RECRUITER)
    accounts = max(3, people // _CONTACTS_PER_CLIENT)
    campaigns = max(6, people // _CONTACTS_PER_ROLE)
    threads = np.zeros(n, THREAD)
    threads["contact"] = contact
    threads["campaign"] = _distinct_within(rng.integers(0, campaigns, people), counts, campaigns)
    threads["account"] = rng.integers(0, accounts, campaigns)[threads["campaign"]]
    threads["actor"] = rng.integers(0, actors, n)
    fit = np.clip(0.6 * shown.skills[contact] + 0.4 * rng.beta(2.0, 2.0, n), 0.0, 1.0)
    threads["relevance"] = np.round(np.clip(fit + rng.normal(0.0, 0.1, n), 0.0, 1.0), 3)
    skill, tact = rng.normal(0.0, 0.25, actors), rng.normal(0.0, 0.25, actors)
    pull = rng.normal(0.0, 0.25, campaigns)[threads["campaign"]]
    brand = rng.normal(0.0, 0.2, accounts)[threads["account"]]
    tells = [np.array([row[1:] for row in table.values()]) for table in (SENIORITY, SOURCE)]
    told = world.visible * (tells[0][shown.seniority] + tells[1][shown.source])[contact]
    threads["land_shift"] = told[:, 0] + world.fit_effect * (fit - 0.55)
    threads["land_shift"] += skill[threads["actor"]] + pull + brand
    threads["annoy_shift"] = told[:, 1] - tact[threads["actor"]] - 0.5 * (fit - 0.55)
    threads["personal_share"] = rng.beta(2.0, 3.0, actors)[threads["actor"]]
    for name in ("ended_known", "end_at", "neutral_at", "next_touch"):
        threads[name] = NEVER
    threads["neutral_known"] = -NEVER
    return threads


def _distinct_within(first: Ints, counts: Ints, choices: int) -> Ints:
    """Each contact's campaigns: the first as drawn, the next ones further on, all different."""
    begins = np.cumsum(counts) - counts
    position = np.arange(int(counts.sum())) - np.repeat(begins, counts)
    # At least six campaigns and at most four threads: steps of one never meet.
    return (np.repeat(first, counts) + position) % choices


def _open(
    threads: NDArray[np.void], first: Ints, start: int, spread: float, rng: np.random.Generator
) -> None:
    """First threads open over `spread` days, further ones some weeks after the one before."""
    n = len(threads)
    later = rng.exponential(35.0, n) * DAY
    later[first[:-1]] = rng.random(len(first) - 1) * spread * DAY
    total = np.cumsum(later)
    before = np.repeat(total[first[:-1]] - later[first[:-1]], np.diff(first))
    threads["opens_at"] = start + (total - before).astype(np.int64)


def _promise(
    world: World, people: NDArray[np.void], threads: NDArray[np.void], rng: np.random.Generator
) -> Floats:
    """How promising each thread looks to its recruiter, who sees some hidden interest."""
    interest = people["interest"][threads["contact"]] - 0.5
    looks = 2.0 * (threads["relevance"] - 0.55) + world.insight * interest
    noise: Floats = rng.normal(0.0, 0.6, len(threads))
    return np.asarray(looks + noise, dtype=np.float64)


def _contacts(shown: _Columns, rng: np.random.Generator) -> pa.Table:
    """The CRM's columns; some are missing, `audit_group` is for the fairness report only."""
    n = len(shown.place)
    years = np.rint(np.clip(rng.normal(3.0 + 4.0 * shown.seniority, 2.0), 0, 40))
    group = rng.random(n) < np.where(shown.source == 0, 0.4, 0.5)
    return pa.table(
        {
            "contact_id": contact_ids(n),
            "timezone": _names(ZONES, shown.place, rng.random(n) < 0.1),
            "country": _names([p[1] for p in PLACES], shown.place, rng.random(n) < 0.05),
            "seniority": _names(list(SENIORITY), shown.seniority, np.zeros(n, bool)),
            "source": _names(list(SOURCE), shown.source, np.zeros(n, bool)),
            "skills_match": pa.array(np.round(shown.skills, 3), mask=rng.random(n) < 0.05),
            "years_experience": pa.array(years),
            "audit_group": _names(["a", "b"], group.astype(np.int64), np.zeros(n, bool)),
        }
    )


def contact_ids(n: int) -> pa.Array:
    """`c0000000`, `c0000001`, ... for n contacts."""
    return pa.array([f"c{i:07d}" for i in range(n)], pa.string())


def _names(names: tuple[str, ...] | list[str], codes: Ints, missing: NDArray[np.bool_]) -> pa.Array:
    indices = pa.array(codes.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names)).cast(pa.string())

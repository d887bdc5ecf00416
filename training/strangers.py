"""How much senders, clients and roles differ from each other, beyond what features tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.outcome import UNSEEN, Outcome
from models.usual import fare_as_usual
from training.dataset import Dataset
from training.watched import Watched

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

#: Groups of fewer people say more about these than about who reached out to them.
FEWEST_PEOPLE = 20


def groups_of(data: Dataset, rows: Flags) -> tuple[Codes, ...]:
    """Codes of sender, client and role (`UNSEEN`) of the given touches, each shape (rows,)."""
    h, event = data.histories, data.event[rows]
    return tuple(getattr(h, name)[event] for name in UNSEEN)


def by_strangers(w: Watched, usual: npt.NDArray[np.float32]) -> Watched:
    """The same touches, made by the usual sender for the usual client; `usual`: models.usual."""
    x = w.x.copy()
    for party in ("actor", "account"):
        fare_as_usual(x, party, usual)
    return dataclasses.replace(w, x=x)


def variance_between(outcome: Outcome, w: Watched, groups: Sequence[Codes], why: int) -> Floats:
    """Variances of the score between senders, clients and roles that a model does not know.

    Shape (3,), as `UNSEEN`; `w`: as `by_strangers` gives it. By moments of a gamma-Poisson: of a
    group's outcomes the variance is E + v E^2, where E is what was expected of it. What differs
    between clients is not counted again between their roles.
    """
    expected = w.exposure(outcome.baseline, carry=outcome.carry) * np.exp(outcome.score(w.x)[0])
    happened = np.asarray(w.why == why, float)
    actor, account, role = (_of_groups(g, w.contact, happened, expected) for g in groups)
    return np.array([actor, account, max(role - account, 0.0)])


def _of_groups(group: Codes, contact: Codes, happened: Floats, expected: Floats) -> float:
    people = np.bincount(np.unique(np.column_stack([group, contact]), axis=0)[:, 0] + 1)
    people[0] = 0  # of touches that name none
    large = np.flatnonzero(people >= FEWEST_PEOPLE)
    seen = np.bincount(group + 1, happened, len(people))[large]
    due = np.bincount(group + 1, expected, len(people))[large]
    if len(large) < 2 or not seen.any():
        return 0.0
    due *= seen.sum() / due.sum()
    return float(max(((seen - due) ** 2 - due).sum() / (due**2).sum(), 0.0))

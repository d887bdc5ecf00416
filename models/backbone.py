"""The parametric part of an outcome: a Poisson regression on pressure that extrapolates.

Trees are flat where there is no data; under them lies a log-linear score in a few pressures. Their
coefficients are held at or above zero for annoyance, so that the risk keeps rising beyond what
anybody has tried, and at or below zero for landing, so that nobody is pressed for being sought.
Ridge-penalised towards the base rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import inline
from models.base_rates import Term

Floats = npt.NDArray[np.float64]

#: A term taken as it is grows no further than this many touches.
HIGHEST_COUNT = 15.0
#: Stands for no flag: the term counts in every row.
ALWAYS = -1
#: How a term takes its column: as it is, as its logarithm, or as its square, which grows slowly at
#: first and fast in the end, and at `HIGHEST_COUNT` is as high as the column.
PLAIN, LOG, SQUARE = 0, 1, 2
_SHAPES = {"": PLAIN, "log1p": LOG, "square": SQUARE}


@dataclass(frozen=True, slots=True)
class Basis:
    """The terms of a backbone: columns of the feature matrix, each in a shape.

    `shapes`: `PLAIN`, `LOG` or `SQUARE`; `flags`: the 0/1 column that a term is multiplied by, or
    `ALWAYS`.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    shapes: tuple[int, ...]
    flags: tuple[int, ...]

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[str]) -> Basis:
        """Resolve terms against `columns`.

        A term is a column ("thread_touches"), its logarithm ("log1p thread_touches"), its square
        ("square thread_touches"), or any of them where a flag is set ("channel_phone * log1p
        thread_touches").
        """
        position = {name: i for i, name in enumerate(columns)} | {"": ALWAYS}
        parts = [name.rpartition(" * ") for name in names]
        flags = tuple(position[flag] for flag, _, _ in parts)
        taken = [term.rpartition(" ") for _, _, term in parts]
        bare = tuple(position[column] for _, _, column in taken)
        shapes = tuple(_SHAPES[shape] for shape, _, _ in taken)
        return cls(tuple(names), bare, shapes, flags)

    @property
    def of_channel(self) -> tuple[int, ...]:
        """Positions of the terms that count on one channel alone."""
        return tuple(j for j, name in enumerate(self.names) if name.startswith("channel_"))

    def arrays(self) -> tuple[Any, ...]:
        """What compiled routines read of the terms, for `term`."""
        return (
            np.array(self.columns, np.int64),
            np.array(self.shapes, np.int64),
            np.array(self.flags, np.int64),
        )

    def __call__(self, x: npt.NDArray[np.float32]) -> Floats:
        """Term values, shape (rows, terms)."""
        z = x[:, list(self.columns)].astype(np.float64)
        shapes = np.asarray(self.shapes)
        terms = np.minimum(z, HIGHEST_COUNT)
        terms[:, shapes == LOG] = np.log1p(z[:, shapes == LOG])
        terms[:, shapes == SQUARE] **= 2
        terms[:, shapes == SQUARE] /= HIGHEST_COUNT
        for j, flag in enumerate(self.flags):
            if flag != ALWAYS:
                terms[:, j] *= x[:, flag]
        return terms


@inline
def term(x: Any, basis: Any, j: int) -> Any:
    """The value of one term in one row; `basis`: as `Basis.arrays` gives it."""
    columns, shapes, flags = basis
    return _value(x[columns[j]], shapes[j], x[flags[j]] if flags[j] >= 0 else 1.0)


@inline
def term_without(x: Any, usual: Any, basis: Any, j: int, topics: Any, topic: int) -> Any:
    """The same were the columns of one topic as in `usual`; `topics`: of the row's columns."""
    columns, shapes, flags = basis
    c, f = columns[j], flags[j]
    v = usual[c] if topics[c] == topic else x[c]
    flag = 1.0 if f < 0 else usual[f] if topics[f] == topic else x[f]
    return _value(v, shapes[j], flag)


@inline
def _value(v: Any, shape: Any, flag: Any) -> Any:
    v = np.float64(v)
    if shape == LOG:
        return np.log1p(v) * flag
    v = min(v, HIGHEST_COUNT)
    return (v * v / HIGHEST_COUNT if shape == SQUARE else v) * flag


def fit_backbone(
    z: Floats,
    exposure: Floats,
    came: Floats,
    weight: Floats,
    terms: Sequence[Term],
    direction: int,
    start: Floats | None = None,
) -> Floats:
    """Intercept and coefficients, shape (1 + terms,), of a Poisson rate per unit of `exposure`.

    Maximum a posteriori under the normal priors of `terms`; coefficients of pressures stay at or
    above zero where `direction` is 1, at or below where it is -1, and those of what relieves the
    other way. `exposure` is the baseline hazard each touch was exposed to, `came` the share of an
    outcome that is credited to it.
    """
    # Only training fits, and this takes half a second to import.
    from scipy.optimize import minimize

    centre, precision = _priors(terms)
    drawn = weight > 0
    if not drawn.all():
        # A bootstrap leaves out a third of the rows.
        z, exposure, came, weight = (rows[drawn] for rows in (z, exposure, came, weight))
    design = np.column_stack([np.ones(len(z)), z])
    at_risk, told = weight * exposure, (weight * came) @ design

    def loss(beta: Floats) -> tuple[float, Any]:
        expected = at_risk * np.exp(np.clip(design @ beta, -20, 20))
        gap = beta - centre
        value = expected.sum() - told @ beta
        gradient = expected @ design - told
        return float(value + 0.5 * precision @ gap**2), gradient + precision * gap

    one_way = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [(None, None), *(one_way[direction * term.pressure] for term in terms)]
    first = centre if start is None else start
    # Each coefficient in units of what is known of it where the search starts: a third fewer steps.
    expected = at_risk * np.exp(np.clip(design @ first, -20, 20))
    unit = 1 / np.sqrt(precision + np.einsum("i,ij,ij->j", expected, design, design))

    def in_units(scaled: Floats) -> tuple[float, Any]:
        value, gradient = loss(scaled * unit)
        return value, gradient * unit

    result = minimize(in_units, first / unit, jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(result.x * unit)


def covariance_of(z: Floats, expected: Floats, terms: Sequence[Term]) -> Floats:
    """Covariance of intercept and coefficients, shape (1 + terms, 1 + terms), by Laplace.

    `expected`: how many outcomes the fitted backbone expects of each row. The inverse of what the
    data and the priors tell together: where data say nothing, the doubt of the priors is left,
    which no bootstrap shows, since each of its members falls back on the same priors.
    """
    design = np.column_stack([np.ones(len(z)), z])
    told = design.T @ (expected[:, None] * design)
    return np.asarray(np.linalg.inv(told + np.diag(_priors(terms)[1])))


def _priors(terms: Sequence[Term]) -> tuple[Floats, Floats]:
    """Centres and precisions of the intercept and of `terms`, each shape (1 + terms,)."""
    centre = np.array([0.0, *(term.centre for term in terms)])
    return centre, np.array([1.0, *(term.precision for term in terms)])

"""The parametric part of an outcome: a Poisson regression on pressure that extrapolates.

Trees are flat where there is no data; under them lies a log-linear score in a few pressures, with
coefficients held at or above zero for annoyance, so that the risk keeps rising beyond what anybody
has tried. Ridge-penalised towards the base rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.base_rates import PRIOR_PRECISION

Floats = npt.NDArray[np.float64]

#: A term taken as it is grows no further than this many touches.
HIGHEST_COUNT = 15.0


@dataclass(frozen=True, slots=True)
class Basis:
    """The terms of a backbone: columns of the feature matrix, taken as they are or as log1p."""

    names: tuple[str, ...]
    columns: tuple[int, ...]
    logs: tuple[bool, ...]

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[str]) -> Basis:
        """Resolve terms such as "thread_touches" or "log1p thread_touches" against `columns`."""
        position = {name: i for i, name in enumerate(columns)}
        bare = [name.removeprefix("log1p ") for name in names]
        logs = tuple(name.startswith("log1p ") for name in names)
        return cls(tuple(names), tuple(position[name] for name in bare), logs)

    def __call__(self, x: npt.NDArray[np.float32]) -> Floats:
        """Term values, shape (rows, terms)."""
        z = x[:, list(self.columns)].astype(np.float64)
        logs = np.asarray(self.logs, dtype=bool)
        return np.asarray(np.where(logs, np.log1p(z), np.minimum(z, HIGHEST_COUNT)))


def fit_backbone(
    z: Floats,
    exposure: Floats,
    happened: npt.NDArray[np.bool_],
    weight: Floats,
    prior: Mapping[str, float],
    names: Sequence[str],
    rising: bool,
    start: Floats | None = None,
) -> Floats:
    """Intercept and coefficients, shape (1 + terms,), of a Poisson rate per unit of `exposure`.

    Maximum a posteriori under normal priors centred on `prior`; coefficients stay >= 0 where
    `rising`. `exposure` is the baseline hazard each touch was exposed to.
    """
    centre = np.array([0.0, *(prior[name] for name in names)])
    precision = np.array([1.0, *([PRIOR_PRECISION] * len(names))])
    design = np.column_stack([np.ones(len(z)), z])

    def loss(beta: Floats) -> tuple[float, Any]:
        expected = weight * exposure * np.exp(np.clip(design @ beta, -20, 20))
        gap = beta - centre
        value = expected.sum() - (weight * happened) @ (design @ beta)
        gradient = design.T @ (expected - weight * happened)
        return float(value + 0.5 * precision @ gap**2), gradient + precision * gap

    bounds = [(None, None)] + [(0.0, None) if rising else (None, None)] * len(names)
    first = centre if start is None else start
    result = minimize(loss, first, jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(result.x)

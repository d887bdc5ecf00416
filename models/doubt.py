"""What the data leave open of a backbone: the variance of its score, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import inline

Floats = npt.NDArray[np.float64]


def among(covariance: Floats, terms: Sequence[int]) -> Floats:
    """The covariance of some of the coefficients (`terms`, counted without the intercept); nothing
    is in doubt of the others."""
    some = np.zeros(len(covariance), dtype=bool)
    some[1 + np.array(terms, dtype=np.int64)] = True
    return np.where(some[:, None] & some, covariance, 0.0)


@inline
def row_variance(z: Any, covariance: Any) -> Any:
    """(1, z) C (1, z)' of one row's terms; `covariance`: C, the intercept first."""
    total = covariance[0, 0]
    for j in range(len(z)):
        along = 2.0 * covariance[0, j + 1]
        for k in range(len(z)):
            along += covariance[j + 1, k + 1] * z[k]
        total += along * z[j]
    return max(total, 0.0)

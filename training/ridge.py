"""How far coefficients are shrunk to nothing: as far as they themselves speak for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Coefficients of the size that is expected beforehand, imagined beside those that are fitted: one
#: alone says little of how large the next would be.
IMAGINED = 1.0


def precision_told(beta: Floats, covariance: Floats, precision: float, expected: float) -> float:
    """The precision (1/variance) of a normal prior around nothing that fitted `beta` speak for.

    `beta`, shape (n,), and its `covariance`, shape (n, n), are those found under the prior's
    `precision`; `expected` is the precision believed in before. One step of MacKay's fixed point
    (Bayesian interpolation, 1992): how many coefficients the data determine, to their squares.
    """
    determined = len(beta) - precision * float(np.trace(covariance))
    return (determined + IMAGINED) / (float((beta**2).sum()) + IMAGINED / expected)

"""What the data leave open of a backbone: the variance of its score, row by row."""

from __future__ import annotations

from typing import Any

from features.compiled import inline


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

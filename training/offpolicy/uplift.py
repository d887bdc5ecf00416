"""What a nudge does, and whether ranking people by its expected effect finds those it helps.

N. J. Radcliffe, "Using control groups to target on predicted lift", Direct Marketing Analytics
Journal (2007). The gain of nudging the first so many is counted with propensities, so that a draw
of 5 % needs no control group of equal size in every part of the ranking; ranked by anything, the
mean of a score of each row's effect is then linear in the rows, and so are ties in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.offpolicy.estimators import Estimate, taken

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class QiniCurve:
    """Points from (0, 0) to (1, mean effect), one at the end of every group of equal scores.

    `share` of the people nudged, those ranked highest first; `gain` per person of all, over holding
    everybody. Between points the curve is straight: that is its mean over all orders of the tied.
    """

    share: Floats
    gain: Floats

    @property
    def coefficient(self) -> float:
        """Area between the curve and the straight line to its end, which is a random order's."""
        area = np.sum((self.gain[1:] + self.gain[:-1]) / 2 * np.diff(self.share))
        return float(area - self.gain[-1] / 2)


def effect_scores(r: Floats, held: Flags, drawn_nudging: Floats, q: Floats | None = None) -> Floats:
    """A score of each row whose mean is the effect of nudging over holding, whatever `q` is.

    `q`: expected rewards of nudging and of holding, shape (n, 2); with them the scores spread less
    (the doubly robust ones), without they are inverse propensity scores.
    """
    if q is None:
        q = np.zeros((len(r), 2))
    rest = r - taken(q, held)
    drawn = np.where(held, -rest / (1.0 - drawn_nudging), rest / drawn_nudging)
    return np.asarray(q[:, 0] - q[:, 1] + drawn, np.float64)


def qini_curve(by: Floats, score: Floats) -> QiniCurve:
    """The curve of ranking rows by `by`, highest first."""
    order = np.argsort(-by, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(by[order]) != 0, True))
    share = np.append(0, ends + 1) / len(by)
    gain = np.append(0.0, np.cumsum(score[order])[ends]) / len(by)
    return QiniCurve(share, gain)


def qini_coefficient(by: Floats, score: Floats, contact: Ints) -> Estimate:
    """The curve's coefficient with its influence function.

    The coefficient is C = mean((1/2 - F) score), F being a row's middle rank from the top, 0 to 1;
    as a mean over pairs of rows (Hoeffding, Annals of Mathematical Statistics 19, 1948) it moves
    with a row by (1/2 - F) score + curve(F) - curve(1) / 2 - 2 C.
    """
    curve = qini_curve(by, score)
    _, group = np.unique(-by, return_inverse=True)
    share, gain = ((x[1:] + x[:-1])[group] / 2 for x in (curve.share, curve.gain))
    c = curve.coefficient
    influence = (0.5 - share) * score + gain - curve.gain[-1] / 2 - 2 * c
    return Estimate(c, influence, contact)

"""One fitted outcome, land or annoy: baseline, backbone, members of trees, calibration."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from features.parallel import cores
from models.backbone import Basis
from models.doubt import score_variance
from models.effects import add_effects
from models.forest import Forest, add_contributions, add_scores
from models.lags import HORIZON, LAG_EDGES, Baseline

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

#: Scores are clipped here: exp(6) times the baseline is certainty within any horizon.
_HIGHEST = 6.0
#: From here on it pays to share rows over the cores.
MANY_ROWS = 5000
#: Half-width of a 90 % interval in standard deviations.
Z90 = 1.645


@dataclass(frozen=True, slots=True)
class Outcome:
    """A proportional-hazards model, an ensemble over bootstrap samples of contacts.

    `coefficients`: intercept and backbone terms per member, shape (members, 1 + terms);
    `forests`: the trees of each member (none where there was too little to learn from);
    `slope`: calibration of the score on later data; `crude`: the share of the net chance that is
    left when the other outcome may come first; `events`: how many outcomes it was learned from;
    `texts`: the members in LightGBM's format, their features counted within `columns`;
    `covariance`: of the first member's coefficients (models.backbone), shape (0, 0) if unknown.
    """

    name: str
    baseline: Baseline
    basis: Basis
    coefficients: Floats
    forests: tuple[Forest, ...]
    slope: float
    crude: float
    events: int
    texts: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()
    covariance: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def members(self, x: Rows) -> Floats:
        """Each member's score (log-hazard ratio) of every row, shape (members, rows)."""
        z = self.basis(x)
        # No matrix product: its rounding depends on how many rows there are.
        scores = np.repeat(self.coefficients[:, :1], len(x), axis=1)
        for j in range(z.shape[1]):
            scores += self.coefficients[:, j + 1 : j + 2] * z[:, j]
        trees = [forest.arrays() for forest in self.forests]

        def grow(rows: slice) -> None:
            for i, arrays in enumerate(trees):
                add_scores(x[rows], arrays, scores[i, rows])

        _over_rows(grow, len(x))
        return np.minimum(self.slope * scores, _HIGHEST)

    def score(self, x: Rows) -> tuple[Floats, Floats]:
        """The ensemble's score and its standard deviation over members, each shape (rows,)."""
        members = self.members(x)
        spread = members.std(axis=0, ddof=1) if len(members) > 1 else np.zeros(len(x))
        return members.mean(axis=0), spread

    @property
    def score_covariance(self) -> Floats:
        """The covariance as it counts in the calibrated score; zeros where it is unknown."""
        size = 1 + len(self.basis.columns)
        return self.slope**2 * self.covariance if len(self.covariance) else np.zeros((size, size))

    def variance(self, x: Rows) -> Floats:
        """Variance of the score that data and priors leave to the backbone, shape (rows,)."""
        out = np.zeros(len(x))
        score_variance(self.basis(x), self.score_covariance, out)
        return out

    def chance(self, score: Floats | float) -> Floats:
        """Chance that it happens within the horizon after a touch."""
        return self._within(score, self.baseline.at(HORIZON))

    def chance_between(self, score: float, start: float, end: float, channel: int) -> float:
        """Chance that it happens between `start` and `end` days after a touch, if not before."""
        curve = self.baseline.by_channel[channel]
        step = np.interp(end, LAG_EDGES, curve) - np.interp(start, LAG_EDGES, curve)
        return float(self._within(score, step))

    def _within(self, score: Floats | float, step: Floats | float) -> Floats:
        """Chance that it happens while the baseline's hazard grows by `step`.

        A further touch is taken not to follow; that the other outcome may come first is allowed
        for on average, so that a higher score never means a lower chance.
        """
        return np.asarray(-self.crude * np.expm1(-step * np.exp(score)))

    def contributions(self, x: Rows) -> Floats:
        """What each column adds to the score, shape (rows, columns); backbone terms included."""
        out = np.zeros(x.shape)
        for forest in self.forests:
            add_contributions(x, forest.arrays(), self.slope / len(self.forests), out)
        terms = self.slope * self.coefficients[:, 1:].mean(axis=0) * self.basis(x)
        for j, column in enumerate(self.basis.columns):
            out[:, column] += terms[:, j]
        return out

    def effects(self, x: Rows, usual: Rows, topic: npt.NDArray[np.int64]) -> Floats:
        """What the score would lose were a topic's columns those of `usual`, topic by topic.

        `topic`, shape (rows, columns), says which columns belong together; the effect of a topic is
        the sum over its columns of the answer, of the same shape.
        """
        out = np.zeros(x.shape)
        for forest in self.forests:
            scale = self.slope / len(self.forests)
            add_effects(x, usual, forest.arrays(), scale, topic, out)
        beta = self.slope * self.coefficients[:, 1:].mean(axis=0)
        terms = beta * (self.basis(x) - self.basis(usual))
        for j, column in enumerate(self.basis.columns):
            out[:, column] += terms[:, j]
        return out


def _over_rows(work: Callable[[slice], None], n: int) -> None:
    """Do `work` on all rows; on every core where there are many (the trees need no lock)."""
    if n < MANY_ROWS:
        work(slice(0, n))
        return
    edges = np.linspace(0, n, 4 * cores() + 1).astype(int)
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda ends: work(slice(*ends)), pairwise(edges)))

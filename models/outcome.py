"""One fitted outcome, land or annoy: baseline, backbone, members of trees, calibration."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalog.columns import CONTACT_COLUMNS
from features.compiled import inline, jit
from features.parallel import cores
from models.backbone import Basis, term, term_without
from models.doubt import among, row_variance
from models.effects import add_effects
from models.forest import EMPTY, Forest, add_contributions, together
from models.given import OF_MESSAGE, TIDES, Given, standing
from models.lags import HORIZON, Baseline
from models.leaves import Leaves, added, rule_out

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

#: Whom and what a model may not know, in the order of `Outcome.between`.
UNSEEN = ("actor", "account", "campaign")
_TIDES = np.array(TIDES)
#: Scores are clipped here: exp(6) times the baseline is certainty within any horizon.
_HIGHEST = 6.0
#: From here on it pays to share rows over the cores.
MANY_ROWS = 5000
#: Half-width of a 90 % interval in standard deviations.
Z90 = 1.645


class Judgement(NamedTuple):
    """Scores of rows, each shape (rows,): the ensemble's, its standard deviation over members, the
    variance that data and priors leave to the backbone, and what the first member makes of all but
    what is given."""

    score: Floats
    spread: Floats
    variance: Floats
    first: Floats


class Compiled(NamedTuple):
    """What compiled routines read of an outcome.

    `basis`, `given`: as `Basis.arrays` and `Given.arrays` have them; `coefficients`, `weights`: per
    member; `slope`: of the trees; `trees`: those of all members, `ends`: where those of each begin;
    `covariance`: of the first member's coefficients, `of_channel`: the same of what channels add.
    """

    basis: tuple[Any, ...]
    coefficients: Floats
    given: tuple[Any, ...]
    weights: Floats
    slope: float
    trees: Leaves
    ends: npt.NDArray[np.int64]
    covariance: Floats
    of_channel: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    """A proportional-hazards model, an ensemble over bootstrap samples of contacts.

    `coefficients`: intercept and backbone terms per member, shape (members, 1 + terms); `weights`:
    what a standard deviation of each given column adds, shape (members, given);
    `forests`: the trees of each member (none where there was too little to learn from);
    `slope`: how much of the trees counts, found on later data; `crude`: the share of the net chance
    that is left when the other outcome may come first; `events`: how many outcomes it was learned
    from; `texts`: the members in LightGBM's format, their features counted within `columns`;
    `covariance`: of the first member's coefficients (models.backbone), shape (0, 0) if unknown;
    `between`: variance of the score between senders, clients and roles that the model does not
    know, shape (3,), as `UNSEEN`;
    `carry`: the share of a touch's hazard that goes on once a further touch of the thread was made;
    `ensemble`: the trees of all members in one; `compiled`: what the compiled routine reads;
    `hazard`: the baseline's cumulative hazard at the horizon; `planned`: the first member's trees,
    and which of the features they ask about change along a course and which last (models.planner).
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
    between: Floats = field(default_factory=lambda: np.zeros(len(UNSEEN)))
    given: Given = field(default_factory=Given.none)
    weights: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    carry: float = 0.0
    ensemble: Forest = field(init=False, repr=False)
    compiled: Compiled = field(init=False, repr=False)
    hazard: float = field(init=False, repr=False)
    planned: tuple[Any, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [len(forest.trees.node_start) - 1 for forest in self.forests]
        ensemble, ends = together(self.forests), np.cumsum([0, *sizes])
        compiled = Compiled(
            self.basis.arrays(), self.coefficients, self.given.arrays(), self._weights, self.slope,
            ensemble.scored, ends, self._covariance, among(self._covariance, self.basis.of_channel),
        )  # fmt: skip
        hazard = float(self.baseline.at(HORIZON))
        trees = (self.forests[0] if self.forests else EMPTY).scored
        lasts = (trees.feature >= len(CONTACT_COLUMNS)) | np.isin(trees.feature, OF_MESSAGE)
        planned = (trees, np.flatnonzero(~lasts), np.flatnonzero(lasts))
        for name, value in (
            ("ensemble", ensemble), ("compiled", compiled), ("hazard", hazard),
            ("planned", planned),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def judge(self, x: Rows) -> Judgement:
        """Score every row, with what the members and the data leave open."""
        found = np.empty((4, len(x)))
        _over_rows(lambda rows: _judge(x[rows], self.compiled, found[:, rows]), len(x))
        return Judgement(*found)

    def score(self, x: Rows) -> tuple[Floats, Floats]:
        """The ensemble's score and its standard deviation over members, each shape (rows,)."""
        return self.judge(x)[:2]

    def tide(self, x: Rows) -> Floats:
        """What today's tides add to the score, shape (rows, tides), in the order of `TIDES`."""
        parts = np.zeros((len(x), len(TIDES)))
        _add_tides(x, _TIDES, self.compiled.given, self.compiled.weights, parts)
        return parts

    @property
    def _share(self) -> float:
        """What a tree's value counts in the ensemble's score."""
        return self.slope / max(len(self.forests), 1)

    @property
    def _weights(self) -> Floats:
        """The weights; of outcomes that nothing is given of, none for each member."""
        return self.weights if len(self.given) else np.zeros((len(self.coefficients), 0))

    @property
    def _covariance(self) -> Floats:
        """The covariance; zeros where it is unknown."""
        size = 1 + len(self.basis.columns)
        return self.covariance if len(self.covariance) else np.zeros((size, size))

    def linear(self, x: Rows) -> Floats:
        """The score but for the trees, on average over members, shape (rows,)."""
        terms = self.basis(x) @ self.coefficients[:, 1:].mean(axis=0)
        given = self.given(x) @ self._weights.mean(axis=0)
        return np.asarray(self.coefficients[:, 0].mean() + terms + given)

    def chance(self, score: Floats | float) -> Floats:
        """Chance that a touch brings it within the horizon, if no further touch follows."""
        return self.chance_of(self.hazard_of(score))

    def hazard_of(self, score: Floats | float) -> Floats:
        """Cumulative hazard of a touch within the horizon."""
        return np.asarray(self.hazard * np.exp(score))

    def chance_of(self, hazard: Floats) -> Floats:
        """Chance that it happens over so much hazard.

        That the other outcome may come first is allowed for on average, so that a higher score
        never means a lower chance.
        """
        return np.asarray(-self.crude * np.expm1(-hazard))

    def contributions(self, x: Rows) -> Floats:
        """What each column adds to the score, shape (rows, columns); the linear part included."""
        out = np.zeros(x.shape)
        add_contributions(x, self.ensemble.trees, self._share, out)
        for part, columns, weights in (
            (self.basis(x), self.basis.columns, self.coefficients[:, 1:]),
            (self.given(x), self.given.columns, self._weights),
        ):
            for j, column in enumerate(columns):
                out[:, column] += weights[:, j].mean() * part[:, j]
        return out

    def effects(self, x: Rows, usual: Rows, topic: npt.NDArray[np.int64]) -> Floats:
        """What the score would lose were a topic's columns those of `usual`, topic by topic.

        `topic`, shape (rows, columns), says which columns belong together; the effect of a topic is
        the sum over its columns of the answer, of the same shape.
        """
        out = np.zeros(x.shape)
        add_effects(x, usual, self.ensemble.trees, self._share, topic, out)
        known = self.compiled
        _add_linear(x, usual, known.basis, known.coefficients[:, 1:].mean(axis=0),
                    known.given, known.weights.mean(axis=0), topic, out)  # fmt: skip
        return out


@jit
def _judge(x: Any, outcome: Any, found: Any) -> None:
    """A `Judgement`, shape (4, rows), row by row: the same numbers alone as in a batch."""
    basis, coefficients, trees = outcome.basis, outcome.coefficients, outcome.trees
    given, weights, ends = outcome.given, outcome.weights, outcome.ends
    left = np.empty(len(trees.first) - 1, np.uint64)
    z, members = np.empty(len(basis[0])), np.empty(len(coefficients))
    known = np.empty(len(given[0]))
    for r in range(len(x)):
        left[:] = ~np.uint64(0)
        rule_out(x[r], trees, range(len(trees.feature)), left)
        for j in range(len(z)):
            z[j] = term(x[r], basis, j)
        for j in range(len(known)):
            known[j] = standing(x[r], given, j)
        for m in range(len(members)):
            score = coefficients[m, 0]
            for j in range(len(z)):
                score += coefficients[m, j + 1] * z[j]
            if len(ends) > 1:
                score += outcome.slope * added(trees, left, ends[m], ends[m + 1])
            if m == 0:
                found[3, r] = min(score, _HIGHEST)
            for j in range(len(known)):
                score += weights[m, j] * known[j]
            members[m] = min(score, _HIGHEST)
        found[0, r], found[1, r] = _mean_and_spread(members)
        found[2, r] = row_variance(z, outcome.covariance)


@jit
def _add_tides(x: Any, tides: Any, given: Any, weights: Any, parts: Any) -> None:
    """Add to each row's part of each tide what its column adds beyond slack water."""
    slack = np.zeros(x.shape[1], x.dtype)
    for j, column in enumerate(given[0]):
        for place, tide in enumerate(tides):
            if column == tide:
                adds, level = weights[:, j].mean(), standing(slack, given, j)
                for r in range(len(x)):
                    parts[r, place] += adds * (standing(x[r], given, j) - level)


@jit
def _add_linear(
    x: Any, usual: Any, basis: Any, beta: Any, given: Any, weights: Any, topic: Any, out: Any
) -> None:
    """Add to each column what the linear part of it loses were it that of `usual`.

    A term that counts where a flag is set changes with the column and with the flag, together only
    where both are of one topic.
    """
    columns, _, flags = basis
    for r in range(len(x)):
        for j in range(len(beta)):
            now, of = term(x[r], basis, j), topic[r, columns[j]]
            left = term_without(x[r], usual[r], basis, j, topic[r], of)
            out[r, columns[j]] += beta[j] * (now - left)
            if flags[j] >= 0 and topic[r, flags[j]] != of:
                left = term_without(x[r], usual[r], basis, j, topic[r], topic[r, flags[j]])
                out[r, flags[j]] += beta[j] * (now - left)
        for j in range(len(weights)):
            less = standing(x[r], given, j) - standing(usual[r], given, j)
            out[r, given[0][j]] += weights[j] * less


@inline
def _mean_and_spread(members: Any) -> Any:
    """Mean and standard deviation, 0 of a single one."""
    mean, squares = 0.0, 0.0
    for m in range(len(members)):
        mean += members[m]
    mean /= len(members)
    for m in range(len(members)):
        squares += (members[m] - mean) ** 2
    return mean, np.sqrt(squares / (len(members) - 1)) if len(members) > 1 else 0.0


def _over_rows(work: Callable[[slice], None], n: int) -> None:
    """Do `work` on all rows; on every core where there are many (the trees need no lock)."""
    if n < MANY_ROWS:
        work(slice(0, n))
        return
    edges = np.linspace(0, n, 4 * cores() + 1).astype(int)
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda ends: work(slice(*ends)), pairwise(edges)))

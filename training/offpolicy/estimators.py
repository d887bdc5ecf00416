"""Value of a policy from what another one did, with intervals.

Horvitz and Thompson, JASA 47 (1952); Dudik, Langford and Li, "Doubly robust policy evaluation and
learning", ICML 2011; Swaminathan and Joachims, "The self-normalized estimator for counterfactual
learning", NIPS 2015. Written w for the importance weight, r for the reward, V for the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOLDS = 5
#: A smaller effective sample, or fewer nudges of one kind, say nothing about a policy.
FEWEST = 30
#: Nor do weights whose mean is further than this from 1.
FURTHEST = 0.25
_PENALTY = 1.0
_UNWEIGHTED: Floats = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its influence function, shape (rows,), whose mean is zero.

    Rows of one contact hang together: the interval is that of a sum over independent contacts.
    `alike`: of each occasion, its weight times the standard deviation of rewards on all occasions
    like it, whatever these weigh. Empty where nothing is weighted.
    """

    value: float
    influence: Floats
    contact: Ints
    alike: Floats = field(default_factory=lambda: _UNWEIGHTED)

    def interval(self, level: float) -> tuple[float, float]:
        """Low and high end of the interval that covers the value with chance `level`.

        Never narrower than the spread of rewards on all occasions alike would have it: among the
        few that weigh most nobody may have been annoyed, and their own spread then knows nothing
        of annoyance.
        """
        quantile = float(student.ppf(0.5 + level / 2, self.degrees_of_freedom))
        least = float(norm.ppf(0.5 + level / 2)) * self.least_error
        reach = max(quantile * self.standard_error, least)
        return self.value - reach, self.value + reach

    @property
    def least_error(self) -> float:
        """The standard error by `alike`: of a sum over occasions."""
        return float(np.sqrt((self.alike**2).sum()) / max(len(self.influence), 1))

    @property
    def degrees_of_freedom(self) -> float:
        """How well the spread itself is known: few contacts that weigh much leave little.

        Satterthwaite, Biometrics Bulletin 2 (1946), with the fourth moment of the contacts' sums;
        that of a normal sample gives the number of contacts.
        """
        sums = self._sums()
        squares, fourth = float((sums**2).sum()), float((sums**4).sum())
        if squares == 0.0:
            return float(max(len(sums) - 1, 1))
        excess = fourth / squares**2 - 1.0 / len(sums)
        return float(np.clip(2.0 / max(excess, 1e-12), 1.0, max(len(sums) - 1, 1)))

    @property
    def standard_error(self) -> float:
        """By contacts; infinite for a single one."""
        sums = self._sums()
        clusters = len(sums)
        if clusters < 2:
            return float("inf")
        spread = np.sqrt((sums**2).sum() * clusters / (clusters - 1))
        return float(spread / len(self.influence))

    def _sums(self) -> Floats:
        _, code = np.unique(self.contact, return_inverse=True)
        return np.asarray(np.bincount(code, weights=self.influence), np.float64)

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference of two values on the same rows."""
        return Estimate(
            self.value - other.value,
            self.influence - other.influence,
            self.contact,
            self.alike - other.alike,
        )


def mean_of(terms: Floats, contact: Ints, alike: Floats = _UNWEIGHTED) -> Estimate:
    """The mean of one term a row."""
    value = float(terms.mean())
    return Estimate(value, terms - value, contact, alike)


def ips(w: Floats, r: Floats, contact: Ints) -> Estimate:
    """V = mean(w r): inverse propensity scores (Horvitz and Thompson 1952)."""
    return mean_of(w * r, contact, w * r.std())


def self_normalised(w: Floats, r: Floats, contact: Ints) -> Estimate:
    """V = sum(w r) / sum(w) (Swaminathan and Joachims 2015); influence by linearising."""
    total = w.sum()
    value = float((w * r).sum() / total) if total > 0 else float("nan")
    scaled = w / max(w.mean(), 1e-12)
    return Estimate(value, scaled * (r - value), contact, scaled * r.std())


def doubly_robust(
    w: Floats, r: Floats, held: Flags, nudging: Floats, q: Floats, contact: Ints
) -> Estimate:
    """V = mean(sum_a pi(a) q(a) + w (r - q(a taken))) (Dudik, Langford and Li 2011).

    `nudging`: chance that the policy nudges; `q`: expected reward of nudging and of holding, shape
    (n, 2), from a model that has not seen the row's contact.
    """
    direct = nudging * q[:, 0] + (1.0 - nudging) * q[:, 1]
    surprise = r - taken(q, held)
    return mean_of(direct + w * surprise, contact, w * surprise.std())


def taken(q: Floats, held: Flags) -> Floats:
    """Of what nudging and holding were expected to bring, that of the action taken."""
    return np.asarray(np.where(held, q[:, 1], q[:, 0]), np.float64)


def weights(held: Flags, drawn_nudging: Floats, nudging: Floats) -> Floats:
    """w = pi(action taken) / its propensity."""
    w = np.where(held, (1.0 - nudging) / (1.0 - drawn_nudging), nudging / drawn_nudging)
    return np.asarray(w, np.float64)


def effective_sample_size(w: Floats) -> float:
    """(sum w)^2 / sum w^2: as many equally weighted rows would be as precise (Kish 1965)."""
    square = float((w**2).sum())
    return float(w.sum()) ** 2 / square if square > 0 else 0.0


def expected_rewards(numbers: Floats, held: Flags, r: Floats, contact: Ints) -> Floats:
    """Expected reward of nudging and of holding, shape (n, 2), cross-fitted over contacts.

    A ridge regression on the decision's numbers, among them the model's own values of both actions
    (the last two columns), with a shift, and a slope on their difference, for holding. However
    wrong it is, the doubly robust value stays unbiased: propensities are known, and no row is
    predicted from its own contact.
    """
    contacts = len(np.unique(contact))
    if contacts < 2:
        return np.full((len(r), 2), r.mean() if len(r) else 0.0)
    scaled = (numbers - numbers.mean(axis=0)) / np.maximum(numbers.std(axis=0), 1e-9)
    gap = numbers[:, -1] - numbers[:, -2]
    gap = (gap - gap.mean()) / max(float(gap.std()), 1e-9)
    q = np.empty((len(r), 2))
    for learn, tell in GroupKFold(min(FOLDS, contacts)).split(scaled, groups=contact):
        model = Ridge(alpha=_PENALTY).fit(_design(scaled, gap, held)[learn], r[learn])
        for column, action in enumerate((False, True)):
            x = _design(scaled, gap, np.full(len(r), action))
            q[tell, column] = model.predict(x[tell])
    return q


def _design(scaled: Floats, gap: Floats, held: Flags) -> Floats:
    return np.column_stack([scaled, held, held * gap])

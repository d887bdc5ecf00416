"""Fitting one outcome: how many trees and what slope on later data, then the ensemble on all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.backbone import Basis, covariance_of, fit_backbone
from models.base_rates import GIVEN, TREND, Term
from models.forest import parse
from models.given import Given, priors_of
from models.lags import Baseline, breslow_by_channel
from models.outcome import Outcome
from training.credit import ROUNDS, TRIED, Claims, Credited, peak
from training.ridge import precision_told
from training.season import trend
from training.watched import Watched

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

MEMBERS = 5
MOST_TREES = 240
EVENTS_PER_TREE = 4
#: Fewer outcomes than this teach the trees nothing but noise: the backbone alone is fitted.
FEWEST_EVENTS = 40
#: Imagined outcomes by which the baseline is shrunk to the base rates.
PRIOR_EVENTS = 5.0
#: The level is set by the most recent share of the touches; the shape by all of them.
RECENT = 0.3
LATER = 0.2
SEED = 20_240_229

TREES = {
    "objective": "poisson",
    "boost_from_average": False,
    "num_leaves": 6,
    "learning_rate": 0.06,
    "min_child_samples": 60,
    "feature_fraction": 0.3,
    "bagging_fraction": 1.0,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 63,
    "poisson_max_delta_step": 0.7,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
    # Outcomes are fitted at once, each on a thread of its own: threads that share a tree meet at
    # every split, and wait for each other long where anything else runs.
    "num_threads": 1,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What distinguishes the outcomes: code, base rate, backbone, and the columns trees may use.

    `direction`: where pressure may move the backbone: 1 up only, -1 down only, 0 either way;
    `given`: columns that count linearly as well (models.given); `carried`: an earlier touch of the
    thread may still bring it; `trees`: where its trees are grown otherwise than `TREES` says.
    """

    name: str
    why: int
    base_rate: float
    terms: Mapping[str, Term]
    direction: int
    columns: Sequence[int]
    monotone: Sequence[int]
    given: Sequence[int] = ()
    carried: bool = True
    trees: Mapping[str, float] = field(default_factory=dict)


class Fitter:
    """Fits one outcome on watched touches; deterministic for a given seed."""

    def __init__(
        self, kind: Kind, names: Sequence[str], members: int = MEMBERS, seed: int = SEED
    ) -> None:
        self.kind, self.names, self.members, self.seed = kind, names, members, seed
        self.basis = Basis.of(tuple(kind.terms), names)
        self.prior = Baseline.prior(kind.base_rate)

    def fit(
        self,
        w: Watched,
        slope: float | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """The outcome, from nothing but base rates up to an ensemble of trees.

        `slope` is the calibration of the trees; without it, it is found on the latest touches.
        """
        if not w.came_to(self.kind.why).any():
            return self.from_base_rates()
        credited = self._credited(w)
        trees = how_many_trees(credited.outcomes)
        if slope is None:
            progress(f"{self.kind.name}: calibration on later touches")
            slope = self._slope(w, credited, trees)
        progress(f"{self.kind.name}: {self.members} members of {trees} trees")
        return self._ensemble(w, credited, trees, slope)

    def _credited(self, w: Watched, carry: float | None = None) -> Credited:
        """The outcomes shared out among touches, by the line alone; `carry`: where it is known."""
        if not self.kind.carried:
            return Credited(w.came_to(self.kind.why).astype(float), 0.0)
        claims = Claims(w, self.kind.why)
        member = _Member(self, w, Credited(claims.of_the_latest(), 0.0))
        if carry is None:
            tried = [member.share_out(claims, c) for c in TRIED]
            carry = peak(TRIED, np.array(tried))
        member.share_out(claims, carry)
        return member.credited

    def from_base_rates(self) -> Outcome:
        """The outcome where nothing was ever seen of it."""
        prior = [0.0, *(term.centre for term in self.kind.terms.values())]
        return Outcome(
            self.kind.name, self.prior, self.basis, np.array([prior]), (), 1.0, 1.0, 0
        )  # fmt: skip

    def _baseline(self, w: Watched, c: Credited, score: Floats, weight: Floats) -> Baseline:
        risk = weight * np.exp(score)
        if not c.carry:
            return breslow_by_channel(w.days, c.share, risk, w.channel, self.prior, PRIOR_EVENTS)
        # While it is the latest, all of a touch is at risk, then the share that is carried over.
        days, channel = np.concatenate([w.days, w.left]), np.tile(w.channel, 2)
        came = np.concatenate([np.zeros(len(w)), c.share])
        at_risk = np.concatenate([(1.0 - c.carry) * risk, c.carry * risk])
        return breslow_by_channel(days, came, at_risk, channel, self.prior, PRIOR_EVENTS)

    def _slope(self, w: Watched, credited: Credited, trees: int) -> float:
        """How much of the trees holds on the latest touches, unseen in fitting."""
        moment = float(np.quantile(w.time, 1 - LATER))
        early, later = w.as_of(moment), w.take(w.time >= moment)
        seen, unseen = self._credited(early, credited.carry), credited.share[w.time >= moment]
        if not trees or seen.outcomes < FEWEST_EVENTS or unseen.sum() < FEWEST_EVENTS / 4:
            return 1.0
        member = _Member(self, early, seen)
        booster, beta, baseline = member.grow(np.ones(len(early)), trees)
        # LightGBM's number of threads is one for the whole process: no other than the trees are
        # grown with, while an outcome beside this one is fitted. It crashed here once.
        columns = later.x[:, self.kind.columns]
        of_trees = booster.predict(columns, raw_score=True, num_threads=TREES["num_threads"])
        linear = _linear(member.promised(beta), member.terms_of(later.x))
        exposure = later.exposure(baseline, carry=credited.carry)
        return calibration_slope(of_trees, exposure * np.exp(linear), unseen)

    def _ensemble(self, w: Watched, credited: Credited, trees: int, slope: float) -> Outcome:
        member = _Member(self, w, credited)
        random = np.random.default_rng(self.seed)
        coefficients, texts = [], []
        for number in range(self.members):
            # A bootstrap of contacts: each is drawn a Poisson(1) number of times. The first
            # member, which plans, learns from everybody once.
            weight = random.poisson(1.0, int(w.contact.max()) + 1)[w.contact].astype(float)
            if number == 0 or not (weight * credited.share).any():
                weight = np.ones(len(w))
            booster, beta, baseline = member.grow(weight, trees)
            if number == 0:
                covariance = member.covariance(beta, baseline)
            coefficients.append(member.promised(beta))
            if trees:
                texts.append(booster.model_to_string())
        columns, last = tuple(self.kind.columns), 1 + len(self.basis.columns)
        linear = np.array(coefficients)
        fitted = Outcome(
            self.kind.name, self.prior, self.basis, linear[:, :last],
            tuple(parse(text, columns) for text in texts), slope, 1.0, credited.outcomes,
            tuple(texts), columns, covariance, given=member.given, weights=linear[:, last:],
            carry=credited.carry,
        )  # fmt: skip
        return self._levelled(fitted, w, credited)

    def _levelled(self, fitted: Outcome, w: Watched, credited: Credited) -> Outcome:
        """Set the baseline's shape by all touches and its level by the recent ones."""
        score, _ = fitted.score(w.x)
        shape = self._baseline(w, credited, score, np.ones(len(w)))
        recent = w.time >= np.quantile(w.time, 1 - RECENT)
        expected = (w.exposure(shape, carry=credited.carry) * np.exp(score))[recent].sum()
        level = (credited.share[recent].sum() + 4 * PRIOR_EVENTS) / (expected + 4 * PRIOR_EVENTS)
        return dataclasses.replace(fitted, baseline=shape.scaled(level))


class _Member:
    """Grows one member after another on the same binned data."""

    def __init__(self, fitter: Fitter, w: Watched, credited: Credited) -> None:
        self.fitter, self.w, self.credited = fitter, w, credited
        self.given = Given.of(fitter.kind.given, w.x)
        # How far what is given is shrunk; found when the first member is fitted.
        self.precision, self.found = GIVEN.precision, False
        self.terms = np.column_stack([self.terms_of(w.x), trend(w, fitter.basis.columns)])
        # Where the next member's linear part starts: at the last one's.
        self.beta = np.zeros(1 + self.terms.shape[1])
        self.params = {
            **TREES,
            **fitter.kind.trees,
            "seed": fitter.seed % 2**31,
            "monotone_constraints": list(fitter.kind.monotone),
            "monotone_constraints_method": "basic",
        }

    @cached_property
    def data(self) -> lgb.Dataset:
        """The touches as trees read them, each with what it is credited with."""
        columns = self.fitter.kind.columns
        return lgb.Dataset(
            self.w.x[:, columns],
            self.credited.share.astype(np.float32),
            feature_name=[f"f{i}" for i in columns],
            params=self.params,
            free_raw_data=False,
        )

    @property
    def priors(self) -> tuple[Term, ...]:
        """Of the coefficients: of the backbone's terms, of what is given, of the trend."""
        of_given = (
            dataclasses.replace(prior, precision=self.precision) for prior in priors_of(self.given)
        )
        return (*self.fitter.kind.terms.values(), *of_given, TREND)

    def terms_of(self, x: Rows) -> Floats:
        """The backbone's terms and what is given, shape (rows, terms + given)."""
        return np.column_stack([self.fitter.basis(x), self.given(x)])

    @staticmethod
    def promised(beta: Floats) -> Floats:
        """The coefficients that hold from now on: without that of the trend."""
        return beta[:-1]

    def grow(self, weight: Floats, trees: int) -> tuple[Any, Floats, Baseline]:
        """A booster, coefficients of the linear part and the baseline they were fitted with."""
        beta, baseline = self.fit_line(weight)
        if not trees:
            return None, beta, baseline
        exposure = np.maximum(self._exposure(baseline), 1e-12)
        self.data.set_weight(weight)
        self.data.set_init_score(np.log(exposure) + _linear(beta, self.terms))
        return lgb.train(self.params, self._drawn(weight), trees), beta, baseline

    def _drawn(self, weight: Floats) -> lgb.Dataset:
        """The touches of contacts that a bootstrap drew; a third of them it did not."""
        rows = np.flatnonzero(weight)
        return self.data if len(rows) == len(weight) else self.data.subset(rows.tolist())

    def share_out(self, claims: Claims, carry: float) -> float:
        """Share the outcomes out among touches by the line; the likelihood of all of it then."""
        everybody = np.ones(len(self.w))
        self.credited = self.credited._replace(carry=carry)
        for _ in range(ROUNDS):
            beta, baseline = self.fit_line(everybody, rounds=1)
            score = _linear(beta, self.terms)
            self.credited = Credited(claims.by_hazard(score, baseline, carry), carry)
        return claims.log_likelihood(score, baseline, carry)

    def covariance(self, beta: Floats, baseline: Baseline) -> Floats:
        """Of the backbone's coefficients, everybody counted once and what is given as it is."""
        expected = self._exposure(baseline) * np.exp(_linear(beta, self.terms))
        terms = tuple(self.fitter.kind.terms.values())
        return covariance_of(self.terms[:, : len(terms)], expected, terms)

    def _exposure(self, baseline: Baseline) -> Floats:
        return self.w.exposure(baseline, carry=self.credited.carry)

    def fit_line(self, weight: Floats, rounds: int = 3) -> tuple[Floats, Baseline]:
        """Coefficients of the linear part and the baseline, each fitted to the other in turn."""
        fitter, w = self.fitter, self.w
        beta = self.beta
        for _ in range(rounds):
            score = _linear(beta, self.terms)
            baseline = fitter._baseline(w, self.credited, score, weight)
            exposure = self._exposure(baseline)
            beta = fit_backbone(
                self.terms, exposure, self.credited.share, weight, self.priors,
                fitter.kind.direction, beta,
            )  # fmt: skip
            if not self.found:
                expected = weight * exposure * np.exp(_linear(beta, self.terms))
                self.precision = self._precision_told(beta, expected)
        self.beta, self.found = beta, True
        return beta, baseline

    def _precision_told(self, beta: Floats, expected: Floats) -> float:
        covariance = covariance_of(self.terms, expected, self.priors)
        given = slice(-1 - len(self.given), -1)
        return precision_told(
            beta[given], covariance[given, given], self.precision, GIVEN.precision
        )


def _linear(beta: Floats, terms: Floats) -> Floats:
    """The score but for the trees, shape (rows,)."""
    return np.asarray(beta[0] + terms @ beta[1:])


def how_many_trees(events: int) -> int:
    """One small tree for every few outcomes, up to `MOST_TREES`; none where there are too few.

    A fixed rule rather than early stopping: on data that drift, later touches stop the trees for a
    change of level that has nothing to do with ranking.
    """
    return 0 if events < FEWEST_EVENTS else min(events // EVENTS_PER_TREE, MOST_TREES)


def calibration_slope(score: Floats, exposure: Floats, came: Floats) -> float:
    """How much of the trees' spread holds on later data: 1 all of it, 0 none.

    `score`: of the trees alone; `exposure`: with the linear part of the score in it; `came`: the
    outcomes, or the shares of them, that are credited to each touch. The Poisson
    regression of outcomes on the score with the exposure as offset (as in calibration
    of survival models), penalised towards 1. Never above 1: a score that trees have not finished
    would be stretched with its backbone, and late touches would look worse than they were.
    """
    centre = float(score.mean())

    def loss(theta: Floats) -> float:
        eta = theta[0] + theta[1] * (score - centre)
        expected = exposure * np.exp(np.clip(eta + centre, -20, 20))
        return float(expected.sum() - (came * (eta + centre)).sum() + 50 * (theta[1] - 1) ** 2)

    slope = minimize(loss, np.array([0.0, 1.0]), method="Nelder-Mead").x[1]
    return float(np.clip(slope, 0.9, 1.0))

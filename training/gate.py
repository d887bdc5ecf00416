"""The gate: what a version must show before it may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.moments import moment_of
from features.state import DAY
from models.decide import Decider
from models.decision import ModelRef, NextTouch, Request
from models.model import Model
from training.dataset import Dataset, prepare
from training.evaluate import OUTCOMES, before_next, happened
from training.metrics import (
    bins,
    calibration_error,
    calibration_error_from_sampling,
    log_loss,
)
from training.on_record import OnRecord
from training.rehearsal import Rehearsal
from training.watched import Watched

#: Calibration error allowed beyond what sampling alone would give, in points of probability.
LARGEST_MISS = 0.05
#: Fewer outcomes than this among the later touches cannot tell a good model from a bad one.
FEWEST_OUTCOMES = 30
SELF_TEST_TOLERANCE = 1e-12
DRAWS = 400
NO_CHAMPION = "there is no champion yet."
_NOT_ENOUGH = "not enough data to tell"
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing asked of a candidate, with the numbers it was judged on."""

    name: str
    passed: bool
    numbers: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks; a version becomes champion only if every one of them passed."""

    passed: bool
    checks: tuple[Check, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    def summary(self) -> str:
        """A line for a terminal."""
        stopped = [c.text for c in self.checks if not c.passed]
        return "Gate passed." if self.passed else "Stopped by the gate: " + " ".join(stopped)

    def page(self) -> str:
        """One page for somebody who decides."""
        lines = [f"# The gate: {'passed' if self.passed else 'not passed'}", ""]
        lines += [f"- {'yes' if c.passed else '**no**'}, {c.name}: {c.text}" for c in self.checks]
        return "\n".join(lines) + "\n"


def judge(
    candidate: Model,
    champion: Model | None,
    data: Dataset,
    since: int,
    before: Rows,
    after: Rows,
    rehearsal: Rehearsal | None,
    record: OnRecord | None = None,
    alone: str = NO_CHAMPION,
) -> Verdict:
    """Judge a candidate on mature touches made at or after `since` (microseconds).

    Neither model may have learned from those touches. `before` and `after` are predictions before
    saving the artifact and after loading it again; `rehearsal`: how its decisions did beside the
    champion's in simulated worlds, None where there is no champion; `record`: how they do on
    nudges that were drawn for, None where no record tells; `alone`: why there is no champion.
    """
    rows = (data.watched.time * DAY >= since) & data.mature() & ~data.closed
    w = data.watched.take(rows)
    told = before_next(candidate, data, rows)
    champions = None
    if champion is not None:
        champions = before_next(champion, _as_known_to(champion, candidate, data), rows)
    checks = (
        *(_calibrated(candidate, w, *o, p) for o, p in zip(OUTCOMES, told, strict=True)),
        *(
            _not_worse(w, *o, told[k], None if champions is None else champions[k], alone)
            for k, o in enumerate(OUTCOMES)
        ),
        _decides_as_well(rehearsal, alone),
        *_does_as_well(record),
        _monotone(candidate, data),
        _same_after_loading(before, after),
    )
    return Verdict(all(c.passed for c in checks), checks)


#: What is held equal of a touch when only the pressure before it may differ.
_OF_TOUCH = (
    "channel", "campaign_id", "actor_id", "account_id", "relevance", "personalized",
)  # fmt: skip


def _as_known_to(champion: Model, candidate: Model, data: Dataset) -> Dataset:
    """The same touches with the contact columns the champion was trained on (unknown here)."""
    if champion.columns == candidate.columns:
        return data
    return prepare(data.events, None, champion.encoding, data.until)[0]


def _calibrated(model: Model, w: Watched, name: str, why: int, p: Rows) -> Check:
    hit, title = happened(w, why), f"{name} is calibrated"
    if getattr(model, name).events == 0:
        return Check(title, True, {}, f"{name} was not in the data and comes from base rates.")
    if hit.sum() < FEWEST_OUTCOMES:
        return Check(title, True, {"outcomes": int(hit.sum())}, f"{_NOT_ENOUGH}.")
    group = bins(p)
    error = calibration_error(hit, p, group)
    noise = calibration_error_from_sampling(p, group)
    limit = LARGEST_MISS + noise
    numbers = {"calibration_error": error, "from_sampling": noise, "limit": limit}
    verdict = "within" if error <= limit else "beyond"
    text = f"chances were off by {error:.3f} on average, {verdict} the limit of {limit:.3f}."
    return Check(title, error <= limit, numbers, text)


def _not_worse(
    w: Watched, name: str, why: int, told: Rows, champions: Rows | None, alone: str
) -> Check:  # fmt: skip
    title, hit = f"{name} is not worse than the champion", happened(w, why)
    if champions is None:
        return Check(title, True, {}, alone)
    if hit.sum() < FEWEST_OUTCOMES:
        return Check(title, True, {"outcomes": int(hit.sum())}, f"{_NOT_ENOUGH}.")
    losses = [
        np.where(hit, -np.log(np.clip(p, 1e-9, 1)), -np.log1p(-np.clip(p, 0, 1 - 1e-9)))
        for p in (told, champions)
    ]
    low, high = _paired_interval(losses[0] - losses[1], w.contact)
    numbers = {
        "log_loss": log_loss(hit, told),
        "champion_log_loss": log_loss(hit, champions),
        "difference_low": low,
        "difference_high": high,
    }
    text = (
        f"log loss {numbers['log_loss']:.4f} against {numbers['champion_log_loss']:.4f} of the "
        f"champion (difference {low:+.4f} to {high:+.4f}, 95 % interval)."
    )
    return Check(title, low <= 0, numbers, text)


def _decides_as_well(rehearsal: Rehearsal | None, alone: str) -> Check:
    title = "its decisions are not worth less than the champion's"
    if rehearsal is None:
        return Check(title, True, {}, alone)
    r = rehearsal
    text = (
        f"with the same {r.people} simulated people, worth {r.candidate:.3f} a person against "
        f"{r.champion:.3f} of the champion (difference {r.low:+.3f} to {r.high:+.3f}, 95 % "
        f"interval); {100 * r.annoyed:.1f} against {100 * r.champion_annoyed:.1f} of 100 annoyed."
    )
    return Check(title, r.high >= 0, asdict(r), text)


def _does_as_well(record: OnRecord | None) -> tuple[Check, ...]:
    if record is None:
        return ()
    r = record
    text = (
        f"at {r.occasions:,} nudges on record, of which {r.held:,} were held at random, it would "
        f"nudge {r.candidate_nudges:.0%} and the champion {r.champion_nudges:.0%}, worth "
        f"{r.candidate:.4f} a time against {r.champion:.4f} (difference {r.low:+.4f} to "
        f"{r.high:+.4f}, 95 % interval)."
    )
    title = "its nudges are not worth less by the record"
    return (Check(title, r.high >= 0, asdict(r), text),)


def _paired_interval(difference: Rows, contact: npt.NDArray[Any]) -> tuple[float, float]:
    """95 % interval of the mean difference, by resampling contacts."""
    _, code = np.unique(contact, return_inverse=True)
    total, count = np.bincount(code, weights=difference), np.bincount(code)
    weight = np.random.default_rng(0).poisson(1.0, (DRAWS, len(total)))
    means = (weight @ total) / np.maximum(weight @ count, 1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _monotone(model: Model, data: Dataset, most: int = 200) -> Check:
    """On real histories, one more touch yesterday must not lower p_annoy."""
    pairs = _pressed(data, most)
    decisions = Decider(model, ModelRef("candidate", "0")).decide([r for p in pairs for r in p])
    risks = [d.if_nudged.p_annoy for d in decisions]
    falls = [a - b for a, b in zip(risks[::2], risks[1::2], strict=True) if b < a]
    numbers = {"histories": len(pairs), "falls": len(falls), "largest": max(falls, default=0.0)}
    text = f"one more touch lowered the risk to annoy in {len(falls)} of {len(pairs)} histories."
    return Check("more pressure never looks less annoying", not falls, numbers, text)


def _pressed(data: Dataset, most: int) -> list[tuple[Request, Request]]:
    """Requests at the moment of the latest touches, without and with one more the day before."""
    chosen = data.event[-most:]
    contact = data.histories.contact
    order = np.argsort(contact, kind="stable")
    starts = np.searchsorted(contact[order], np.arange(contact.max() + 2))
    found = []
    for e in chosen:
        c = contact[e]
        rows = np.sort(order[starts[c] : starts[c + 1]])
        at = int(data.histories.occurred[e])
        known = rows[data.histories.recorded[rows] < at]
        history = data.events.take(pa.array(known))
        more = data.events.slice(int(e), 1)
        yesterday = pa.array([at - DAY], pa.int64()).cast(more.schema.field("occurred_at").type)
        for name in ("occurred_at", "recorded_at"):
            more = more.set_column(more.schema.get_field_index(name), name, yesterday)
        touch = {name: data.events[name][int(e)].as_py() for name in _OF_TOUCH}
        channel, campaign = (touch.pop("channel"),), touch.pop("campaign_id")
        # The same next touch for both: by nobody known and by a known recruiter would differ.
        planned = NextTouch(**touch)
        moment = moment_of(at)
        found.append(
            tuple(
                Request("c", moment, h, campaign_id=campaign, channels=channel, next_touch=planned)
                for h in (history, pa.concat_tables([history, more.cast(history.schema)]))
            )
        )
    return found  # type: ignore[return-value]


def _same_after_loading(before: Rows, after: Rows) -> Check:
    gap = float(np.abs(np.asarray(before) - np.asarray(after)).max(initial=0.0))
    return Check(
        "the stored model answers as it did in training",
        gap <= SELF_TEST_TOLERANCE,
        {"largest_difference": gap},
        f"predictions differ by at most {gap:.1e} after saving and loading.",
    )

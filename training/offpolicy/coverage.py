"""Whether off-policy intervals cover the true value at the rate they state, in the worlds.

`python -m training.offpolicy.coverage` (`make offpolicy`) writes docs/offpolicy-coverage.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from features.events.schema import EVENTS
from training.offpolicy.estimators import Estimate
from training.offpolicy.evaluation import ESTIMATORS, Asked, Evaluation, PolicyValue, evaluate
from training.offpolicy.played import GAP, MOST, Played
from training.offpolicy.truth import Agency, Truth, true_values
from training.simulate.worlds import WORLDS

OUT = Path("docs/offpolicy-coverage.md")
#: Logs that are evaluated in each world, and people in each of them.
LOGS, CONTACTS = 200, 1000
SEED, DAYS, SHARE = 5, 100, 0.05
ONE = ("nudge", "hold", "score > 0.1")
ALL = ("nudge", "touch_number <= 3")
ASKED = Asked(tuple(dict.fromkeys((*ONE, *ALL))), window=30.0, course=60.0)
_DIFFERENCE = "hold - nudge"


@dataclass(frozen=True, slots=True)
class Checked:
    """One interval of one log against the truth."""

    where: str
    policy: str
    estimator: str
    truth: float
    value: float
    covered: bool
    width: float


def check(agency: Agency, contacts: int, asked: Asked = ASKED) -> list[Checked]:
    """Cut an agency's log into logs of so many contacts each, and check every interval of each."""
    played = agency.play()
    truth = true_values(agency, played, asked, ALL)
    found: list[Checked] = []
    for log in tqdm(list(_parts(played, agency.contacts, contacts)), desc=agency.world,
                    disable=None):  # fmt: skip
        found += _checked(evaluate(log.log, log.events, asked), truth)
    return found


def _parts(played: Played, contacts: int, each: int) -> Iterator[Played]:
    """The decisions and events of `each` contacts at a time."""
    names = sorted(set(played.log["contact_id"].to_pylist()))
    log = played.log.sort_by("contact_id")
    text = EVENTS.field("contact_id").type
    index = played.events.column_names.index("contact_id")
    events = played.events.set_column(
        index, "contact_id", played.events["contact_id"].cast(text)
    ).sort_by("contact_id")
    owners = [t["contact_id"].to_numpy(zero_copy_only=False) for t in (log, events)]
    for start in range(0, contacts - each + 1, each):
        first, last = names[start], names[min(start + each, len(names)) - 1]
        rows = [np.searchsorted(o, [first, last + "~"]) for o in owners]
        parts = [
            t.slice(low, high - low) for t, (low, high) in zip((log, events), rows, strict=True)
        ]
        yield Played(parts[0], parts[1])


def _checked(e: Evaluation, truth: Truth) -> Iterator[Checked]:
    level = e.asked.level
    at_one = {v.policy: v for v in e.at_one}
    for policy in ONE:
        yield from _each("one occasion", at_one[policy], truth.at_one[policy], level)
    hold, nudge = at_one["hold"], at_one["nudge"]
    for name in set(hold.values) & set(nudge.values):
        true = truth.at_one["hold"] - truth.at_one["nudge"]
        difference = hold.values[name] - nudge.values[name]
        yield _one("one occasion", _DIFFERENCE, name, true, difference, level)
    for v in e.at_all:
        if v.policy in ALL:
            yield from _each("every occasion", v, truth.at_all[v.policy], level)
    for effect in e.effects:
        if effect.outcome == "value" and effect.coefficient is not None:
            coefficient = effect.coefficient
            yield _one("one occasion", "Qini coefficient", "dr", truth.qini, coefficient, level)


def _each(where: str, v: PolicyValue, truth: float, level: float) -> Iterator[Checked]:
    for name, estimate in v.values.items():
        yield _one(where, v.policy, name, truth, estimate, level)


def _one(
    where: str, policy: str, name: str, truth: float, estimate: Estimate, level: float
) -> Checked:
    low, high = estimate.interval(level)
    return Checked(where, policy, name, truth, estimate.value, low <= truth <= high, high - low)


def covered(found: list[Checked]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Intervals that cover, and intervals, by where, policy and estimator."""
    counts: dict[tuple[str, str, str], tuple[int, int]] = {}
    for c in found:
        key = (c.where, c.policy, c.estimator)
        hits, n = counts.get(key, (0, 0))
        counts[key] = (hits + c.covered, n + 1)
    return counts


def page(found: dict[str, list[Checked]], asked: Asked, logs: int, contacts: int) -> Iterator[str]:
    """The report in Markdown."""
    error = np.sqrt(asked.level * (1 - asked.level) / logs)
    yield "# Do the intervals cover?"
    yield ""
    yield (
        f"Written by `make offpolicy`. In each world a plain cadence (e-mail, {GAP} days apart, "
        f"at most {MOST}) is logged for {DAYS} days with {SHARE:.0%} of its nudges held for a "
        f"week, and cut into {logs} logs of {contacts:,} people. Each is evaluated as `fineline "
        "offpolicy` does, with rough numbers of a model that knows little of the world. The truth "
        "is played, not weighted: at one occasion of each person the nudge is held, or a policy is "
        f"followed at every occasion ({asked.window:g} days watched after an occasion, "
        f"{asked.course:g} of a course). Of {logs} intervals at {asked.level:.0%}, sampling alone "
        f"moves the share that covers by {error:.0%} either way, two times out of three. A log "
        "with too little of what a policy does gives no value, and is not counted."
    )
    yield ""
    yield "## All worlds together"
    yield ""
    everything = [c for checks in found.values() for c in checks]
    yield from _table({"all": everything})
    yield ""
    yield "## World by world"
    yield ""
    yield from _table(found)


def _table(found: dict[str, list[Checked]]) -> Iterator[str]:
    yield (
        "| world | decided at | value of | truth | mean estimate (DR) | IPS covers "
        "| self-normalised covers | DR covers | DR interval / IPS interval |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for world, checks in found.items():
        counts = covered(checks)
        for where, policy in dict.fromkeys((c.where, c.policy) for c in checks):
            own = [c for c in checks if (c.where, c.policy) == (where, policy)]
            shares = " | ".join(_share(counts.get((where, policy, e))) for e in ESTIMATORS)
            widths = [_mean([c.width for c in own if c.estimator == e]) for e in ("dr", "ips")]
            ratio = f"{widths[0] / widths[1]:.2f}" if np.isfinite(widths[1]) else "-"
            truth, value = (_mean([getattr(c, f) for c in own if c.estimator == "dr"])
                            for f in ("truth", "value"))  # fmt: skip
            yield (
                f"| {world} | {where} | {policy} | {truth:.4f} | {value:.4f} | {shares} | {ratio} |"
            )


def _share(count: tuple[int, int] | None) -> str:
    return "-" if count is None else f"{count[0] / count[1]:.0%} of {count[1]}"


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def main() -> None:
    """Check every world, and write the report."""
    found = {
        name: check(Agency(name, LOGS * CONTACTS, SEED, DAYS, SHARE), CONTACTS) for name in WORLDS
    }
    OUT.write_text("\n".join(page(found, ASKED, LOGS, CONTACTS)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

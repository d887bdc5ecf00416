"""The page that says what the yardstick found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training import plain, splits
from training.evaluate import Report
from training.metrics import verdict
from training.targets import CALIBRATION_AIM, TARGETS, Target

#: ROC AUC by outcome: with records of senders counted every hour, and as the model has them.
Served = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a data set: `served` as `_as_served`, `plain` as `training.plain.compared`,
    `elsewhere` as `training.splits.at_other_moments`."""

    report: Report
    served: Served
    plain: Mapping[str, Mapping[str, Mapping[str, Any]]]
    elsewhere: Mapping[str, splits.Elsewhere]


Found = Mapping[str, Judged]


def page(found: Found, folder: str) -> Iterator[str]:
    yield "# Results on real histories"
    yield ""
    yield (
        "Written by `make yardstick`; every figure of fineline is computed in that run. The first "
        "70 % of the mature touches by time are learned from (only what was recorded by then), "
        "the last 30 % are judged. A touch is mature when it was answered, followed up, or 30 days "
        "have passed. It lands (annoys) when that happens before the next touch and within 30 "
        "days. Baseline: LightGBM with 15 features, as the data's notes give it. Intervals: 90 %, "
        "by resampling contacts."
    )
    yield ""
    yield "## Ranking: ROC AUC of the chance if no further touch follows"
    yield ""
    yield (
        "| data | touch number alone | baseline | fineline | 90 % interval | aim "
        "| follow-ups: baseline | follow-ups: fineline | 90 % interval |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, t, cell in _cells(found):
        spans = cell["intervals"]
        yield (
            f"| {name}, {t.outcome} | {t.touch_number_auc:.3f} | {t.baseline_auc:.3f} "
            f"| **{cell['overall']['roc_auc']:.3f}** | {_span(spans['roc_auc'])} | {t.aim} "
            f"| {t.follow_ups_auc:.3f} | **{cell['follow_ups']['roc_auc']:.3f}** "
            f"| {_span(spans['follow_ups_roc_auc'])} |"
        )
    yield from _chances(found)
    yield from _same_terms(found)
    yield from _elsewhere(found)
    yield from _records(found)
    yield from _sentences(found)
    yield ""
    yield "## Reliability"
    yield ""
    for name in found:
        yield f"![Reliability on {name}]({folder}/{name}.png)"
        yield ""
    yield (
        "Nobody is annoyed in the message networks: `p_annoy` there comes from base rates, and "
        "`evidence` says so; there is nothing to judge it on."
    )


def _chances(found: Found) -> Iterator[str]:
    yield ""
    yield "## Chances: before the next touch, within 30 days"
    yield ""
    yield (
        "| data | log loss: prior | baseline | fineline | 90 % interval | Brier "
        "| average precision | calibration error | from sampling alone | by touch number "
        "| by channel | follow-ups ROC AUC |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, t, cell in _cells(found):
        o = cell["overall"]
        yield (
            f"| {name}, {t.outcome} | {cell['baselines']['prior']['log_loss']:.3f} "
            f"| {t.baseline_log_loss:.3f} | **{o['log_loss']:.3f}** "
            f"| {_span(cell['intervals']['log_loss'])} | {o['brier']:.3f} "
            f"| {o['average_precision']:.3f} | {o['calibration_error']:.3f} "
            f"| {o['calibration_error_from_sampling']:.3f} "
            f"| {cell['calibration_error_by_touch_number']:.3f} "
            f"| {cell['calibration_error_by_channel']:.3f} "
            f"| {cell['follow_ups']['roc_auc_before_next']:.3f} |"
        )
    yield ""
    yield (
        "From sampling alone: the error to be expected were every chance exactly right, with as "
        "few touches as there are."
    )
    yield ""
    yield "## The chance if no further touch follows, under censoring"
    yield ""
    yield "| data | mean over tenths of (happened - expected while watched) | happened / expected |"
    yield "|---|---|---|"
    for name, t, cell in _cells(found):
        o = cell["overall"]
        yield (
            f"| {name}, {t.outcome} | {o['calibration_error_if_left_alone']:.3f} "
            f"| {o['observed_to_expected']:.2f} |"
        )


def _same_terms(found: Found) -> Iterator[str]:
    yield ""
    yield "## On the same terms"
    yield ""
    yield (
        "Such a baseline made again in this run "
        f"({len(plain.FEATURES)} features, `training/plain.py`), and twice: once it learns what "
        "came of its touches in the 30 days after the split as well, which gives the figures "
        "above, and which nobody who trained on that day had known; once, as fineline, by what "
        "was recorded by then. The last learns from every column and from what came of the touches "
        "of everybody else, those of the judged days and later among them: what the columns tell "
        "of somebody once it is known how the days went, which nobody has. All of it is of the "
        "chance before the next touch, within 30 days."
    )
    yield ""
    yield ("| data | learned from | ROC AUC | follow-ups | log loss | calibration error |")
    yield "|---|---|---|---|---|---|"
    for name, t, cell in _cells(found):
        plainly = found[name].plain[t.outcome]
        own = cell["overall"] | {
            "roc_auc": cell["overall"]["roc_auc_before_next"],
            "follow_ups_roc_auc": cell["follow_ups"]["roc_auc_before_next"],
        }
        for who, one in (
            ("baseline, known later", plainly["later"]),
            ("baseline, known by then", plainly["by_then"]),
            ("**fineline**", own),
            ("every column, everybody else, any day", plainly["beside"]),
        ):  # fmt: skip
            yield (
                f"| {name}, {t.outcome} | {who} | {one['roc_auc']:.3f} "
                f"| {one['follow_ups_roc_auc']:.3f} | {one['log_loss']:.3f} "
                f"| {one['calibration_error']:.3f} |"
            )


def _elsewhere(found: Found) -> Iterator[str]:
    yield ""
    yield "## Split at other moments"
    yield ""
    shares = ", ".join(f"{share:.0%}".replace("%", " %") for share in splits.SHARES)
    yield (
        "One split owes much to luck: what a month brings may be unlike the months before. The "
        f"same, learned from the first {shares} of the touches, and judged on all others: means "
        "over these splits, from the lowest to the highest, of the chance before the next touch. "
        "Fineline (of two members here) and the baseline learn what was recorded by then."
    )
    yield ""
    yield "| data | learned from | ROC AUC | follow-ups | log loss | calibration error |"
    yield "|---|---|---|---|---|---|"
    for name, t, _ in _cells(found):
        there = found[name].elsewhere[t.outcome]
        for who, at_each in (("baseline", there.baseline), ("**fineline**", there.fineline)):
            columns = ("roc_auc", "follow_ups_roc_auc", "log_loss", "calibration_error")
            cells = " | ".join(_spread([one[column] for one in at_each]) for column in columns)
            yield f"| {name}, {t.outcome} | {who} | {cells} |"


def _spread(values: Sequence[float]) -> str:
    """The mean, and the lowest and the highest."""
    return f"{sum(values) / len(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def _records(found: Found) -> Iterator[str]:
    yield ""
    yield "## As served: ROC AUC by how old the records of senders and clients are"
    yield ""
    yield (
        "Above, every touch is judged by what was recorded of its sender by then. The service "
        "knows as much where it stores events, which it counts anew every few minutes "
        "(`FINELINE_LEDGER_SECONDS`; here every hour); where it is only asked, it knows what "
        "the model has learned from."
    )
    yield ""
    yield "| data | of the moment | counted every hour | as of the end of training |"
    yield "|---|---|---|---|"
    for name, t, cell in _cells(found):
        aucs = (cell["overall"]["roc_auc"], *found[name].served[t.outcome])
        numbers = " | ".join("-" if auc is None else f"{auc:.3f}" for auc in aucs)
        yield f"| {name}, {t.outcome} | {numbers} |"


def _sentences(found: Found) -> Iterator[str]:
    yield ""
    yield "## Reached or missed"
    yield ""
    for name, t, cell in _cells(found):
        o, later = cell["overall"], cell["follow_ups"]["roc_auc"]
        auc = o["roc_auc"]
        yield f"- {name}, {t.outcome}: ROC AUC {auc:.3f}, aim {t.aim}: {verdict(auc - t.aim)}."
        gap = later - t.follow_ups_auc
        yield (
            f"- {name}, {t.outcome}: follow-ups only {later:.3f}, "
            f"{'above' if gap > 0 else 'below'} the baseline by {abs(gap):.3f}."
        )
        error = o["calibration_error"]
        yield (
            f"- {name}, {t.outcome}: calibration error {error:.3f}, "
            f"aim under {CALIBRATION_AIM}: {verdict(CALIBRATION_AIM - error)}."
        )


def _cells(found: Found) -> Iterator[tuple[str, Target, dict[str, Any]]]:
    for name, one in found.items():
        for target in TARGETS[name]:
            yield name, target, one.report.metrics[target.outcome]


def _span(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"

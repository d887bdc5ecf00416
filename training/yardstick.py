"""The yardstick: train and judge on real histories, and write down what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.errors import BadInput
from features.events.contacts import read_contacts
from features.events.files import read_events
from features.ingest.messages import read_messages
from features.state import DAY
from models.model import Model
from training import plots
from training.dataset import Dataset, known_before, prepare
from training.evaluate import OUTCOMES, Report, evaluate, happened, rates_of
from training.metrics import roc_auc, verdict
from training.served import rows_as_served
from training.train import fit_model

LEARN = 0.7


@dataclass(frozen=True, slots=True)
class Target:
    """A plain baseline's results on a data set, and what is aimed for."""

    outcome: str
    touch_number_auc: float
    baseline_auc: float
    prior_log_loss: float
    baseline_log_loss: float
    follow_ups_auc: float
    aim: float


#: LightGBM with 15 features, as the data's notes give it; and the aims.
TARGETS = {
    "college_messages": (Target("land", 0.640, 0.747, 0.681, 0.563, 0.704, 0.78),),
    "company_email": (Target("land", 0.907, 0.926, 0.629, 0.294, 0.842, 0.94),),
    "loan_calls": (
        Target("land", 0.524, 0.685, 0.370, 0.347, 0.612, 0.72),
        Target("annoy", 0.591, 0.601, 0.181, 0.178, 0.518, 0.66),
    ),
}
CALIBRATION_AIM = 0.02


def run(data: Path, out: Path) -> None:
    """Judge every data set in `data`; write the report `out` and plots beside it."""
    found = {name: judged(*_histories(data, name)) for name in TARGETS}
    reports = {name: report for name, (report, _) in found.items()}
    served = {name: of_records for name, (_, of_records) in found.items()}
    folder = out.parent / out.stem
    folder.mkdir(parents=True, exist_ok=True)
    for name, report in reports.items():
        plots.save(plots.reliability_plot(report.metrics), folder / f"{name}.png")
    out.write_text("\n".join(_page(reports, served, folder.name)) + "\n", encoding="utf-8")


def _histories(data: Path, name: str) -> tuple[pa.Table, pa.Table | None]:
    folder = data / name
    if not folder.is_dir():
        raise BadInput("is not there; name the folder of real histories with --data", source=name)
    messages = folder / "messages.txt.gz"
    if messages.exists():
        return read_messages(messages)[0], None
    return read_events(folder / "events.parquet"), read_contacts(folder / "contacts.parquet")


#: ROC AUC by outcome: with records of senders counted every hour, and as the model has them.
Served = Mapping[str, Sequence[float | None]]
_HOUR_US = 3_600_000_000


def judged(events: pa.Table, contacts: pa.Table | None) -> tuple[Report, Served]:
    """Learn from the first 70 % of the mature touches by time, judge on the others."""
    whole, encoding = prepare(events, contacts)
    times = whole.watched.time[whole.mature() & ~whole.closed]
    cutoff = round(float(np.sort(times)[int(LEARN * len(times))]) * DAY)
    early, _ = prepare(known_before(events, cutoff), contacts, encoding, cutoff)
    model = fit_model(early, encoding, {})
    rates = rates_of(whole, whole.watched.time * DAY < cutoff)
    report = evaluate(model, events, contacts, cutoff, rates)
    return report, _as_served(model, events, whole, cutoff)


def _as_served(model: Model, events: pa.Table, whole: Dataset, cutoff: int) -> Served:
    """How well the judged touches are ranked by what the service knew of senders and clients."""
    judged_ones = whole.mature() & ~whole.closed & (whole.watched.time * DAY >= cutoff - 0.5)
    w = whole.watched.take(judged_ones)
    chances = [
        model.chances(rows_as_served(model, events, whole, judged_ones, every))
        for every in (_HOUR_US, None)
    ]
    return {
        name: [roc_auc(happened(w, why), p[k]) for p in chances]
        for k, (name, why) in enumerate(OUTCOMES)
    }


def _page(reports: dict[str, Report], served: dict[str, Served], folder: str) -> Iterator[str]:
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
    for name, t, cell in _cells(reports):
        spans = cell["intervals"]
        yield (
            f"| {name}, {t.outcome} | {t.touch_number_auc:.3f} | {t.baseline_auc:.3f} "
            f"| **{cell['overall']['roc_auc']:.3f}** | {_span(spans['roc_auc'])} | {t.aim} "
            f"| {t.follow_ups_auc:.3f} | **{cell['follow_ups']['roc_auc']:.3f}** "
            f"| {_span(spans['follow_ups_roc_auc'])} |"
        )
    yield from _chances(reports)
    yield from _records(reports, served)
    yield from _sentences(reports)
    yield ""
    yield "## Reliability"
    yield ""
    for name in reports:
        yield f"![Reliability on {name}]({folder}/{name}.png)"
        yield ""
    yield (
        "Nobody is annoyed in the message networks: `p_annoy` there comes from base rates, and "
        "`evidence` says so; there is nothing to judge it on."
    )


def _chances(reports: dict[str, Report]) -> Iterator[str]:
    yield ""
    yield "## Chances: before the next touch, within 30 days"
    yield ""
    yield (
        "| data | log loss: prior | baseline | fineline | 90 % interval | Brier "
        "| average precision | calibration error | from sampling alone | by touch number "
        "| by channel | follow-ups ROC AUC |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, t, cell in _cells(reports):
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
    for name, t, cell in _cells(reports):
        o = cell["overall"]
        yield (
            f"| {name}, {t.outcome} | {o['calibration_error_if_left_alone']:.3f} "
            f"| {o['observed_to_expected']:.2f} |"
        )


def _records(reports: dict[str, Report], served: dict[str, Served]) -> Iterator[str]:
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
    for name, t, cell in _cells(reports):
        aucs = (cell["overall"]["roc_auc"], *served[name][t.outcome])
        numbers = " | ".join("-" if auc is None else f"{auc:.3f}" for auc in aucs)
        yield f"| {name}, {t.outcome} | {numbers} |"


def _sentences(reports: dict[str, Report]) -> Iterator[str]:
    yield ""
    yield "## Reached or missed"
    yield ""
    for name, t, cell in _cells(reports):
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


def _cells(reports: dict[str, Report]) -> Iterator[tuple[str, Target, dict[str, Any]]]:
    for name, report in reports.items():
        for target in TARGETS[name]:
            yield name, target, report.metrics[target.outcome]


def _span(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"

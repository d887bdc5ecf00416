"""The yardstick: train and judge on real histories, and write down what was reached."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from features.errors import BadInput
from features.events.contacts import read_contacts
from features.events.files import read_events
from features.ingest.messages import read_messages
from features.state import DAY
from models.model import Model
from training import plain, plots
from training.dataset import Dataset, known_before, prepare
from training.evaluate import OUTCOMES, evaluate, happened, rates_of
from training.metrics import roc_auc
from training.served import rows_as_served
from training.splits import at_other_moments, cutoff_at
from training.targets import TARGETS
from training.train import fit_model
from training.yardstick_page import Judged, Served, page

LEARN = 0.7
_HOUR_US = 3_600_000_000


def run(data: Path, out: Path) -> None:
    """Judge every data set in `data`; write the report `out` and plots beside it."""
    found = {name: judged(*_histories(data, name)) for name in TARGETS}
    folder = out.parent / out.stem
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in found.items():
        plots.save(plots.reliability_plot(one.report.metrics), folder / f"{name}.png")
    out.write_text("\n".join(page(found, folder.name)) + "\n", encoding="utf-8")


def _histories(data: Path, name: str) -> tuple[pa.Table, pa.Table | None]:
    folder = data / name
    if not folder.is_dir():
        raise BadInput("is not there; name the folder of real histories with --data", source=name)
    messages = folder / "messages.txt.gz"
    if messages.exists():
        return read_messages(messages)[0], None
    return read_events(folder / "events.parquet"), read_contacts(folder / "contacts.parquet")


def judged(events: pa.Table, contacts: pa.Table | None) -> Judged:
    """Learn from the first 70 % of the mature touches by time, judge on the others."""
    whole, encoding = prepare(events, contacts)
    cutoff = cutoff_at(whole, LEARN)
    early, _ = prepare(known_before(events, cutoff), contacts, encoding, cutoff)
    model = fit_model(early, encoding, {})
    rates = rates_of(whole, whole.watched.time * DAY < cutoff)
    report = evaluate(model, events, contacts, cutoff, rates)
    served = _as_served(model, events, whole, cutoff)
    elsewhere = at_other_moments(events, contacts, whole, encoding)
    return Judged(report, served, plain.compared(whole, early, cutoff), elsewhere)


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

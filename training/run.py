"""One training run: fit, judge on later data, gate, register."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.errors import BadInput, IncompatibleModel, NoModel
from features.moments import microseconds, moment_of
from features.state import DAY
from models import artifact, registry
from models.model import Model
from models.settings import Settings
from training import gate, plots
from training.dataset import Dataset, known_before, prepare
from training.evaluate import Report, evaluate, rates_of
from training.fingerprint import fingerprint
from training.fit import MEMBERS, SEED, TREES
from training.gate import Verdict
from training.kinds import FEW_OUTCOMES
from training.on_record import OnRecord, on_record
from training.rehearsal import rehearse
from training.train import fit_model, later_slopes

#: The latest share of the touches that a model is judged on before it is fitted on all of them.
LATER = 0.2
#: The model that is judged needs no interval: fewer members than the one that will answer.
JUDGED_MEMBERS = 2
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run came to."""

    version: str
    champion: bool
    verdict: Verdict
    report: Report
    card: Mapping[str, Any]


def train(
    events: pa.Table,
    contacts: pa.Table | None,
    settings: Settings,
    now: datetime,
    cutoff: int | None = None,
    progress: Progress = lambda _: None,
    log: pa.Table | None = None,
) -> Trained:
    """Train on what was recorded before `cutoff` (microseconds), register, and judge the version.

    `log`: decisions on record (`training.offpolicy.log`), for the gate.

    The evaluation model sees only what was recorded before the later touches; the registered one
    everything, with the slopes that the later touches showed.
    """
    known = known_before(events, cutoff)
    if known.num_rows == 0:
        raise BadInput("no event was recorded before the cutoff", field="--cutoff")
    with ThreadPoolExecutor(1) as beside:
        # A registry out of reach is told of now, not after all the work.
        ready = beside.submit(registry.make_ready, settings)
        data, split, judged, rates = _on_the_earlier(known, contacts, cutoff, progress)
        ready.result()
        digest = beside.submit(fingerprint, known, contacts)
        judging = beside.submit(evaluate, judged, known, contacts, split, rates)
        progress("the model of all touches")
        later = data.watched.take((data.watched.time * DAY >= split) & ~data.closed)
        slopes = later_slopes(judged, later)
        model = fit_model(data, judged.encoding, {}, progress, MEMBERS, slopes)
        report, card = judging.result(), _card(data, known, now, cutoff, digest.result())
    card |= {"metrics": report.metrics}
    model = dataclasses.replace(model, card=card)
    progress("the gate")
    champion, alone = _champion(settings)
    since = _unseen_since(champion, split)
    verdict = gate.judge(
        judged, champion, data, since, *_self_test(model, data),
        None if champion is None else rehearse(model, champion, progress),
        _by_record(judged, champion, log, known, contacts, since), alone,
    )  # fmt: skip
    version = _register(settings, model, data, report, verdict)
    if verdict.passed:
        registry.promote(settings, version)
    return Trained(version, verdict.passed, verdict, report, card)


def _on_the_earlier(
    known: pa.Table, contacts: pa.Table | None, cutoff: int | None, progress: Progress
) -> tuple[Dataset, int, Model, Mapping[str, Any]]:
    """All touches, where the later ones begin, a model of those before, and their plain rates."""
    progress("features")
    data, encoding = prepare(known, contacts, until=cutoff)
    if not len(data.watched):
        raise BadInput("there is no touch to learn from", field="kind")
    split = _split(data)
    early, _ = prepare(known_before(known, split), contacts, encoding, split)
    progress("a model of the earlier touches, to be judged on the later ones")
    seen = early if len(early.watched) else data
    judged = fit_model(seen, encoding, {}, progress, JUDGED_MEMBERS, _ONES)
    return data, split, judged, rates_of(early, np.ones(len(early.watched), bool))


_ONES = {"land": 1.0, "annoy": 1.0, "follow_up": 1.0}


def _split(data: Dataset) -> int:
    """The moment (microseconds) after which the latest mature touches are judged."""
    times = data.watched.time[data.mature()]
    times = times if len(times) else data.watched.time
    return int(np.quantile(times, 1 - LATER) * DAY)


def _champion(settings: Settings) -> tuple[Model | None, str]:
    """The champion, or None and why there is none to compare with."""
    try:
        return registry.load_model(settings)[1], ""
    except NoModel:
        return None, gate.NO_CHAMPION
    except IncompatibleModel as error:
        return None, f"the champion cannot be read any more ({error})."


def _by_record(
    judged: Model, champion: Model | None, log: pa.Table | None, known: pa.Table,
    contacts: pa.Table | None, since: int,
) -> OnRecord | None:  # fmt: skip
    """What the record tells of both; None without a champion or a record that tells."""
    if champion is None or log is None:
        return None
    return on_record(judged, champion, log, known, contacts, since)


def _unseen_since(champion: Model | None, split: int) -> int:
    """Touches from here on were seen by neither model in training."""
    return split if champion is None else max(split, int(champion.card.get("until_us", 0)))


def _self_test(model: Model, data: Dataset) -> tuple[Any, Any]:
    """Predictions before saving and after loading again, on up to 500 touches."""
    rows = data.watched.x[:: max(len(data.watched) // 500, 1)]
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(model, Path(folder))
        again = artifact.load(Path(folder))
    return np.array(model.chances(rows)), np.array(again.chances(rows))


def _card(
    data: Dataset, known: pa.Table, now: datetime, cutoff: int | None, digest: str
) -> dict[str, Any]:
    """What is known of the making, JSON-ready; times are RFC 3339 UTC."""
    w = data.watched
    return {
        "trained_at": _text(microseconds(now)),
        "cutoff": None if cutoff is None else _text(cutoff),
        "until_us": data.until,
        "trained_on": {
            "events": known.num_rows,
            "touches": len(w),
            "contacts": len(np.unique(w.contact)),
            "lands": int((w.why == 1).sum()),
            "annoyances": int((w.why == 2).sum()),
            "from": _text(int(w.time.min() * DAY)),
            "until": _text(data.until),
            "fingerprint": digest,
        },
        "rates": rates_of(data, np.ones(len(w), bool)),
        "fineline": installed("fineline"),
    }


def _text(us: int) -> str:
    return moment_of(us).isoformat().replace("+00:00", "Z")


def _register(
    settings: Settings, model: Model, data: Dataset, report: Report, verdict: Verdict
) -> str:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        plots.save_all(files / "plots", model, data, report)
        (files / "verdict.json").write_text(json.dumps(verdict.as_dict(), indent=1))
        (files / "metrics.json").write_text(json.dumps(report.metrics, indent=1))
        (files / "verdict.md").write_text(verdict.page())
        lock = Path(__file__).parent.parent / "requirements.lock"
        if lock.exists():
            (files / "requirements.lock").write_bytes(lock.read_bytes())
        trained = model.card["trained_on"]
        return registry.register(
            settings,
            model,
            params={
                **TREES,
                **{f"annoy_{name}": value for name, value in FEW_OUTCOMES.items()},
                "members": MEMBERS,
                "seed": SEED,
                "columns": len(model.columns),
            },
            metrics=_numbers(report.metrics),
            files=files,
            description=(
                f"Trained on {trained['touches']:,} touches of {trained['contacts']:,} contacts, "
                f"{trained['from'][:10]} to {trained['until'][:10]}; "
                f"{'passed' if verdict.passed else 'stopped by'} the gate."
            ),
            tags={
                "fineline.data": trained["fingerprint"],
                "fineline.gate": "passed" if verdict.passed else "failed",
            },
        )


def _numbers(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers of a nested mapping, by path, as MLflow keeps them."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat |= _numbers(value, f"{path}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[path] = float(value)
    return flat

"""A model on disk: LightGBM's own text, a JSON manifest, and a table of who reached out.

Nothing is pickled. `FORMAT` changes when an older reader could misread what is written; a manifest
of another major format is refused with a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import IncompatibleModel
from models.attributes import Attribute, Encoding
from models.backbone import Basis
from models.evidence import EvidenceTable
from models.forest import parse
from models.given import Given
from models.lags import LAG_EDGES, Baseline
from models.ledger import Ledger
from models.model import Model, feature_names
from models.outcome import Outcome

#: Up to the third, columns told other things of senders and clients; with the fourth, all was
#: credited to the latest touch of a thread, and nothing carried over; up to the fifth, no term of a
#: backbone was a square.
FORMAT, OLDEST = 6, 4
READS = f"{OLDEST} to {FORMAT}"
MANIFEST = "manifest.json"
LEDGER = "ledger.parquet"
OUTCOMES = ("land", "annoy", "follow_up")


def save(model: Model, folder: Path) -> None:
    """Write `model` into `folder` (made if it is not there)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OUTCOMES:
        for i, text in enumerate(getattr(model, name).texts):
            (folder / f"{name}_{i}.txt").write_text(text, encoding="utf-8")
    model.ledger.save(folder / LEDGER)
    manifest = {
        "format": FORMAT,
        "columns": list(model.columns),
        "lag_edges_days": LAG_EDGES.tolist(),
        "attributes": [{"name": a.name, "levels": a.levels} for a in model.encoding.attributes],
        "evidence": model.evidence.counts.tolist(),
        "usual": [None if np.isnan(v) else float(v) for v in model.usual],
        "outcomes": {name: _outcome_manifest(getattr(model, name)) for name in OUTCOMES},
        "card": model.card,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def load(folder: Path) -> Model:
    """Read what `save` wrote. Raises IncompatibleModel if it cannot be read rightly."""
    manifest = _manifest(folder)
    encoding = _encoding(manifest)
    position = _positions(manifest["columns"], feature_names(encoding), folder)
    outcomes = {
        name: _outcome(name, spec, position, feature_names(encoding), folder)
        for name, spec in manifest["outcomes"].items()
    }
    return Model(
        **outcomes,
        encoding=encoding,
        evidence=EvidenceTable(np.array(manifest["evidence"], np.int64)),
        ledger=Ledger.load(folder / LEDGER),
        usual=_usual(manifest, position, len(feature_names(encoding))),
        card=manifest["card"],
    )


def readable(folder: Path) -> bool:
    """Whether `load` would find a manifest that this version understands."""
    try:
        manifest = _manifest(folder)
        _positions(manifest["columns"], feature_names(_encoding(manifest)), folder)
    except (IncompatibleModel, KeyError, TypeError):
        return False
    return True


def _encoding(manifest: dict[str, Any]) -> Encoding:
    return Encoding(
        tuple(
            Attribute(a["name"], None if a["levels"] is None else tuple(a["levels"]))
            for a in manifest["attributes"]
        )
    )


def _outcome_manifest(o: Outcome) -> dict[str, Any]:
    return {
        "baseline_cumulative_hazard": o.baseline.cumulative.tolist(),
        "baseline_by_channel": o.baseline.by_channel.tolist(),
        "backbone_terms": list(o.basis.names),
        "backbone_coefficients": o.coefficients.tolist(),
        "backbone_covariance": o.covariance.tolist(),
        "variance_between": o.between.tolist(),
        "carry": o.carry,
        "given_columns": o.given.columns.tolist(),
        "given_centres": o.given.centres.tolist(),
        "given_scales": o.given.scales.tolist(),
        "given_weights": o.weights.tolist(),
        "columns": list(o.columns),
        "members": len(o.texts),
        "slope": o.slope,
        "crude_share": o.crude,
        "events": o.events,
    }


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IncompatibleModel(f"{folder.name}: no readable {MANIFEST} ({error})") from None
    if manifest.get("format") not in range(OLDEST, FORMAT + 1):
        raise IncompatibleModel(
            f"the model has format {manifest.get('format')}, this version reads {READS}; "
            "train it again or use the fineline it was made with"
        )
    if manifest["lag_edges_days"] != LAG_EDGES.tolist():
        raise IncompatibleModel("the model counts time since a touch in other bins; train it again")
    return manifest


def _positions(stored: Sequence[str], current: Sequence[str], folder: Path) -> list[int]:
    known = {name: i for i, name in enumerate(current)}
    gone = [name for name in stored if name not in known]
    if gone:
        raise IncompatibleModel(
            f"{folder.name}: the model needs the feature {gone[0]!r}, which this version does not "
            "have; train it again or use the fineline it was made with"
        )
    return [known[name] for name in stored]


def _usual(manifest: dict[str, Any], position: list[int], columns: int) -> Any:
    """The usual touch; unknown in columns that are new since."""
    row = np.full(columns, np.nan, np.float32)
    row[position] = np.array(manifest["usual"], np.float32)
    return row


def _outcome(
    name: str, spec: dict[str, Any], position: list[int], names: Sequence[str], folder: Path
) -> Outcome:
    columns = tuple(position[c] for c in spec["columns"])
    texts = tuple(
        (folder / f"{name}_{i}.txt").read_text(encoding="utf-8") for i in range(spec["members"])
    )
    return Outcome(
        name=name,
        baseline=Baseline(
            np.array(spec["baseline_cumulative_hazard"]), np.array(spec["baseline_by_channel"])
        ),
        basis=Basis.of(spec["backbone_terms"], names),
        coefficients=np.array(spec["backbone_coefficients"]),
        forests=tuple(parse(text, columns) for text in texts),
        slope=spec["slope"],
        crude=spec["crude_share"],
        events=spec["events"],
        texts=texts,
        columns=columns,
        covariance=_covariance(spec),
        between=np.array(spec["variance_between"]),
        given=_given(spec, position),
        weights=np.array(spec["given_weights"]),
        carry=spec.get("carry", 0.0),
    )


def _given(spec: dict[str, Any], position: list[int]) -> Given:
    return Given(
        np.array([position[c] for c in spec["given_columns"]], np.int64),
        np.array(spec["given_centres"], float),
        np.array(spec["given_scales"], float),
    )


def _covariance(spec: dict[str, Any]) -> Any:
    """Unknown, shape (0, 0), of what comes from base rates."""
    found = spec["backbone_covariance"]
    return np.array(found, float).reshape(len(found), len(found))

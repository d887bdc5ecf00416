"""Golden questions: kept with an artifact together with what the model answered when it was made.

Whoever loads the artifact asks them again, so that a damaged file, or a fineline that computes
features otherwise, is found before it answers anybody. No question is about a real person: the
histories are invented, the rows drawn from the thresholds of the model's own trees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import IncompatibleModel, UnsoundModel
from features.events.rows import events_from_rows
from models.decide import Decider
from models.decision import Decision, ModelRef, Request
from models.model import Model

GOLDEN = "golden.json"
#: Largest difference of a chance: processors differ in the last digits of exp and log.
TOLERANCE = 1e-9
_ROWS = 32
_HINTS = ("nudge", "wait", "stop")
_START = datetime(2024, 3, 4, 10, tzinfo=UTC)

Rows = npt.NDArray[np.float32]


def write(model: Model, folder: Path) -> None:
    """Put the golden questions and the model's answers beside the artifact in `folder`."""
    rows = _rows(model)
    content = {
        "files": {path.name: _digest(path) for path in sorted(folder.iterdir())},
        "columns": list(model.columns),
        "rows": [[None if np.isnan(v) else float(v) for v in row] for row in rows],
        "chances": _of_rows(model, rows),
        "requests": [
            {"asked": asked, "chances": _chances(decision)}
            for asked, decision in zip(
                _QUESTIONS, _decide(Decider(model, _REF), _QUESTIONS), strict=True
            )
        ],
    }
    (folder / GOLDEN).write_text(json.dumps(content), encoding="utf-8")


def check(decider: Decider, folder: Path) -> None:
    """Ask again what is kept in `folder`; raises UnsoundModel at the first other answer.

    An artifact from before there were golden questions is asked whether its answers make sense.
    """
    content = _content(folder)
    for name, digest in content.get("files", {}).items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise UnsoundModel(f"{name} of the artifact is not as it was written")
    model = decider.model
    if "rows" in content:
        again = _of_rows(model, _as_columns(content, model))
        for name, was in content["chances"].items():
            _same(f"{name} of a stored row", was, again[name])
    questions = content.get("requests", [{"asked": q} for q in _QUESTIONS])
    decisions = _decide(decider, [q["asked"] for q in questions])
    for i, (question, decision) in enumerate(zip(questions, decisions, strict=True)):
        _sensible(f"golden request {i}", decision)
        found = _chances(decision)
        for name, was in question.get("chances", {}).items():
            _same(f"{name} of golden request {i}", [was], [found[name]])


def _content(folder: Path) -> Mapping[str, Any]:
    path = folder / GOLDEN
    if not path.exists():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnsoundModel(f"no readable {GOLDEN} ({error})") from None
    return content


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _rows(model: Model) -> Rows:
    """Rows that fall on both sides of the trees' thresholds, with gaps here and there."""
    rng = np.random.default_rng(0)
    rows = np.full((_ROWS, len(model.columns)), np.nan, np.float32)
    for column, values in enumerate(_thresholds(model)):
        rows[:, column] = rng.choice(values, _ROWS) + rng.choice([-1e-3, 0.0, 1e-3], _ROWS)
    gaps = rng.random(rows.shape) < 0.1
    for outcome in (model.land, model.annoy, model.follow_up):
        # What the backbone reads is known of every touch.
        gaps[:, outcome.basis.columns] = False
    rows[gaps] = np.nan
    return rows


def _thresholds(model: Model) -> Iterator[npt.NDArray[np.float64]]:
    forests = [f.trees for o in (model.land, model.annoy, model.follow_up) for f in o.forests]
    for column in range(len(model.columns)):
        parts = [f.threshold[f.feature == column] for f in forests]
        found = np.concatenate([*parts, np.array([0.0, 1.0])])
        yield np.unique(found[np.isfinite(found)])


def _of_rows(model: Model, rows: Rows) -> dict[str, list[float]]:
    chances = (*model.chances(rows), *model.chances_before_next(rows))
    names = ("p_land", "p_annoy", "p_land_before_next", "p_annoy_before_next")
    return {name: values.tolist() for name, values in zip(names, chances, strict=True)}


def _as_columns(content: Mapping[str, Any], model: Model) -> Rows:
    """The stored rows with their columns where this fineline has them."""
    place = {name: i for i, name in enumerate(model.columns)}
    gone = [name for name in content["columns"] if name not in place]
    if gone:
        raise IncompatibleModel(f"the model needs the feature {gone[0]!r}; train it again")
    stored = np.array(content["rows"], np.float32)
    rows = np.full((len(stored), len(place)), np.nan, np.float32)
    rows[:, [place[name] for name in content["columns"]]] = stored
    return rows


def _same(what: str, was: Sequence[float], now: Sequence[float]) -> None:
    gap = np.abs(np.asarray(was) - np.asarray(now))
    # Not a number is never within anything.
    if not (gap <= TOLERANCE).all():
        i = int(np.argmax(~(gap <= TOLERANCE)))
        raise UnsoundModel(
            f"the model does not answer as it did when it was made: {what} was {was[i]:.6g} and is "
            f"{now[i]:.6g}; train it again or use the fineline it was made with"
        )


def _sensible(what: str, d: Decision) -> None:
    shares = [v for chances in (d.if_nudged, d.if_left_alone) for v in (chances.p_land,
              chances.p_annoy)] + [v for p in d.curve for v in (p.p_land, p.p_annoy)]  # fmt: skip
    sound = all(0.0 <= v <= 1.0 for v in shares) and np.isfinite(d.score) and d.hint in _HINTS
    if not sound:
        raise UnsoundModel(f"the model's answer to {what} makes no sense")


def _chances(d: Decision) -> dict[str, float]:
    """What the model alone says: plan and rules are the service's, and may change with it."""
    return {
        "p_land if nudged": d.if_nudged.p_land,
        "p_annoy if nudged": d.if_nudged.p_annoy,
        "p_land if left alone": d.if_left_alone.p_land,
        "p_annoy if left alone": d.if_left_alone.p_annoy,
    }


def _decide(decider: Decider, questions: Sequence[Mapping[str, Any]]) -> list[Decision]:
    return decider.decide([_request(q) for q in questions])


def _request(asked: Mapping[str, Any]) -> Request:
    rows = [{"contact_id": asked["contact_id"], **event} for event in asked["history"]]
    events, problems = events_from_rows(rows, fill_event_ids=True)
    if problems:
        raise UnsoundModel(f"a golden request cannot be asked: {problems[0].message}")
    return Request(
        asked["contact_id"], datetime.fromisoformat(asked["at"]), events, asked["campaign_id"],
        country=asked["country"], channels=(asked["channel"],),
    )  # fmt: skip


def _question(number: int, days: float, channel: str, country: str | None, *events: Any) -> Any:
    """An invented history of (day, kind, more), asked about `days` after its beginning."""
    history = [
        {"kind": kind, "occurred_at": _moment(day), "campaign_id": "role", **more}
        for day, kind, more in events
    ]
    return {
        "contact_id": f"golden-{number}", "at": _moment(days), "campaign_id": "role",
        "channel": channel, "country": country, "history": history,
    }  # fmt: skip


def _moment(day: float) -> str:
    return (_START + timedelta(days=day)).isoformat()


_REF = ModelRef("golden", "0")
_MAIL = {"channel": "email", "actor_id": "recruiter", "relevance": 0.7, "personalized": True}
_CALL = {"channel": "phone", "actor_id": "recruiter", "account_id": "client"}
_QUESTIONS = (
    _question(0, 0, "email", None),
    _question(1, 3, "email", "US", (0, "touch", _MAIL)),
    _question(2, 9, "phone", "DE", (0, "touch", _MAIL), (0.2, "open", {}), (4, "touch", _CALL)),
    _question(3, 40, "email", "GB", (0, "touch", _MAIL), (5, "touch", _MAIL),
              (6, "reply", {"sentiment": "neutral"}), (30, "touch", _MAIL)),
    _question(4, 6, "linkedin", None, *((d, "touch", {"channel": "linkedin"}) for d in range(6))),
    _question(5, 90, "email", "NL", (0, "touch", _MAIL), (1, "reply", {"sentiment": "positive"}),
              (3, "meeting", {}), (80, "touch", _MAIL | {"campaign_id": "other"})),
    _question(6, 5, "email", "FR", (0, "touch", _MAIL), (2, "opt_out", {})),
)  # fmt: skip

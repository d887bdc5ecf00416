"""`fineline offpolicy` on the record of an agency that was run by fineline."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from features.errors import BadInput, FinelineError
from features.events.files import write_events
from features.events.parquet_format import write_parquet
from models.decide import Decider
from models.decision import Request, Utility
from models.hold import Hold
from serving.answers import to_table
from serving.batch import decided
from serving.record import Record
from training.offpolicy.command import offpolicy
from training.offpolicy.played import Played, at_random, play
from training.simulate.environment import PLAYABLE, Environment
from training.simulate.history import START

#: When hours open in Berlin in winter: what is best early in the day has to be asked for early.
OPENING = timedelta(hours=7)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of a plain cadence, and the events."""
    folder = tmp_path_factory.mktemp("played")
    found: Played = play("fatigue", 700, 3, 100, at_random(0.1, 3))
    write_parquet(found.log, folder / "log.parquet")
    write_events(found.events, folder / "events.parquet")
    return folder


def run(folder: Path, *words: str) -> Result:
    log, events = folder / "log.parquet", folder / "events.parquet"
    words = (str(log), "--events", str(events), "--window", "30", "--course", "60", *words)
    return CliRunner().invoke(offpolicy, list(words), catch_exceptions=True)


def test_policies_are_valued_at_one_occasion_and_at_all(played: Path, tmp_path: Path) -> None:
    picture = tmp_path / "qini.png"
    result = run(played, "--json", "--plot", str(picture))
    assert result.exit_code == 0, result.exception
    found = json.loads(result.output)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert found["log"]["held"] == pytest.approx(0.1 * found["log"]["nudges_drawn"], rel=0.2)
    logged, nudge, hold = found["at_one_occasion"]
    assert [p["policy"] for p in (logged, nudge, hold)] == ["logged", "nudge", "hold"]
    for name in ("ips", "snips", "dr"):
        mixed = 0.9 * nudge[name]["value"] + 0.1 * hold[name]["value"]
        assert logged[name]["value"] == pytest.approx(mixed, abs=0.003)
        assert nudge[name]["low"] < nudge[name]["value"] < nudge[name]["high"]
    assert (logged["effective_sample_size"], logged["mean_weight"]) == (
        pytest.approx(found["log"]["nudges_followed_long_enough"]), pytest.approx(1.0)
    )  # fmt: skip
    effect = found["effect_of_a_nudge"]
    assert effect["value"]["mean"]["value"] == pytest.approx(
        nudge["dr"]["value"] - hold["dr"]["value"]
    )
    assert effect["value"]["qini_coefficient"]["low"] < effect["value"]["qini_coefficient"]["high"]
    assert effect["touches"]["qini_coefficient"] is None
    worth = [effect[name]["mean"]["value"] for name in ("landed", "annoyed", "touches")]
    assert effect["value"]["mean"]["value"] == pytest.approx(
        worth[0] - 2 * worth[1] - 0.01 * worth[2], abs=1e-6
    )
    courses = {p["policy"]: p for p in found["at_every_occasion"]}
    assert courses["nudge"]["dr"] is not None
    assert courses["hold"]["dr"] is None


def test_the_tables_say_the_same_in_words(played: Path) -> None:
    result = run(played, "--policy", "nudge", "--policy", "score > 0.1", "--clip", "5")
    assert result.exit_code == 0, result.exception
    text = result.output
    assert "weights clipped at 5" in text
    assert "score > 0.1" in text
    assert "the log has too little of what this policy does" in text
    assert "Effect of nudging over holding for a week" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--policy", "stop"), "'stop' is no policy"),
        (("--policy", "colour > 1"), "'colour' is not a number in the log"),
        (("--by", "colour"), "'colour' is not a column"),
        (("--window", "500"), "no drawn decision is followed by 500 days"),
    ],
)
def test_what_cannot_be_told_is_said(played: Path, words: tuple[str, ...], says: str) -> None:
    error = run(played, *words).exception
    assert isinstance(error, FinelineError)
    assert says in str(error)


def test_a_log_without_draws_is_refused(played: Path, tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_bytes((played / "events.parquet").read_bytes())
    found = play("fatigue", 20, 3, 30, lambda w: (np.zeros(len(w.thread), bool),
                                                  np.zeros(len(w.thread))))  # fmt: skip
    write_parquet(found.log, tmp_path / "log.parquet")
    error = run(tmp_path).exception
    assert isinstance(error, BadInput)
    assert "propensity is 1 throughout" in str(error)


def _requests(e: Environment, at: Any) -> list[Request]:
    """What a CRM would ask about its open threads."""
    events, utility = e.observe(at), Utility(50.0, 0.5, 0.0)
    owner = events["contact_id"].cast(pa.string()).to_numpy(zero_copy_only=False)
    found = []
    for thread in e.open_threads(at).tolist():
        contact, campaign = (e.threads[n][thread].as_py() for n in ("contact_id", "campaign_id"))
        mine = events.filter(pa.array(owner == contact, pa.bool_()))
        found.append(Request(contact, at, mine, campaign, "Europe/Berlin", "DE", utility=utility))
    return found


def test_what_fineline_did_and_recorded_can_be_evaluated(decider: Decider, tmp_path: Path) -> None:
    """Weekdays of asking, recording and touching; then the command on the record."""
    e = Environment("fatigue", 60, 4)
    holding = Decider(decider.model, decider.ref, hold=Hold(0.4, b"key"))
    names = list(zip(e.threads["contact_id"].to_pylist(), e.threads["campaign_id"].to_pylist(),
                     strict=True))  # fmt: skip
    for day in range(26):
        at = START + timedelta(days=day) + OPENING
        record = Record(tmp_path / "record", at)
        found = decided(holding, _requests(e, at), record)
        record.keep(to_table(found))
        nudged = [d for d in found if d.hint == "nudge"]
        rows = [names.index((d.contact_id, d.campaign_id)) for d in nudged]
        codes = [PLAYABLE.index(str(d.channel)) for d in nudged]
        e.act(np.array(rows, np.int64), np.array(codes, np.int64), at)
    write_events(e.observe(START + timedelta(days=60)), tmp_path / "events.parquet")
    words = [str(tmp_path / "record"), "--events", str(tmp_path / "events.parquet"), "--json",
             "--window", "20", "--course", "25"]  # fmt: skip
    result = CliRunner().invoke(offpolicy, words, catch_exceptions=False)
    found_there = json.loads(result.output)
    assert found_there["log"]["held"] > 5
    assert found_there["log"]["nudges_drawn"] > 20

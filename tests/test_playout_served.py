"""What plays over HTTP is what was measured: the same people, the same touches, the same end."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from features.errors import BadInput, BadSetting
from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.served import served
from training.playout.arena import Arena, Outcome, Stakes
from training.playout.asked import Game
from training.playout.command import playout
from training.playout.players import checked
from training.playout.plays import Play
from training.playout.policies import Fineline
from training.playout.served import play_served
from training.simulate.worlds import WORLDS

PEOPLE = 30


def counts(outcome: Outcome) -> list[list[int]]:
    return [getattr(outcome, name).tolist() for name in ("landed", "annoyed", "touches")]


def test_a_service_plays_as_its_model_does(decider: Decider) -> None:
    arena = Arena(WORLDS["agency"], PEOPLE, 5)
    here = Game(arena, Stakes()).play(Fineline(Decider(decider.model, ModelRef("fineline", "1"))))
    with served(create_app(ServiceSettings(), lambda: decider)) as address:
        there = play_served(Play("agency", f"served:{address}", PEOPLE, seed=5))
    assert there.outcome.touches.sum() > 0
    assert counts(there.outcome) == counts(here)
    assert there.how == f"asked over HTTP {there.asked:,} times"


def test_the_command_sums_it_up(
    decider: Decider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINELINE_HOME", str(tmp_path))
    options = ["--contacts", "8", "--processes", "1", "--world", "waking"]
    with served(create_app(ServiceSettings(), lambda: decider)) as address:
        words = [*options, "--policy", f"served:{address}/"]
        result = CliRunner().invoke(playout, words, catch_exceptions=False)
    assert f"served:{address}" in result.output
    assert "asked over HTTP" in result.output
    assert not list(tmp_path.rglob("*served*")), "an answer of today was kept"


def test_a_service_that_is_away_or_refuses(decider: Decider) -> None:
    with pytest.raises(BadInput, match="did not answer"):
        play_served(Play("agency", "served:http://127.0.0.1:9", 2))
    app = create_app(ServiceSettings(), lambda: decider)
    with served(app) as address, pytest.raises(BadInput, match="answered 404"):
        play_served(Play("agency", f"served:{address}/elsewhere", 2))
    with pytest.raises(BadSetting, match="served:http"):
        checked("served:ftp://127.0.0.1")

"""`fineline playout`: tables, JSON, the page; refusals in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from training.playout.agenda import Agenda
from training.playout.arena import Outcome
from training.playout.book import Book
from training.playout.cadence import HABIT
from training.playout.command import playout
from training.playout.estimates import Estimate
from training.playout.page import page
from training.playout.pictures import frontier_plot, learning_plot
from training.playout.plays import POLICIES, Play, Played
from training.playout.search import Tried

SMALL = ["--contacts", "60", "--processes", "1"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("FINELINE_HOME", str(tmp_path / "home"))
    return CliRunner()


def test_json_has_every_policy_with_intervals(run: CliRunner) -> None:
    options = ["--policy", "cadence:2x7xphone", "--policy", "habit", "--world", "waking", "--json"]
    result = run.invoke(playout, [*SMALL, *options], catch_exceptions=False)
    answer = json.loads(result.output)
    rows = answer["worlds"]["waking"]["policies"]
    assert [r["policy"] for r in rows] == ["cadence:2x7xphone", "habit"]
    for r in rows:
        assert r["contacts"] == 60
        for name in ("value", "landed", "annoyed", "touches", "over_habit", "share"):
            assert r[name]["low"] <= r[name]["mean"] <= r[name]["high"]
        worth = r["landed"]["mean"] - 2 * r["annoyed"]["mean"] - 0.01 * r["touches"]["mean"]
        assert r["value"]["mean"] == pytest.approx(worth, abs=1e-4)
        counted = r["counted"]
        worth = counted["landed"] - 2 * counted["annoyed"] - 0.01 * counted["touches"]
        assert counted["value"] == pytest.approx(worth, abs=1e-4)
        assert 60 * counted["landed"] == pytest.approx(round(60 * counted["landed"]), abs=1e-2)
    assert rows[1]["share"]["mean"] == 0
    again = run.invoke(playout, [*SMALL, *options], catch_exceptions=False)
    assert again.output == result.output


def test_a_table_for_people(run: CliRunner) -> None:
    result = run.invoke(playout, [*SMALL, "--policy", "habit"], catch_exceptions=False)
    assert result.output.startswith("World agency; ")
    assert "5x3xemail" in result.output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--policy", "guess"], "choose one of habit, classifier"),
        (["--policy", "cadence:5x3xpigeon"], "such as 5x3xemail"),
        (["--world", "mars"], "there is no world 'mars'"),
        (["--learn-from", "mars"], "there is no world 'mars'"),
        (["--policy", "classifier", "--history", "0"], "needs a history"),
        (["--report", "page.md", "--history", "0"], "--history: a report needs a history"),
    ],
)
def test_refusals(run: CliRunner, options: list[str], says: str) -> None:
    result = run.invoke(playout, [*SMALL, *options])
    assert result.exit_code != 0
    assert says in result.output + str(result.exception)


def made_up(play: Play, lift: float) -> Played:
    random = np.random.default_rng(len(play.world))
    n = play.only or play.contacts
    luck = random.random(play.contacts)[:n]
    landed, annoyed = (luck < 0.3 + lift).astype(int), (luck > 0.97).astype(int)
    outcome = Outcome(landed, annoyed, np.full(n, 3), np.zeros((n, 2)), np.zeros((n, 2), int))
    notes = tuple(("fair", "email", 0.1, 0.05, 0.2, 0.1, 0.1, 0.0, 0.01, 0.1) for _ in range(60))
    return Played(play, outcome, "made up", 10, notes if play.policy == "fineline" else ())


@pytest.fixture(scope="module")
def book() -> Book:
    agenda = Agenda(("agency", "waking"), contacts=400, history=500, histories=2)
    lifts = dict(zip(POLICIES, (0.0, -0.2, 0.05, 0.2, 0.3, 0.25, 0.4), strict=True))
    plays = {p: made_up(p, lifts[p.policy]) for p in agenda.plays()}
    return Book(agenda, plays, {w: [Tried(HABIT, 0.3, 0.1, 5.0)] for w in agenda.worlds})


def test_the_page_is_made_of_the_plays(book: Book) -> None:
    text = "\n".join(page(book, "plots"))
    assert "better in 2 of 2 worlds (interval above zero), worse in 0" in text
    assert "aim 0.7: reached" in text
    assert "As counted, with the luck of the draws: " in text
    assert "as in the world agency, where the habit lands" in text
    for world in book.agenda.worlds:
        share = book.share(book.agenda.main(world, "fineline"))
        assert f"{share.mean:.3f} ({share.low:.3f} to {share.high:.3f})" in text
        assert f"### {world}: " in text
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.M)
    assert len(tables) == 10
    for table in tables:
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1
    assert "nan" not in text


def test_the_plots_are_drawn(book: Book, tmp_path: Path) -> None:
    from training.plots import save

    save(frontier_plot([book.frontier(w) for w in book.agenda.worlds]), tmp_path / "f.png")
    save(learning_plot(book.curves(), "average of the worlds"), tmp_path / "l.png")
    assert all((tmp_path / name).stat().st_size > 5000 for name in ("f.png", "l.png"))


def test_names_beside_curves_stand_apart() -> None:
    ends = {"a": 0.5, "b": 0.5, "c": 1.0}
    curves = {n: [(0, Estimate(0.0, 0.1)), (100, Estimate(y, 0.1))] for n, y in ends.items()}
    (axis,) = learning_plot(curves | {"all": curves["c"]}, "all").axes
    heights = {text.get_text(): text.xy[1] for text in axis.texts}  # type: ignore[attr-defined]
    assert heights["c"] == 1.0
    low, high = axis.get_ylim()
    assert abs(heights["a"] - heights["b"]) > 0.02 * (high - low)


def test_an_agenda_plays_nobody_twice_and_is_sized_by_contacts() -> None:
    agenda = Agenda(("agency", "waking", "steady"), contacts=1000)
    plays = list(dict.fromkeys(agenda.plays()))
    assert {p.policy for p in plays} == set(POLICIES)
    assert {p.world for p in agenda.abroad("agency")} == {"waking"}
    assert max(p.contacts for p in plays) == 1000
    assert all(p.learn_from for p in plays if p.policy == "fineline")


@pytest.mark.slow
def test_the_whole_report_small(run: CliRunner, tmp_path: Path, small_trees: None) -> None:
    out = tmp_path / "quality.md"
    options = ["--contacts", "40", "--history", "300", "--world", "waking", "--report", str(out)]
    result = run.invoke(playout, ["--processes", "1", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "## Learning curve" in out.read_text()
    assert (tmp_path / "quality" / "frontier.png").exists()
    assert (tmp_path / "quality" / "learning.png").exists()

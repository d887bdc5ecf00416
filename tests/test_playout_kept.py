"""Results are computed once, and anew when anything they depend on changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.playout import sources as sources_module
from training.playout.kept import Kept
from training.playout.plays import CLEAR, FINELINE, HABITUAL, INSIDER, Play
from training.playout.sources import digest, sources

HINDSIGHT = "training.playout.hindsight"


def names(module: str) -> set[str]:
    return {str(p.relative_to(Path(sources_module._ROOT))) for p in sources(module)}


def test_a_result_is_computed_once_for_its_key(tmp_path: Path) -> None:
    kept, calls = Kept(tmp_path), []

    def compute() -> dict[str, int]:
        calls.append(1)
        return {"found": len(calls)}

    assert kept.result("a", {"world": "x"}, HINDSIGHT, compute)["found"] == 1
    assert kept.result("a", {"world": "x"}, HINDSIGHT, compute)["found"] == 1
    assert kept.result("a", {"world": "y"}, HINDSIGHT, compute)["found"] == 2
    assert kept.result("a", {"world": "x"}, "training.train", compute)["found"] == 3


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    def fail(*_: object) -> dict[str, int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.result("a", {}, HINDSIGHT, fail)
    with pytest.raises(KeyboardInterrupt):
        kept.folder("a", {}, HINDSIGHT, fail)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert not list((tmp_path / "models").iterdir())


def test_a_folder_is_filled_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for text in ("first", "second"):
        path = kept.folder("m", {}, HINDSIGHT, lambda f, t=text: (f / "x").write_text(t))  # type: ignore[misc]
    assert (path / "x").read_text() == "first"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_result_depends_on_the_code_that_makes_it_and_no_other() -> None:
    assert {"training/simulate/dynamics.py", "training/playout/search.py"} <= names(HINDSIGHT)
    assert not any(n.startswith("models/") for n in names(HINDSIGHT))
    policies = names("training.playout.policies")
    assert {"models/planner.py", "models/rules.py", "features/catalog/thread.py"} <= policies
    students = names("training.playout.students")
    assert "training/fit.py" in students
    assert "models/planner.py" not in students
    assert digest("training.playout.policies") != digest("training.playout.students")


def test_a_key_holds_what_the_policy_looks_at() -> None:
    learned = {"learn_from": "waking", "history": 500}
    habit, insider, ours = (
        Play("agency", p, 10, **learned)  # type: ignore[arg-type]
        for p in (HABITUAL, INSIDER, FINELINE)
    )
    assert not {"learn_from", "history", "tuned_on", "rounds"} & set(habit.key())
    assert {"tuned_on", "rounds"} <= set(insider.key())
    assert learned.items() <= ours.key().items()
    assert "learn_from" not in Play("agency", FINELINE, 10, learn_from="waking").key()
    assert not {"contacts", "only"} & set(Play("agency", CLEAR, 10).tuning_key())

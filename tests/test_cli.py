"""The command line: every command listed, explained with an example, and failing in a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from features.events.files import write_events
from features.events.parquet_format import write_parquet
from serving.cli import SHORT_HELP, root

ROOT = Path(__file__).parent.parent
SUBCOMMANDS = {"ingest": ("messages", "mbox", "csv")}


def fineline(*words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("FINELINE_", "MLFLOW_"))
    }
    environment |= {"FINELINE_HOME": str(home), "PYTHONWARNINGS": "default", **more}
    return subprocess.run(
        [sys.executable, "-m", "serving.cli", *words],
        env=environment, capture_output=True, text=True, timeout=240, check=False, cwd=ROOT,
    )  # fmt: skip


def test_help_lists_every_command() -> None:
    text = CliRunner().invoke(root, ["--help"]).output
    assert all(f"  {name} " in text for name in SHORT_HELP)


@pytest.mark.parametrize(
    "words", [(n,) for n in SHORT_HELP if n not in SUBCOMMANDS]
    + [(n, sub) for n, subs in SUBCOMMANDS.items() for sub in subs],
)  # fmt: skip
def test_every_command_shows_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(root, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"fineline {' '.join(words)}" in result.output


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from serving.cli import root; root(['--help'], standalone_mode=False); "
        "sys.exit(any(m in sys.modules for m in ('pandas', 'mlflow', 'numba', 'lightgbm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_bad_input_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "events.csv"
    bad.write_text("event_id,contact_id,occurred_at,kind\ne1,c1,2026-01-01T10:00:00,open\n")
    result = fineline("train", "--events", str(bad), home=tmp_path / "home")
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "row 1, field occurred_at" in result.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("train", "--events", "nowhere.parquet"), "nowhere.parquet"),
        (("score", "--events", "x.csv", "--at", "noon", "--out", "o.parquet"), "'noon'"),
        (("score", "--events", "x.csv", "--at", "2026-01-01", "--out", "o.parquet"), "no offset"),
        (("rollback",), "no champion to roll back"),
        (("promote", "7"), "no version '7'"),
        (("serve", "--port", "99999"), "FINELINE_PORT"),
        (("yardstick", "--data", "nowhere"), "college_messages"),
    ],
)
def test_failures_are_one_sentence(words: tuple[str, ...], text: str, tmp_path: Path) -> None:
    result = fineline(*words, home=tmp_path / "home")
    assert result.returncode != 0
    assert text in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, agency: Any) -> tuple[Path, Path]:
    """A home with a champion, and the folder of the events it was trained on."""
    folder = tmp_path_factory.mktemp("agency")
    write_events(agency[0], folder / "events.parquet")
    write_parquet(agency[1], folder / "contacts.parquet")
    result = fineline(
        "train", "--events", str(folder / "events.parquet"), "--contacts",
        str(folder / "contacts.parquet"), "--json", home=folder / "home", OMP_NUM_THREADS="1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    summary = orjson.loads(result.stdout)
    assert summary["champion"], summary["gate"]
    assert summary["version"] == "1"
    assert summary["metrics"]["land"]["overall"]["roc_auc"] > 0.6
    return folder / "home", folder


def test_evaluate_writes_one_row_per_touch(trained: tuple[Path, Path], tmp_path: Path) -> None:
    home, folder = trained
    out = tmp_path / "p.parquet"
    result = fineline(
        "evaluate", "--events", str(folder / "events.parquet"), "--from", "2024-10-01T00:00:00Z",
        "--predictions", str(out), "--json", home=home,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    metrics = orjson.loads(result.stdout)["metrics"]
    table = pq.read_table(out)
    assert table.column_names[:3] == ["event_id", "p_land", "p_annoy"]
    assert table.num_rows >= metrics["touches"] > 0


def test_score_writes_the_columns_of_the_contract(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    home, folder = trained
    out = tmp_path / "scores.parquet"
    words = ("score", "--events", str(folder / "events.parquet"), "--contacts",
             str(folder / "contacts.parquet"), "--at", "2024-09-04T10:00:00Z")  # fmt: skip
    result = fineline(*words, "--out", str(out), home=home)
    assert result.returncode == 0, result.stderr
    table = pq.read_table(out)
    assert table.num_rows > 50
    for name in ("decision_id", "hint", "if_nudged_p_land", "plan_gap_days", "curve", "reasons",
                 "evidence_level", "model_version"):  # fmt: skip
        assert name in table.column_names
    assert orjson.loads(table["curve"][0].as_py())[0]["delay_days"] == 0


def test_serve_answers_and_stops_cleanly(trained: tuple[Path, Path]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"FINELINE_HOME": str(trained[0])}
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.cli", "serve", "--port", str(port)],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        body = (ROOT / "docs" / "examples" / "score.json").read_bytes()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/score", body, {"content-type": "application/json"}
        )
        answer = _answer(request, process)
        assert orjson.loads(answer)["hint"] in ("nudge", "wait", "stop")
        busy = fineline("serve", "--port", str(port), home=trained[0])
        assert busy.returncode == 1
        assert "choose another with --port" in busy.stderr
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def _answer(request: urllib.request.Request, process: subprocess.Popen[str]) -> bytes:
    for _ in range(240):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()  # type: ignore[no-any-return]
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the server did not answer within two minutes")

"""The command line: every command listed, explained with an example, and failing in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import orjson
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from features.errors import NoModel
from features.events.files import write_events
from features.events.parquet_format import write_parquet
from serving import cli, commands
from serving.cli import SHORT_HELP, main, root
from tests.served import serving
from tests.test_flight import eventually

ROOT = Path(__file__).parent.parent
Run = Callable[..., tuple[int, str, str]]
#: MLflow's own code warns about what its dependencies deprecate.
asks_mlflow = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SUBCOMMANDS = {
    "ingest": ("messages", "mbox", "csv"),
    "webhooks": ("add", "list", "remove", "test", "failed", "redeliver"),
}


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


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`main` in this process: what it leaves with, and says on stdout and stderr."""
    for name in ("FINELINE_TRACKING_URI", "MLFLOW_TRACKING_URI", "FINELINE_DEBUG"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("FINELINE_HOME", str(tmp_path / "home"))

    def called(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fineline", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capfd.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return called


@asks_mlflow
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
def test_failures_are_one_sentence(run: Run, words: tuple[str, ...], text: str) -> None:
    status, _, said = run(*words)
    assert status == 1
    assert text in said
    assert len(said.strip().splitlines()) == 1


def test_what_is_no_command_is_said_with_status_2(run: Run) -> None:
    status, _, said = run("dance")
    assert (status, "No such command 'dance'" in said) == (2, True)


def test_the_version_is_the_installed_one(run: Run) -> None:
    assert run("--version")[:2] == (0, f"fineline, version {version('fineline')}\n")


def _plays(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `fineline train` raise `error`."""

    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli, "_load", lambda _: failing)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (ZeroDivisionError("by\nzero"), 70, "Unexpected ZeroDivisionError: by zero; run `fineline"),
        (EOFError("cut off"), 70, "Unexpected EOFError: cut off; run `fineline --debug"),
        (KeyboardInterrupt(), 130, "Stopped."),
        (NoModel("there is no model"), 1, "Error: there is no model"),
        (click.exceptions.Exit(3), 3, ""),
    ],
)
def test_however_a_command_ends_it_is_one_sentence_and_a_status(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    text: str,
) -> None:
    _plays(monkeypatch, error)
    found, _, said = run("train")
    assert found == status
    assert said.strip().startswith(text)
    assert len(said.strip().splitlines()) <= 1


def test_debug_shows_the_trace(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _plays(monkeypatch, ZeroDivisionError("secret"))
    with pytest.raises(ZeroDivisionError, match="secret"):
        run("--debug", "train")


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


@asks_mlflow
def test_evaluate_writes_one_row_per_touch(
    trained: tuple[Path, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = trained
    monkeypatch.setenv("FINELINE_HOME", str(home))
    out = tmp_path / "p.parquet"
    status, said, errors = run(
        "evaluate", "--events", str(folder / "events.parquet"), "--from", "2024-10-01T00:00:00Z",
        "--predictions", str(out), "--json",
    )  # fmt: skip
    assert status == 0, errors
    metrics = orjson.loads(said)["metrics"]
    table = pq.read_table(out)
    assert table.column_names[:3] == ["event_id", "p_land", "p_annoy"]
    assert table.num_rows >= metrics["touches"] > 0


@asks_mlflow
def test_score_writes_the_columns_of_the_contract(
    trained: tuple[Path, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = trained
    monkeypatch.setenv("FINELINE_HOME", str(home))
    out = tmp_path / "scores.parquet"
    words = ("score", "--events", str(folder / "events.parquet"), "--contacts",
             str(folder / "contacts.parquet"), "--at", "2024-09-04T10:00:00Z")  # fmt: skip
    status, said, errors = run(*words, "--out", str(out))
    assert status == 0, errors
    table = pq.read_table(out)
    assert f"Wrote {table.num_rows:,} open threads" in said
    assert table.num_rows > 50
    for name in ("decision_id", "hint", "if_nudged_p_land", "plan_gap_days", "curve", "reasons",
                 "evidence_level", "model_version"):  # fmt: skip
        assert name in table.column_names
    assert orjson.loads(table["curve"][0].as_py())[0]["delay_days"] == 0
    status, _, errors = run(*words, "--out", str(tmp_path / "nowhere" / "scores.parquet"))
    assert (status, "cannot be written" in errors) == (1, True)
    assert [p.name for p in tmp_path.iterdir()] == ["scores.parquet"]
    role = table["campaign_id"][0].as_py()
    closed = tmp_path / "campaigns.csv"
    closed.write_text(f"campaign_id,closes_at\n{role},2024-09-01T00:00:00Z\n")
    status, _, errors = run(*words, "--campaigns", str(closed), "--out", str(out))
    assert status == 0, errors
    rules = [r["rule"] for r in orjson.loads(pq.read_table(out)["rules"][0].as_py())]
    assert "role_closed" in rules
    status, _, errors = run(*words, "--count-senders", "--out", str(out))
    assert status == 0, errors
    # The model has learned from all of these events: of nobody more is known.
    assert pq.read_table(out)["if_nudged_p_land"] == table["if_nudged_p_land"]


@asks_mlflow
def test_the_demonstration_trains_only_where_there_is_no_champion(
    trained: tuple[Path, Path], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(commands, "_leave_when_terminated", lambda status: None)
    monkeypatch.setattr(commands, "_require_free", lambda host, port: None)
    monkeypatch.setattr(commands, "_command", lambda *words: called.append(words[0]))
    monkeypatch.setattr(commands, "_bring_to_today", lambda *_: called.append("store"))
    monkeypatch.setattr(commands, "_decide_about_all", lambda _: called.append("look"))
    monkeypatch.setattr(commands, "_run", lambda settings: called.append("serve"))
    status, said, errors = run("demo")
    assert (status, called) == (0, ["simulate", "store", "train", "look", "serve"]), errors
    assert "curl" in said
    monkeypatch.setenv("FINELINE_HOME", str(trained[0]))
    called.clear()
    assert run("demo")[0] == 0
    assert called == ["serve"]


def test_a_step_of_the_demonstration_that_fails_ends_it_with_its_status(run: Run) -> None:
    with pytest.raises(SystemExit) as left:
        commands._command("promote")
    assert left.value.code == 2


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[int, str, str]:
    """Signal a server; its status, and all it said."""
    process.send_signal(by)
    said, errors = process.communicate(timeout=30)
    return process.returncode, said, errors


def others_than_takeovers(errors: str) -> list[str]:
    """What a server logged but for the version that answers."""
    return [line for line in errors.splitlines() if "is the champion here" not in line]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_and_stops_cleanly(
    trained: tuple[Path, Path], run: Run, by: signal.Signals
) -> None:
    with serving(trained[0]) as (address, process):
        body = (ROOT / "docs" / "examples" / "score.json").read_bytes()
        request = urllib.request.Request(
            f"{address}/v1/score", body, {"content-type": "application/json"}
        )
        answer = _answer(request, process)
        assert orjson.loads(answer)["hint"] in ("nudge", "wait", "stop")
        status, _, said = run("serve", "--port", address.rsplit(":", 1)[1])
        assert (status, "choose another with --port" in said) == (1, True)
        status, said, errors = ended(process, by)
    assert (status, others_than_takeovers(errors)) == (0, [])
    assert address in said


def test_two_workers_add_up_their_metrics_and_end_when_terminated(
    trained: tuple[Path, Path],
) -> None:
    with serving(trained[0], "--workers", "2") as (address, process):
        _answer(urllib.request.Request(f"{address}/healthz"), process)
        for _ in range(9):
            _answer(urllib.request.Request(f"{address}/healthz"), process)
        asked = 'fineline_requests_total{method="GET",route="/healthz",status="200"} 10.0'

        def metrics() -> str:
            return _answer(urllib.request.Request(f"{address}/metrics"), process).decode()

        # A worker counts a request once it has answered: another may tell of it a little later.
        eventually(lambda: asked in metrics(), seconds=5)
        page = metrics()
        status, _, errors = ended(process, signal.SIGTERM)
    assert (status, others_than_takeovers(errors)) == (0, [])
    assert asked in page
    assert 'fineline_model_info{version="1"} 1.0' in page


def _answer(request: urllib.request.Request, process: subprocess.Popen[str]) -> bytes:
    for _ in range(240):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()  # type: ignore[no-any-return]
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the server did not answer within two minutes")

"""`fineline ingest` as it is called, and its page in the docs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from features.commands import ingest
from features.errors import BadInput, BadSetting
from features.events.files import read_events
from features.ingest.activity_map import ActivityMap, parse_map, ready_maps
from features.ingest.mapped_csv import read_mapped_csv
from tests.mails import BOB, ME, answer, sent, story, write_mbox
from tests.realdata import real_data

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "ingest.md").read_text("utf-8")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(ingest, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_messages_writes_events_and_says_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("a b 1\nb a 2\n")
    for suffix in ("parquet", "csv", "jsonl"):
        out = tmp_path / f"events.{suffix}"
        said = run("messages", tmp_path / "m.txt", "--out", out)
        assert said.startswith("2 messages: 1 threads with 1 touches and 1 replies")
        assert said.strip().endswith(f"Written to {out}.")
        assert len(read_events(out)) == 2


def test_mbox_takes_several_addresses(tmp_path: Path) -> None:
    box = write_mbox(
        tmp_path / "box", [sent("m1"), answer("r1", "m1", 1, sender="eve@agency.test")]
    )
    said = run("mbox", box, "--me", ME, "--me", "Eve@agency.test", "--out", tmp_path / "e.parquet")
    assert said.startswith("2 mails: 1 thread with 1 touch, 0 replies")
    assert story(read_events(tmp_path / "e.parquet")) == [("touch", BOB, "")]


def test_csv_takes_a_ready_map_by_name(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(
        "id,feed,candidate_id,created_at,user_id\n1,email,5,2026-01-05T09:00:00Z,7\n"
    )
    out = tmp_path / "e.csv"
    said = run("csv", tmp_path / "feed.csv", "--map", "greenhouse", "--out", out)
    assert said.startswith("1 rows: 1 events (1 touch) in 1 threads")
    assert len(read_events(out)) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("messages", "bad.txt", "--out", "e.parquet"), BadInput),
        (("messages", "none.txt", "--out", "e.parquet"), BadInput),
        (("messages", "m.txt", "--out", "e.xlsx"), BadInput),
        (("messages", "m.txt", "--out", "no/such/folder/e.parquet"), BadInput),
        (("mbox", "m.txt", "--me", ME, "--out", "e.parquet"), BadInput),
        (("mbox", "box", "--me", "Ann", "--out", "e.parquet"), BadSetting),
        (("csv", "m.txt", "--map", "nope", "--out", "e.parquet"), BadInput),
    ],
)
def test_bad_input_is_an_error_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    error: type[Exception],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.txt").write_text("a b\n")
    Path("m.txt").write_text("a b 1\n")
    write_mbox(Path("box"), [sent("m1")])
    before = sorted(tmp_path.iterdir())
    result = CliRunner().invoke(ingest, list(arguments))
    assert isinstance(result.exception, error)
    assert result.exit_code == 1
    assert "\n" not in str(result.exception)
    assert sorted(tmp_path.iterdir()) == before


def test_an_existing_file_survives_a_failure(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("a b\n")
    (tmp_path / "e.parquet").write_text("precious")
    CliRunner().invoke(
        ingest, ["messages", str(tmp_path / "bad.txt"), "--out", str(tmp_path / "e.parquet")]
    )
    assert (tmp_path / "e.parquet").read_text() == "precious"


@pytest.mark.parametrize("command", ["messages", "mbox", "csv"])
def test_help_shows_an_example_and_the_docs_the_command(command: str) -> None:
    assert f"fineline ingest {command} " in run(command, "--help")
    assert f"`fineline ingest {command} PATH" in DOCS


def test_every_ready_map_is_in_the_help_and_in_the_docs() -> None:
    said = " ".join(run("csv", "--help").split())
    for name in ready_maps():
        assert name in said
        assert f"| `{name}` |" in DOCS


def test_the_example_map_of_the_docs_works_and_shows_every_key(tmp_path: Path) -> None:
    example, export = (re.search(rf"```{kind}\n(.*?)```", DOCS, re.S) for kind in ("yaml", "csv"))
    assert example is not None
    assert export is not None
    activity_map = parse_map(example[1], "docs")
    assert activity_map.model_fields_set == set(ActivityMap.model_fields)
    (tmp_path / "calls.csv").write_text(export[1], encoding="cp1252")
    table = read_mapped_csv(tmp_path / "calls.csv", activity_map).table
    assert table.column("event_id").to_pylist() == ["calls-1>bob", "calls-1>eve", "calls-2"]
    assert table.column("sentiment").to_pylist() == [None, None, "positive"]


def test_the_module_of_the_command_loads_only_click() -> None:
    heavy = "('pyarrow', 'pandas', 'numpy', 'bs4', 'pydantic', 'yaml', 'tqdm')"
    code = f"import sys, features.commands; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_real_archive_through_the_command(tmp_path: Path) -> None:
    box = real_data("mailbox") / "list.mbox"
    said = run("mbox", box, "--me", "u764b0e002b at example.org", "--out", tmp_path / "e.parquet")
    assert said.startswith("285 mails: ")
    assert "0 unusable" in said

"""Training from the event store: the same data as from files, noted, and naming nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from features.errors import BadInput
from features.store import people, trainings
from features.store.database import Database
from features.store.decisions import Wished
from features.store.events import append
from features.store.people import Person
from models.settings import Settings
from serving.cli import root
from tests.stored import TENANT, rows_of
from training import stored
from training.commands import train
from training.dataset import prepare
from training.simulate.history import simulate

# MLflow's own code warns about what its dependencies deprecate.
asks_mlflow = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def fill(database: Database, contacts: int) -> tuple[pa.Table, pa.Table]:
    """Store a simulated agency; its events and contacts as files give them."""
    events, described = simulate(contacts, 3)
    append(database, TENANT, rows_of(events), 1)
    known = ("contact_id", "timezone", "country")
    persons = [
        Person(*(row[n] for n in known), {n: v for n, v in row.items() if n not in known})
        for row in described.to_pylist()
    ]
    people.describe(database, TENANT, persons, 1)
    return events, described


def test_what_is_read_back_trains_as_files_do(database: Database, database_url: str) -> None:
    events, described = fill(database, 80)
    found = stored.read(Settings(database_url=database_url))
    from_files, encoding = prepare(events, described)
    from_store, again = prepare(found.events, found.contacts)
    assert set(again.columns) == set(encoding.columns)
    assert len(from_store.watched) == len(from_files.watched)
    order = [encoding.columns.index(name) for name in again.columns]
    first = from_files.watched.x.shape[1] - len(order)
    own = [*range(first), *(first + i for i in order)]
    ids = [d.column("event_id").to_pylist() for d in (from_files, from_store)]
    place = {e: i for i, e in enumerate(ids[0])}
    rows = from_files.watched.x[[place[e] for e in ids[1]]][:, own]
    assert np.array_equal(rows, from_store.watched.x, equal_nan=True)


@pytest.mark.parametrize("made", [False, True])
def test_an_empty_store_has_nothing_to_teach(tmp_path: Path, made: bool) -> None:
    settings = Settings(home=tmp_path)
    if made:
        database = Database(settings.store_url)
        database.prepare()
        database.close()
    with pytest.raises(BadInput, match="event store is empty"):
        stored.read(settings)
    assert (tmp_path / "store.db").exists() == made


@pytest.mark.parametrize("words", [[], ["--from-store", "--events", "x.csv"]])
def test_one_source_has_to_be_named(words: list[str]) -> None:
    result = CliRunner().invoke(train, words)
    assert isinstance(result.exception, BadInput)


@asks_mlflow
def test_a_version_is_noted_and_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_trees: None
) -> None:
    monkeypatch.setenv("FINELINE_HOME", str(tmp_path))
    for name in ("MLFLOW_TRACKING_URI", "FINELINE_TRACKING_URI", "FINELINE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    database = Database(Settings(home=tmp_path).store_url)
    events, _ = fill(database, 250)
    result = CliRunner().invoke(root, ["train", "--from-store"], catch_exceptions=False)
    assert "Version 1" in result.output
    contact = events["contact_id"][0].as_py()
    with database.reading() as connection:
        noted = trainings.trained_on(connection, TENANT, contact)
        assert trainings.trained_on(connection, TENANT, "nobody") == []
    assert [(t.model_name, t.model_version) for t in noted] == [("fineline", "1")]
    assert noted[0].trained_us <= datetime.now(UTC).timestamp() * 1e6
    kept = [p.read_bytes() for p in (tmp_path / "artifacts").rglob("*") if p.is_file()]
    assert kept
    people_ = [i.encode() for i in pc.unique(events["contact_id"]).cast(pa.string()).to_pylist()]
    assert not [i for i in people_ if any(i in content for content in kept)]
    database.close()


def test_an_answer_of_before_that_says_no_uplift_is_a_row_of_the_log() -> None:
    chance = {"p_land": 0.1, "p_annoy": 0.01}
    of_before = {"channel": "email", "score": 0.05, "curve": [],
                 "if_nudged": chance, "if_left_alone": chance}  # fmt: skip
    answers = [of_before, {**of_before, "uplift": {"p_land": 0.08, "p_annoy": 0.009}}]
    log = stored._log(
        [Wished("ann", "role", 1, 0, "nudge", False, 0.95, json.dumps(a)) for a in answers]
    )
    assert log["uplift_p_land"].to_pylist() == [None, 0.08]
    assert log["uplift_p_annoy"].to_pylist() == [None, 0.009]
    assert log["if_nudged_p_land"].to_pylist() == [0.1, 0.1]

"""The registry: versions, the champion and the way back, on SQLite and on an MLflow server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.errors import BadInput, NoModel, RegistryUnavailable
from models import registry
from models.model import Model
from models.settings import Settings
from serving.flight.source import Registry
from tests.registries import register, settings_of
from training.dataset import Dataset

# MLflow's own code warns about what its dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def walk_through(settings: Settings, model: Model, data: Dataset) -> None:
    """Register two versions, promote, roll back, load: the same against any store."""
    with pytest.raises(NoModel, match="run `fineline train` first"):
        registry.load(settings)
    one, two = register(settings, model), register(settings, model)
    with pytest.raises(NoModel):
        registry.rollback(settings)
    assert registry.promote(settings, one) is None
    with pytest.raises(NoModel, match="replaced no other"):
        registry.rollback(settings)
    assert registry.promote(settings, two) == one
    assert registry.champion_version(settings) == two
    x = data.watched.x[:50]
    for uri in (None, two, "champion", f"models:/fineline/{two}", "models:/fineline@champion"):
        version, loaded = registry.load_model(settings, uri)
        assert version == two
        assert np.array_equal(loaded.chances(x)[0], model.chances(x)[0])
    assert registry.rollback(settings) == (two, one)
    assert registry.load(settings).ref.version == one
    with pytest.raises(BadInput, match="no version '99'"):
        registry.promote(settings, "99")
    with pytest.raises(NoModel, match="'winner'"):
        registry.load(settings, "winner")


def test_versions_on_sqlite(
    registry_home: Settings, small_model: Model, agency_data: Dataset
) -> None:
    walk_through(registry_home, small_model, agency_data)


def test_every_number_is_logged_however_many_there_are(
    registry_home: Settings, small_model: Model
) -> None:
    params = {f"p{i}": i for i in range(150)}
    metrics = {f"m{i}": i / 7 for i in range(1_100)}
    version = register(registry_home, small_model, params=params, metrics=metrics)
    with registry._client(registry_home) as client:
        run = client.get_run(client.get_model_version(registry_home.model_name, version).run_id)
    assert run.data.params == {name: str(value) for name, value in params.items()}
    assert run.data.metrics == metrics


def test_asking_where_no_registry_is_makes_none(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    assert registry.named(settings) is None
    with pytest.raises(NoModel, match="run `fineline train` first"):
        registry.load(settings)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("uri", ["sqlite:///{file}/x.db", "http://127.0.0.1:1"])
def test_a_registry_that_does_not_answer_is_one_sentence(tmp_path: Path, uri: str) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    broken = Settings(home=tmp_path / "home", tracking_uri=uri.format(file=file))
    with pytest.raises(RegistryUnavailable, match="did not answer"):
        registry.load(broken)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "1", "--backend-store-uri", f"sqlite:///{tmp_path}/server.db",
            "--artifacts-destination", str(tmp_path / "files"),
        ],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health", process)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "mlflow server ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("mlflow server did not start within two minutes")


def test_versions_on_an_mlflow_server(
    server: str, small_model: Model, agency_data: Dataset, tmp_path: Path
) -> None:
    walk_through(Settings(home=tmp_path / "home", tracking_uri=server), small_model, agency_data)


def test_a_file_nobody_has_written_to_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except within a second of a write, when another could hide in the same tick of the clock."""
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"one")
    asked: list[str] = []
    names = iter(("1", "2", "3", "4"))

    def named(_: Settings, alias: str) -> registry.Version:
        asked.append(alias)
        return registry.Version(next(names), "run")

    monkeypatch.setattr(registry, "named", named)
    watched = Registry(Settings(home=tmp_path, tracking_uri=f"sqlite:///{file}"))
    now = file.stat().st_mtime
    monkeypatch.setattr("time.time", lambda: now + 0.5)
    assert [watched.named().number for _ in range(2)] == ["1", "2"]  # type: ignore[union-attr]
    monkeypatch.setattr("time.time", lambda: now + 1.5)
    assert [watched.named().number for _ in range(3)] == ["3"] * 3  # type: ignore[union-attr]
    file.write_bytes(b"another")
    os.utime(file, (now, now + 0.25))
    assert watched.named().number == "4"  # type: ignore[union-attr]
    assert asked == ["champion"] * 4


def test_a_registry_on_a_server_is_always_asked(tmp_path: Path) -> None:
    there = Settings(home=tmp_path, tracking_uri="http://127.0.0.1:9")
    assert registry.stamp(there, 0.0) is None
    gone = Settings(home=tmp_path, tracking_uri=f"sqlite:///{tmp_path}/none.db")
    assert registry.stamp(gone, 1e12) is None

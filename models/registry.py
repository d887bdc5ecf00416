"""The model registry: the only module that knows MLflow.

A version's description, metrics, plots and files live in MLflow; the alias `champion` names the
version that answers, the tag `fineline.previous` on it the one it replaced.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import BadInput, IncompatibleModel, NoModel, RegistryUnavailable
from models import artifact, golden
from models.decide import Decider
from models.decision import ModelRef
from models.hold import Hold
from models.model import Model
from models.settings import Settings
from models.tenant_rules import read_tenant_rules

CHAMPION = "champion"
#: The version in shadow: asked what the champion is asked, never answering.
CHALLENGER = "challenger"
_PREVIOUS = "fineline.previous"
_FOLDER = "model"
_SQLITE = "sqlite:///"
#: What one request may log, by MLflow's documentation of `log-batch`.
_MOST_PARAMS, _MOST_METRICS = 100, 1000

# Read by MLflow when it is imported, which happens on first use only.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
# A connection to a file that was put in the place of another would read the old one for ever.
os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE", "5")


@dataclass(frozen=True, slots=True)
class Version:
    """A version in the registry; a registry made anew numbers from 1 again, `run_id` tells."""

    number: str
    run_id: str


@contextmanager
def _client(settings: Settings) -> Iterator[Any]:
    """An MLflow client on the settings' tracking store; its failures become one sentence."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    for logger in map(logging.getLogger, ("mlflow", "alembic")):
        # Setting a level, even the same, makes every logger think again.
        if logger.level != logging.WARNING:
            logger.setLevel(logging.WARNING)
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        yield MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    except (MlflowException, SQLAlchemyError, RequestException, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RegistryUnavailable(f"the model registry did not answer: {first[:300]}") from error


def _experiment(client: Any, settings: Settings) -> str:
    found = client.get_experiment_by_name(settings.model_name)
    if found is not None:
        return str(found.experiment_id)
    local = None if settings.mlflow_uri.startswith("http") else settings.artifacts.as_uri()
    return str(client.create_experiment(settings.model_name, artifact_location=local))


def make_ready(settings: Settings) -> None:
    """Make the registry where there is none, so that one out of reach is known of before work."""
    with _client(settings) as client:
        _experiment(client, settings)


def register(
    settings: Settings,
    model: Model,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    files: Path,
    description: str,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Log a run with everything in the folder `files`, and register its model; the version."""
    with _client(settings) as client:
        run = client.create_run(_experiment(client, settings), tags=dict(tags or {}))
        run_id = run.info.run_id
        _log_numbers(client, run_id, params, metrics)
        client.log_artifacts(run_id, str(files))
        with tempfile.TemporaryDirectory() as folder:
            artifact.save(model, Path(folder) / _FOLDER)
            golden.write(model, Path(folder) / _FOLDER)
            client.log_artifacts(run_id, str(Path(folder) / _FOLDER), _FOLDER)
        client.set_terminated(run_id)
        _ensure_registered(client, settings)
        version = client.create_model_version(
            settings.model_name,
            f"{client.get_run(run_id).info.artifact_uri}/{_FOLDER}",
            run_id,
            description=description,
            await_creation_for=None,
        )
        return str(version.version)


def _log_numbers(
    client: Any, run_id: str, params: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """In as few calls as MLflow takes them: one for each number is seconds, or as many requests."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    numbers = [Metric(name, number, now, 0) for name, number in metrics.items()]
    texts = [Param(name, str(value)) for name, value in params.items()]
    for some in _batches(texts, _MOST_PARAMS):
        client.log_batch(run_id, params=some)
    for some in _batches(numbers, _MOST_METRICS):
        client.log_batch(run_id, metrics=some)


def _batches(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    return (items[first : first + most] for first in range(0, len(items), most))


def _ensure_registered(client: Any, settings: Settings) -> None:
    if not client.search_registered_models(f"name = '{settings.model_name}'"):
        client.create_registered_model(
            settings.model_name, description="Whether one more follow-up lands or annoys."
        )


def note(settings: Settings, version: str, tags: Mapping[str, str]) -> None:
    """Attach tags, such as the gate's verdict, to a version."""
    with _client(settings) as client:
        for name, value in tags.items():
            client.set_model_version_tag(settings.model_name, version, name, value)


def named(settings: Settings, alias: str = CHAMPION) -> Version | None:
    """The version an alias names, None while it names none. Makes no registry where none is."""
    from mlflow.exceptions import MlflowException

    if not _is_there(settings):
        return None
    with _client(settings) as client:
        try:
            found = client.get_model_version_by_alias(settings.model_name, alias)
        except MlflowException as error:
            # What the registry says of an unknown model, and of an unknown alias.
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        return Version(str(found.version), str(found.run_id))


def _file(settings: Settings) -> str | None:
    """The path of an SQLite registry's file; None of any other registry."""
    uri = settings.mlflow_uri
    return uri.removeprefix(_SQLITE).split("?")[0] if uri.startswith(_SQLITE) else None


def stamp(settings: Settings, now: float) -> tuple[tuple[int, int, int], ...] | None:
    """What changes whenever an SQLite registry is written to; None where that cannot be told.

    `now`: seconds since 1970. Two writes in one tick of the file system's clock look alike, so
    within a second of a write nothing can be told; nor of a registry that is no file.
    """
    path = _file(settings)
    if path is None:
        return None
    try:
        found = [os.stat(p) for p in (path, f"{path}-wal") if os.path.exists(p)]
    except OSError:
        return None
    if not found or any(now - one.st_mtime < 1.0 for one in found):
        return None
    return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in found)


def _is_there(settings: Settings) -> bool:
    """False only for an SQLite file that is not there: MLflow would make it when asked."""
    path = _file(settings)
    if path is not None:
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
        except OSError:
            # What is wrong with the place, MLflow will say.
            return True
    return True


def champion_version(settings: Settings) -> str | None:
    """The version the alias `champion` names, None while there is none."""
    found = named(settings)
    return None if found is None else found.number


def promote(settings: Settings, version: str) -> str | None:
    """Make `version` the champion; the version it replaces."""
    before = champion_version(settings)
    with _client(settings) as client:
        _require(client, settings, version)
        if before != version:
            client.set_registered_model_alias(settings.model_name, CHAMPION, version)
            if before is not None:
                client.set_model_version_tag(settings.model_name, version, _PREVIOUS, before)
    return before


def rollback(settings: Settings) -> tuple[str, str]:
    """Make the champion's predecessor champion again; (from, to)."""
    now = champion_version(settings)
    if now is None:
        raise NoModel("there is no champion to roll back; train a model first")
    with _client(settings) as client:
        tags = client.get_model_version(settings.model_name, now).tags
        if _PREVIOUS not in tags:
            raise NoModel(f"version {now} replaced no other version; promote one by its number")
        before = str(tags[_PREVIOUS])
        client.set_registered_model_alias(settings.model_name, CHAMPION, before)
    return now, before


def challenge(settings: Settings, version: str | None) -> str | None:
    """Put `version` in shadow, or none; the version that was there."""
    found = named(settings, CHALLENGER)
    with _client(settings) as client:
        if version is not None:
            _require(client, settings, version)
            client.set_registered_model_alias(settings.model_name, CHALLENGER, version)
        elif found is not None:
            client.delete_registered_model_alias(settings.model_name, CHALLENGER)
    return None if found is None else found.number


def _require(client: Any, settings: Settings, version: str) -> None:
    known = client.search_model_versions(f"name = '{settings.model_name}'")
    numbers = sorted(int(v.version) for v in known)
    if not version.isdigit() or int(version) not in numbers:
        listed = ", ".join(map(str, numbers[-10:])) or "none"
        raise BadInput(
            f"there is no version {version!r} of {settings.model_name}; there are: {listed}"
        )


def load_model(settings: Settings, uri: str | None = None) -> tuple[str, Model]:
    """A version and its model: the champion, or what `uri` names.

    `uri` is a version number, an alias, `models:/NAME/VERSION` or `models:/NAME@ALIAS`.
    """
    version = _resolve(settings, uri)
    with tempfile.TemporaryDirectory() as folder:
        return version.number, artifact.load(fetch(settings, version, Path(folder)))


def fetch(settings: Settings, version: Version, folder: Path) -> Path:
    """Download a version's artifact into `folder`; where in it the artifact is."""
    with _client(settings) as client:
        return Path(client.download_artifacts(version.run_id, _FOLDER, str(folder)))


def _resolve(settings: Settings, uri: str | None) -> Version:
    name = (uri or CHAMPION).removeprefix("models:/").removeprefix(settings.model_name)
    name = name.lstrip("/@") or CHAMPION
    if name.isdigit():
        with _client(settings) as client:
            _require(client, settings, name)
            return Version(name, str(client.get_model_version(settings.model_name, name).run_id))
    found = named(settings, name)
    if found is not None:
        return found
    if uri is None:
        raise NoModel("no model has become champion yet; run `fineline train` first")
    raise NoModel(f"no model is called {uri!r}; give a version number or an alias")


def has_champion(settings: Settings) -> bool:
    """Whether there is a champion, and one that this version can read."""
    try:
        load_model(settings)
    except (NoModel, IncompatibleModel):
        return False
    return True


def load(settings: Settings, uri: str | None = None) -> Decider:
    """A decider on the champion, or on what `uri` names, with the deployment's hold."""
    version, model = load_model(settings, uri)
    return decider_of(settings, version, model)


def decider_of(settings: Settings, version: str, model: Model) -> Decider:
    """A decider on a model under the deployment's settings: its hold and its tenants' rules."""
    decider = Decider(model, ModelRef(settings.model_name, version), hold=Hold.of(settings))
    if settings.rules is not None:
        decider.rulebooks = read_tenant_rules(settings.rules, decider.rulebook)
    return decider

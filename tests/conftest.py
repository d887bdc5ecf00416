"""What several test files share: a small simulated agency and a model trained on it."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from features.store.database import Database
from models.decide import Decider
from models.decision import ModelRef
from models.model import Model
from models.settings import Settings
from serving.flight.source import warm_up
from tests.postgres import Server, server
from tests.registries import copy_of, make_empty, settings_of
from training import fit
from training.dataset import Dataset, prepare
from training.simulate.history import simulate
from training.train import fit_model


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the longer checks too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.getoption("-m")
    for mark, command in (("slow", "test-all"), ("fuzz", "fuzz"), ("soak", "soak")):
        if mark in asked or (mark == "slow" and config.getoption("--run-slow")):
            continue
        skip = pytest.mark.skip(reason=f"a longer check: make {command}")
        for item in items:
            if mark in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def nothing_in_the_background() -> Iterator[None]:
    """Apps under test leave the stores of whoever runs the tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINELINE_REFRESH_SECONDS", "0")
        patch.setenv("FINELINE_LEDGER_SECONDS", "0")
        patch.setenv("FINELINE_SHADOW_SECONDS", "0")
        patch.setenv("FINELINE_WEBHOOK_SECONDS", "0")
        yield


@pytest.fixture(scope="session")
def small_trees() -> Iterator[None]:
    """Few trees: enough to test with."""
    before = fit.MOST_TREES
    fit.MOST_TREES = 40
    yield
    fit.MOST_TREES = before


@pytest.fixture(scope="session")
def agency() -> tuple[pa.Table, pa.Table]:
    """Events and contacts of a small simulated agency."""
    return simulate(2500, 7)


@pytest.fixture(scope="session")
def agency_data(agency: tuple[pa.Table, pa.Table]) -> Dataset:
    """The agency's touches with their features and outcomes."""
    return prepare(*agency)[0]


@pytest.fixture(scope="session")
def small_model(agency: tuple[pa.Table, pa.Table], small_trees: None) -> Model:
    """A model of the small agency."""
    data, encoding = prepare(*agency)
    return fit_model(data, encoding, {"trained_at": "2026-01-01T00:00:00Z"})


@pytest.fixture(scope="session")
def decider(small_model: Model) -> Decider:
    """A decider on the small model, compiled: a service under test does not wait for that."""
    found = Decider(small_model, ModelRef("fineline", "1"))
    warm_up(found)
    return found


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a registry without a model: making one takes MLflow many seconds."""
    home = tmp_path_factory.mktemp("registry")
    with warnings.catch_warnings():
        # MLflow's own code warns about what its dependencies deprecate.
        warnings.simplefilter("ignore")
        make_empty(settings_of(home))
    return home / "mlflow.db"


@pytest.fixture
def registry_home(empty_registry: Path, tmp_path: Path) -> Settings:
    """Settings with a registry of the test's own."""
    return copy_of(empty_registry, tmp_path / "home")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server that is started when the first test asks for it."""
    with server() as found:
        template = Database(found.create("migrated"))
        template.prepare()
        # A database that somebody is connected to cannot be copied.
        template.close()
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of its own for each test, in either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    found: Server = request.getfixturevalue("postgres")
    return found.create(f"test_{uuid.uuid4().hex}", "migrated")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store at `database_url`."""
    found = Database(database_url)
    yield found
    found.close()

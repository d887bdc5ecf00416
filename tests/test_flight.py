"""The champion watched: tested, swapped in whole, refused if bad, and kept for bad days."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from features.errors import NoModel, RegistryUnavailable
from models import artifact, registry
from models.decide import Decider
from models.registry import Version
from models.settings import Settings
from serving.app import create_app
from serving.champion import Champion
from serving.flight.metrics import FlightMetrics
from serving.flight.watch import Watch
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry
from tests.api import asked, post
from tests.registries import quick_model, register
from tests.served import served, serving

# MLflow's own code warns about what its dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
_BODIES = [asked(contact={"contact_id": f"c{i}", "country": "NL"}) for i in range(4)]


def service_of(settings: Settings) -> ServiceSettings:
    """A service on a registry, which it looks at often."""
    return ServiceSettings(home=settings.home, tracking_uri="", watch_seconds=0.05)


def eventually(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is true."""
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not become true")


@contextmanager
def service(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(service_of(settings))) as client:
        yield client


def ready(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()
    return found


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


@dataclass
class Load:
    """Threads that ask one question after the other, and what was answered."""

    address: str
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        with httpx2.Client(base_url=self.address, timeout=30) as client:
            while not self._done.is_set():
                number = (number + 1) % len(_BODIES)
                answer = client.post("/v1/score", json=_BODIES[number])
                if answer.status_code == 200:
                    self.answers.append((number, answer.json()))
                else:
                    self.failures.append(answer.text)

    def seen(self, version: str, since: int) -> bool:
        """Whether an answer after the first `since` is of this version."""
        return any(a["model"]["version"] == version for _, a in self.answers[since:])


def swapped_under_load(settings: Settings, address: str, swaps: int) -> None:
    """Swap the champion again and again; every answer is whole and of the version it names."""
    versions = [register(settings, quick_model(slope)) for slope in (0.5, 0.75)]
    deciders = {v: registry.load(settings, v) for v in ["1", *versions]}
    with TestClient(create_app(ServiceSettings(), lambda: deciders["1"])) as alone:
        app: Any = alone.app
        own: dict[str, list[Any]] = {}
        for version, decider in deciders.items():
            app.state.champion.current = decider
            own[version] = [post(alone, body).json() for body in _BODIES]
    names = [list(deciders)[i % 3] for i in range(1, swaps + 1)]
    with Load(address) as load:
        for version in names:
            before = len(load.answers)
            registry.promote(settings, version)
            eventually(lambda: load.seen(version, before))  # noqa: B023
    assert load.failures == []
    assert len(load.answers) > swaps
    for number, answer in load.answers:
        assert answer == own[answer["model"]["version"]][number]
    named = [answer["model"]["version"] for _, answer in load.answers]
    assert sum(a != b for a, b in pairwise(named)) >= swaps


@pytest.fixture
def flying(registry_home: Settings) -> Settings:
    """A registry whose champion is version 1."""
    registry.promote(registry_home, register(registry_home, quick_model()))
    return registry_home


def test_swaps_under_load_fail_no_request_and_mix_no_answer(flying: Settings) -> None:
    with served(create_app(service_of(flying))) as address:
        swapped_under_load(flying, address, 5)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_swaps_on_two_workers(flying: Settings) -> None:
    with serving(flying.home, "--workers", "2", FINELINE_WATCH_SECONDS="0.2") as (address, _):
        eventually(lambda: _all_name(address, "1"), 120)
        swapped_under_load(flying, address, 100)
        now, before = registry.rollback(flying)
        assert now != before
        eventually(lambda: _all_name(address, before), 10)


def _all_name(address: str, version: str) -> bool:
    """Whether forty answers on connections of their own, so of any worker, name a version."""
    try:
        answers = [httpx2.post(f"{address}/v1/score", json=_BODIES[0]) for _ in range(40)]
    except httpx2.TransportError:
        return False
    return all(a.json().get("model", {}).get("version") == version for a in answers)


def test_a_rollback_is_followed_and_shown(flying: Settings) -> None:
    two = register(flying, quick_model(0.5))
    with service(flying) as client:
        assert ready(client)["version"] == "1"
        registry.promote(flying, two)
        eventually(lambda: ready(client)["version"] == two)
        registry.rollback(flying)
        eventually(lambda: ready(client)["version"] == "1")
        assert client.get("/v1/model").json()["service"]["champion"] == "1"
        page = client.get("/metrics").text
        assert 'fineline_model_info{version="1"} 1.0' in page
        assert f'fineline_model_info{{version="{two}"}} 0.0' in page
        assert metric(client, "fineline_model_swaps_total") == 3


def damage(settings: Settings, version: str, name: str, **changes: object) -> None:
    """Change the manifest of a registered artifact, or cut another file of it."""
    (path,) = settings.artifacts.glob(f"{_run(settings, version)}/artifacts/model/{name}")
    if changes:
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    else:
        path.write_bytes(path.read_bytes()[:-20])


def _run(settings: Settings, version: str) -> str:
    return registry._resolve(settings, version).run_id


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (artifact.MANIFEST, {"format": 99}, f"format 99, this version reads {artifact.READS}"),
        (artifact.LEDGER, {}, "could not be loaded"),
        (artifact.MANIFEST, {"card": {"trained_at": None}}, "is not as it was written"),
    ],
)
def test_a_bad_version_is_refused_and_the_old_one_goes_on(
    flying: Settings, name: str, changes: dict[str, object], said: str
) -> None:
    bad = register(flying, quick_model(0.5))
    damage(flying, bad, name, **changes)
    with service(flying) as client:
        registry.promote(flying, bad)
        eventually(lambda: ready(client)["trouble"] is not None)
        found = ready(client)
        assert (found["version"], found["champion"]) == ("1", bad)
        assert found["trouble"].startswith(f"version {bad} was refused: ")
        assert said in found["trouble"]
        assert post(client, _BODIES[0]).json()["model"]["version"] == "1"
        time.sleep(0.3)
        assert metric(client, "fineline_model_refusals_total") == 1
        assert metric(client, "fineline_champion_answers") == 0
        three = register(flying, quick_model(0.75))
        registry.promote(flying, three)
        eventually(lambda: ready(client)["version"] == three)
        assert ready(client)["trouble"] is None
    with service(flying) as again:
        assert ready(again)["version"] == three


def test_a_service_that_starts_with_a_bad_champion_answers_with_the_last_good_one(
    flying: Settings,
) -> None:
    with service(flying) as client:
        assert ready(client)["version"] == "1"
    bad = register(flying, quick_model(0.5))
    damage(flying, bad, artifact.MANIFEST, format=99)
    registry.promote(flying, bad)
    with service(flying) as again:
        found = ready(again)
        assert (found["version"], found["champion"], found["kept_copy"]) == ("1", bad, True)


def promoted(settings: Settings, version: str) -> bool:
    """Whether it could be: this process may still hold connections to the file of before."""
    try:
        registry.promote(settings, version)
    except RegistryUnavailable:
        return False
    return True


def test_a_registry_that_is_away_and_comes_back(flying: Settings, tmp_path: Path) -> None:
    two = register(flying, quick_model(0.5))
    with service(flying) as client:
        assert ready(client)["trouble"] is None
        away = tmp_path / "away"
        shutil.copytree(flying.home / "artifacts", away / "artifacts")
        shutil.rmtree(flying.home / "artifacts")
        shutil.copy(flying.home / "mlflow.db", away / "mlflow.db")
        (flying.home / "mlflow.db").unlink()
        eventually(lambda: ready(client)["trouble"] is not None)
        assert post(client, _BODIES[0]).json()["model"]["version"] == "1"
        assert metric(client, "fineline_champion_answers") == 0
    with service(flying) as again:
        found = ready(again)
        assert (found["version"], found["kept_copy"]) == ("1", True)
        assert "names no champion" in found["trouble"]
        shutil.copytree(away / "artifacts", flying.home / "artifacts")
        shutil.copy(away / "mlflow.db", flying.home / "mlflow.db")
        eventually(lambda: promoted(flying, two))
        eventually(lambda: ready(again)["version"] == two)
        assert (ready(again)["kept_copy"], ready(again)["trouble"]) == (False, None)


def test_a_registry_behind_a_dead_address_lets_the_kept_copy_answer(flying: Settings) -> None:
    with service(flying) as client:
        assert ready(client)["version"] == "1"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        away = service_of(flying).model_copy(update={"tracking_uri": uri})
        with TestClient(create_app(away)) as client:
            eventually(lambda: "did not answer" in (ready(client)["trouble"] or ""))
            assert (ready(client)["version"], ready(client)["kept_copy"]) == ("1", True)
            assert metric(client, "fineline_registry_up") == 0


class Fake:
    """A source whose answers a test decides."""

    def __init__(self, decider: Decider) -> None:
        self.decider, self.loads = decider, 0
        self.go_on = threading.Event()
        self.failure: Exception | None = None
        self.kept: tuple[Version, Decider] | None = None

    def named(self) -> Version:
        if isinstance(self.failure, RegistryUnavailable):
            raise self.failure
        return Version("1", "run")

    def load(self, version: Version) -> Decider:
        self.loads += 1
        if self.failure is not None:
            raise self.failure
        assert self.go_on.wait(30)
        return self.decider

    @property
    def keeps(self) -> bool:
        return self.kept is not None

    def recall(self) -> tuple[Version, Decider] | None:
        return self.kept


@pytest.fixture
def fake(decider: Decider) -> Fake:
    return Fake(decider)


def watch_of(source: Fake) -> tuple[Watch, Champion]:
    champion = Champion()
    return Watch(source, champion, FlightMetrics(Telemetry().registry), 60), champion


def test_nobody_waits_behind_a_slow_load(fake: Fake) -> None:
    watch, champion = watch_of(fake)
    looking = threading.Thread(target=watch.look)
    looking.start()
    eventually(lambda: fake.loads == 1)
    with pytest.raises(NoModel, match="being loaded"):
        champion.decider()
    fake.go_on.set()
    looking.join()
    assert champion.decider() is fake.decider


def test_a_refused_version_is_left_alone_for_a_while(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("serving.flight.watch.time.monotonic", lambda: now)
    fake.failure = ZeroDivisionError("secret")
    watch, champion = watch_of(fake)
    tries = []
    for _ in range(200):
        watch.look()
        tries.append(fake.loads)
        now += 1
    assert [tries.count(n) for n in (1, 2)] == [30, 60]
    with pytest.raises(Exception, match="the server's log says why"):
        champion.decider()


def test_a_registry_that_fails_while_loading_is_asked_again_at_once(fake: Fake) -> None:
    fake.kept = (Version("0", "old"), fake.decider)
    fake.failure = RegistryUnavailable("the model registry did not answer")
    watch, champion = watch_of(fake)
    assert not watch.look()
    assert champion.kept
    fake.failure = None
    fake.go_on.set()
    assert watch.look()
    assert (champion.kept, champion.trouble, fake.loads) == (False, None, 1)

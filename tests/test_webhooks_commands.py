"""`fineline webhooks`: endpoints added, tried, listed and removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from features.errors import BadInput
from features.moments import microseconds
from features.store.database import Database
from features.store.events import append
from serving.settings import ServiceSettings
from serving.webhooks.command import webhooks
from tests.receiver import receiving
from tests.stored import TENANT, touch

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FINELINE_HOME", str(tmp_path))
    monkeypatch.setenv("FINELINE_DATABASE_URL", "")
    monkeypatch.setenv("FINELINE_WEBHOOK_NETWORKS", "127.0.0.0/8")

    def called(*words: str) -> str:
        return str(CliRunner().invoke(webhooks, words, catch_exceptions=False).output)

    return called


def test_from_the_first_to_the_last(run: Run, tmp_path: Path) -> None:
    assert "no endpoint" in run("list")
    with receiving() as receiver:
        said = run("add", receiver.address, "--kind", "opt_out.recorded")
        endpoint, secret = said.split()[1], said.split()[-1]
        assert secret.startswith("whsec_")
        assert secret.encode() not in (tmp_path / "store.db").read_bytes()
        assert "arrived (HTTP 200)" in run("test", endpoint)
        assert receiver.verified(secret)[0]["type"] == "webhook.test"
        receiver.statuses = [503]
        with pytest.raises(BadInput, match="did not arrive: HTTP 503"):
            run("test", endpoint)
    database = Database(ServiceSettings(home=tmp_path, database_url="").store_url)
    row = touch("e1", kind="opt_out", channel=None)
    append(database, TENANT, [row], microseconds(datetime.now(UTC)))
    database.close()
    assert "opt_out.recorded  1 waiting, 0 delivered, 0 dead" in run("list")
    assert secret not in run("list")
    assert "No message was given up" in run("failed")
    assert "0 messages are sent again" in run("redeliver", endpoint)
    assert "no endpoint" in run("list", "--tenant", "other")
    with pytest.raises(BadInput, match="no endpoint"):
        run("remove", endpoint, "--tenant", "other")
    assert "is removed" in run("remove", endpoint)
    assert "no endpoint" in run("list")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "http://crm.example"), "not https"),
        (("add", "https://crm.example", "--kind", "x"), "no kind of message"),
        (("test", "end_0"), "no endpoint"),
        (("remove", "end_0"), "no endpoint"),
        (("redeliver", "end_0"), "no endpoint"),
    ],
)
def test_what_cannot_be_is_a_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        run(*words)

"""The dials over HTTP: tried on the own history, saved, refused, and who changed what when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from features.store import dials, threads
from features.store.database import Database
from features.store.dials import Setting
from models.decide import Decider
from models.dials import Dials
from models.rules import Rulebook
from serving.page.dials_form import Limits, differences, read, values
from serving.stored import dryrun
from serving.stored.dials import save
from serving.stored.dryrun import dry_run
from tests.pages import NOW, filled, page_client, settings_of
from tests.stored import TENANT

LIMITS = Limits.of(Rulebook.load().settings)
#: The little agency is a cold one: with what fineline comes with, nobody would be nudged.
KEEN = Dials(land=30.0)


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, agency: tuple[pa.Table, pa.Table], decider: Decider
) -> Path:
    home = tmp_path_factory.mktemp("dials")
    filled(home, agency, decider, 60)
    database = Database(settings_of(home).store_url)
    save(database, TENANT, 0, KEEN, "eve", "", NOW)
    database.close()
    return home


@pytest.fixture
def home(kept: Path, tmp_path: Path) -> Path:
    """A store of one's own, filled."""
    for file in kept.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def client(home: Path, decider: Decider) -> Iterator[TestClient]:
    with page_client(home, decider) as found:
        yield found


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    found = Database(settings_of(home).store_url)
    yield found
    found.close()


def form(**more: str) -> dict[str, str]:
    return values(KEEN, LIMITS) | {"number": "1"} | more


def kept_settings(database: Database) -> list[Setting]:
    """What was set after the first."""
    with database.reading() as connection:
        return list(dials.history(connection, TENANT, 10))[:-1]


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_limits_are_the_rulebooks() -> None:
    assert (LIMITS.gap_hours, LIMITS.rest_days, LIMITS.week_cap, LIMITS.month_cap) == (20, 14, 3, 8)
    assert LIMITS.hours["email_hours"] == (8 * 60, 18 * 60)
    assert LIMITS.times("email_hours")[:2] == ["08:00", "08:30"]
    own = Rulebook.load().tightened(
        {"caps": [{"touches": 2, "days": 7}],
         "hours": [{"id": "late", "channels": ["email"], "basis": "house", "holidays": "open",
                    "days": {"mon-fri": "09:15-17:00"}}]}
    )  # fmt: skip
    assert Limits.of(own.settings).week_cap == 2
    assert Limits.of(own.settings).times("email_hours")[:2] == ["09:15", "09:30"]


def test_a_form_and_its_dials_say_the_same() -> None:
    some = Dials(2.0, 9.0, 0.5, 48.0, 30.0, 2, 5, "09:00-17:00", "10:00-20:30", "08:30-12:00")
    for one in (Dials(), some):
        assert read(values(one, LIMITS), LIMITS) == (one, {})
    assert read({}, LIMITS) == (Dials(), {})
    assert differences(Dials(), Dials(annoy=4.0, email_hours="09:00-18:00"), LIMITS) == [
        ("An annoyed person costs", "2", "4"), ("E-mails", "08:00 to 18:00", "09:00 to 18:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("annoy", "much", "must be a number from 0 to 1000000"),
        ("annoy", "-1", "must be a number from 0"),
        ("annoy", "nan", "must be a number from 0"),
        ("land", "0", "must be more than 0"),
        ("gap_hours", "2", "must be a number from 20 to 2880; dials only tighten"),
        ("week_cap", "4", "must be a number from 1 to 3; dials only tighten"),
        ("week_cap", "1.5", "must be a whole number"),
        ("email_hours_from", "07:00", "must be between 08:00 and 18:00"),
        ("email_hours_from", "18:00", "must end after they begin"),
    ],
)
def test_wrong_dials_are_named_and_not_saved(
    client: TestClient, database: Database, field: str, value: str, said: str
) -> None:
    tried = client.get("/dials", params=form(**{field: value}))
    assert tried.status_code == 200
    assert said in tried.text.replace("Must", "must")
    assert "Save for everyone" not in tried.text
    answer = client.post("/dials", data=form(**{field: value}))
    assert answer.status_code == 422
    assert said in answer.text
    assert kept_settings(database) == []


def test_a_dry_run_says_what_would_be_otherwise_and_changes_nothing(
    client: TestClient, database: Database
) -> None:
    text = text_of(client.get("/dials", params=form(annoy="10")).text)
    assert re.search(r"fewer touches, .* fewer replies, about [\d.]+ % fewer annoyed", text)
    assert re.search(r"Measured on \d+ touches to \d+ people", text)
    assert re.search(r"Today’s list: \d+ to nudge now instead of \d+", text)
    assert kept_settings(database) == []
    assert "Nothing is changed" in client.get("/dials", params=form()).text


def test_saving_holds_and_says_who_changed_what(client: TestClient, database: Database) -> None:
    sent = form(annoy="4", gap_hours="48", note="they asked  for calm")
    answer = client.post("/dials", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dials?saved=1")
    (one,) = kept_settings(database)
    assert (one.who, one.note) == ("local", "they asked for calm")
    assert Dials.read(one.dials) == replace(KEEN, annoy=4.0, gap_hours=48.0)
    with database.reading() as connection:
        assert threads.waiting(connection, TENANT, 0) > 0
    text = text_of(client.get("/dials?saved=1").text)
    assert "Saved. It holds from now on" in text
    assert "An annoyed person costs: 2 → to 4" in text
    assert "local" in text
    # The same again changes nothing, so nothing is noted.
    client.post("/dials", data=sent | {"number": "2"})
    assert len(kept_settings(database)) == 1


def test_whoever_comes_second_is_told(client: TestClient, database: Database) -> None:
    client.post("/dials", data=form(annoy="4"))
    answer = client.post("/dials", data=form(annoy="5"))
    assert answer.status_code == 409
    assert "Somebody else has saved other dials meanwhile" in answer.text
    assert len(kept_settings(database)) == 1


def test_a_form_of_another_site_sets_nothing(client: TestClient, database: Database) -> None:
    answer = client.post("/dials", data=form(annoy="4"), headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert kept_settings(database) == []


def test_a_dry_run_is_the_same_again_and_nothing_against_itself(
    database: Database, decider: Decider
) -> None:
    before = decider.for_tenant(TENANT).under(KEEN, 1)
    after = before.under(replace(KEEN, annoy=10.0), 2)
    found = dry_run(database, TENANT, before, after, NOW)
    assert found.past is not None
    again = dry_run(database, TENANT, before, after, NOW)
    assert again == found
    same = dry_run(database, TENANT, before, before, NOW)
    assert same.past is not None
    assert same.past.touches.share == same.past.annoyed.share == 0.0
    assert found.past.touches.before == same.past.touches.after
    assert (found.past.touches.share or 0.0) < 0 > (found.past.annoyed.share or 0.0)
    assert found.past.touches.low <= (found.past.touches.share or 0.0) <= found.past.touches.high
    assert found.today is not None
    assert found.today.after <= found.today.before <= found.today.measured <= found.today.open


def test_a_touch_put_off_by_hours_still_counts(database: Database, decider: Decider) -> None:
    before = decider.for_tenant(TENANT).under(Dials(1000.0, 0.0, 0.0), 0)
    after = before.under(Dials(1000.0, 0.0, 0.0, email_hours="09:00-17:30"), 1)
    found = dry_run(database, TENANT, before, after, NOW)
    assert found.past is not None
    assert found.past.touches.share == pytest.approx(0.0, abs=0.05)


def test_patience_ends_and_only_one_runs_at_a_time(
    database: Database, decider: Decider, monkeypatch: pytest.MonkeyPatch, client: TestClient
) -> None:
    own = decider.for_tenant(TENANT)
    monkeypatch.setattr(dryrun, "PATIENCE", {"past": 0.0, "today": 0.0})
    monkeypatch.setattr(dryrun, "_AT_ONCE", 5)
    short = dry_run(database, TENANT, own, own, NOW)
    assert short.past is None or short.past.people <= 10
    with dryrun._one_at_a_time:
        answer = client.get("/dials", params=form(annoy="4"))
    assert answer.status_code == 503
    assert "Another dry run is under way" in answer.text


def test_without_history_there_is_nothing_to_measure(decider: Decider, tmp_path: Path) -> None:
    with page_client(tmp_path, decider) as empty:
        assert "No touch is 30 days old yet" in empty.get("/dials", params=form(annoy="4")).text
        assert empty.post("/dials", data=form(number="0")).status_code == 200


def test_dials_that_advise_nothing_are_said_to(client: TestClient) -> None:
    client.post("/dials", data=form(land="1", annoy="50"))
    page = client.get("/dials", params=form(land="1", annoy="60")).text
    assert "would have made none of these touches" in page


def test_outcomes_are_counted_where_there_are_enough(
    database: Database, decider: Decider, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = decider.for_tenant(TENANT).under(KEEN, 1)
    monkeypatch.setattr(dryrun, "FEW", 0)
    counted = dry_run(database, TENANT, own, own, NOW).past
    monkeypatch.setattr(dryrun, "FEW", 10**6)
    expected = dry_run(database, TENANT, own, own, NOW).past
    assert counted is not None
    assert expected is not None
    assert (counted.replies.expected, expected.replies.expected) == (False, True)
    assert counted.replies.before == int(counted.replies.before)
    # The model is calibrated on this agency: what it expects is near what happened.
    assert expected.replies.before == pytest.approx(counted.replies.before, abs=8)


def test_old_touches_are_another_years(database: Database, decider: Decider) -> None:
    own = decider.for_tenant(TENANT)
    assert dry_run(database, TENANT, own, own, NOW + timedelta(days=900)).past is None

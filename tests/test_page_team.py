"""The team's page: counts against a plain loop, following, calibration, and its empty states."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from features.moments import microseconds
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from serving import sample_use
from serving.page import charts
from serving.sample_use import use
from serving.stored import calibration, team
from serving.stored.calibration import incidence
from serving.stored.fates import ends, fates
from serving.stored.following import following
from serving.stored.matured import matured
from serving.stored.tally import Tally, share_interval
from serving.telemetry import Telemetry
from tests.factories import agency as random_agency
from tests.factories import table
from tests.pages import NOW, filled, page_client, settings_of
from tests.stored import TENANT, everything, rows_of, touch

MONTH = timedelta(days=30)


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, agency: tuple[pa.Table, pa.Table], decider: Decider
) -> Iterator[Path]:
    """A store in which fineline has been used for a while; these tests only read it."""
    found = tmp_path_factory.mktemp("team")
    filled(found, agency, decider, 200)
    database = Database(settings_of(found).store_url)
    assert use(database, TENANT, decider, NOW) > 150
    database.close()
    return found


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    found = Database(settings_of(home).store_url)
    yield found
    found.close()


@pytest.fixture
def client(home: Path, decider: Decider) -> Iterator[TestClient]:
    with page_client(home, decider) as found:
        yield found


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_counts_are_those_of_a_loop(database: Database) -> None:
    """Touches of the last year that are a month old, and who answered within 30 days of each."""
    events = sorted(
        everything(database).to_pylist(), key=lambda e: (e["occurred_at"], e["event_id"])
    )
    threads: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for event in events:
        threads.setdefault((event["contact_id"], event["campaign_id"]), []).append(event)
    gone = {e["contact_id"]: e["occurred_at"] for e in reversed(events)
            if e["kind"] in ("opt_out", "complaint")}  # fmt: skip
    counted: Counter[tuple[int, str]] = Counter()
    for (contact, _), own in threads.items():
        number = 0
        for event in own:
            if event["kind"] != "touch" or event["occurred_at"] > gone.get(contact, NOW):
                continue
            number += 1
            if NOW - 12 * team.MONTH - MONTH < event["occurred_at"] <= NOW - MONTH:
                counted[min(number, team.NUMBERS), event["channel"]] += 1
    found = team.team(database, TENANT, NOW)
    by_number = {g.name: g.total.touches for g in found.groups["number"]}
    # Touches after a thread has ended are left out here; the loop does not know of ends by answers.
    for k, name in enumerate([*map(str, range(1, 6)), "6 and more"], 1):
        loop = sum(n for (number, _), n in counted.items() if number == k)
        assert loop * 0.9 <= by_number[name] <= loop
    assert found.people == found.everybody == 200
    for groups in found.groups.values():
        assert sum(g.total.touches for g in groups) == found.whole.total.touches
    assert sum(q.touches for q in found.whole.quarters) == found.whole.total.touches


def test_fates_are_of_open_threads_and_within_30_days() -> None:
    def at(day: int) -> str:
        return f"2026-01-{day:02}T09:00:00Z"

    events = table([
        touch("a", occurred_at=at(1)), touch("b", occurred_at=at(3)),
        touch("r", kind="reply", channel=None, sentiment="positive", occurred_at=at(4)),
        touch("c", occurred_at=at(9)),
        touch("d", "ben", occurred_at=at(1)),
        touch("o", "ben", kind="opt_out", channel=None, occurred_at="2026-02-20T09:00:00Z"),
        touch("e", "cleo", occurred_at=at(1)),
        touch("q", "cleo", kind="complaint", channel=None, occurred_at=at(2)),
    ])  # fmt: skip
    f = fates(events, microseconds(datetime.fromisoformat("2026-02-03T00:00:00+00:00")))
    ids = [events["event_id"][k].as_py() for k in f.row.tolist()]
    # "c" came after the thread had landed; ben's opt-out was not known yet.
    assert ids == ["a", "b", "d", "e"]
    assert f.landed.tolist() == [False, True, False, False]
    assert f.annoyed.tolist() == [False, False, False, True]
    assert f.mature.tolist() == [True, True, True, True]
    late = fates(events, microseconds(datetime.fromisoformat("2026-03-03T00:00:00+00:00")))
    assert late.annoyed.tolist() == [False, False, False, True]
    over = ends(events, microseconds(datetime.fromisoformat("2026-03-03T00:00:00+00:00")))
    assert {contact: landed for (contact, _), (_, landed) in over.items()} == {
        "anna": True, "ben": False, "cleo": False,
    }  # fmt: skip


def test_events_of_any_shape_have_fates() -> None:
    events = random_agency(11)
    f = fates(events, microseconds(NOW))
    kinds = events["kind"].to_pylist()
    assert {kinds[k] for k in f.row.tolist()} == {"touch"}
    assert not (f.landed & f.annoyed).any()


def test_larger_teams_are_drawn_from(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "EVENTS", 500)
    some = team.team(database, TENANT, NOW)
    assert 50 < some.people < some.everybody == 200
    assert some == team.team(database, TENANT, NOW)


def test_intervals_of_ratios() -> None:
    assert Tally(5, 0, 0).ratio is None
    assert Tally(5, 0, 0).ratio_interval == (0.0, None)
    assert Tally(5, 0, 2).ratio_interval[1] is None
    low, high = Tally(200, 40, 8).ratio_interval
    assert high is not None
    assert low < 0.2 < high
    few, many = share_interval(1, 10), share_interval(100, 1000)
    assert few[0] < many[0] < 0.1 < many[1] < few[1]


def test_the_share_that_happens_is_what_it_is_without_follow_ups() -> None:
    """Of touches followed up at random, the share that would have landed comes out."""
    random = np.random.default_rng(0)
    n, share = 20_000, 0.3
    lands = np.where(random.random(n) < share, random.uniform(0, 30, n), 99.0)
    followed = np.where(random.random(n) < 0.6, random.uniform(0, 30, n), 30.0)
    days, happened = np.minimum(lands, followed), (lands < followed).astype(float)
    assert happened.mean() < share - 0.05
    assert incidence(days, happened, np.zeros(n)) == pytest.approx(share, abs=0.01)


def test_hints_are_compared_with_what_happened(database: Database, client: TestClient) -> None:
    found = calibration.calibration(database, TENANT, NOW)
    assert found.touches >= calibration.LEAST
    assert [b.said for b in found.land] == sorted(b.said for b in found.land)
    assert all(b.interval[0] <= b.happened <= b.interval[1] for b in (*found.land, *found.annoy))
    text = text_of(client.get("/team").text)
    assert re.search(r"When we said [\d.]+ % , [\d.]+ % landed", text)
    assert f"Of {found.touches:,} touches that were made within a day of a hint" in text


def test_metrics_tell_how_what_was_said_has_held(database: Database) -> None:
    found, bins = matured(database, NOW), calibration.calibration(database, TENANT, NOW)
    assert found.touches == sum(b.touches for b in bins.land) > 0
    for outcome, of in (("land", bins.land), ("annoy", bins.annoy)):
        low, high = min(b.said for b in of), max(b.said for b in of)
        assert low <= found.said[outcome] <= high
        assert 0 <= found.happened[outcome] <= 1
    telemetry = Telemetry()
    telemetry.matured(found)
    page = telemetry.page().decode()
    assert f"fineline_matured_touches {float(found.touches)}" in page
    assert f'fineline_matured_said{{outcome="land"}} {found.said["land"]}' in page


def test_metrics_of_an_empty_store_are_no_numbers(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path}/store.db")
    empty.prepare()
    found = matured(empty, NOW)
    empty.close()
    assert (found.touches, np.isnan(found.said["land"])) == (0, True)


def test_following_is_what_was_said(database: Database, client: TestClient) -> None:
    found = following(database, TENANT, NOW)
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT action, count(*) FROM feedback GROUP BY action")
        said = dict(iter(rows))  # type: ignore[arg-type]
    assert (found.followed, found.overridden) == (said["followed"], said["overridden"])
    assert sum(n for _, n in found.reasons) <= found.overridden
    for tally in found.since.values():
        assert tally.landed + tally.annoyed <= tally.touches
    text = text_of(client.get("/team").text)
    assert f"{found.followed:,} followed, {found.overridden:,} overridden" in text
    assert found.reasons[0][0] in text


def test_the_latest_word_on_a_decision_counts(decider: Decider, tmp_path: Path) -> None:
    with page_client(tmp_path, decider) as client:
        client.post("/v1/events", json=[touch("a", occurred_at="2026-06-01T09:00:00Z")])
        decision = client.get("/v1/contacts/anna/hint").json()["decision_id"]
        for action in ("followed", "overridden"):
            sent = {"action": action, "reason": "They are away"}
            client.post(f"/v1/decisions/{decision}/feedback", json=sent)
        text = text_of(client.get("/team").text)
    assert "0 followed, 1 overridden" in text
    assert "They are away 1" in text
    assert "fewer than 20 whose 30 days are over" in text


@pytest.mark.parametrize("by", ["number", "channel", "recruiter", "nonsense"])
def test_the_page_puts_touches_together(client: TestClient, database: Database, by: str) -> None:
    found = team.team(database, TENANT, NOW).groups[by if by != "nonsense" else "number"]
    page = client.get("/team", params={"by": by}).text
    assert page.count('<svg class="whisker"') == len(found)
    text = text_of(page)
    for group in found:
        assert f"{group.total.annoyed:,} {group.total.landed:,} {group.total.touches:,}" in text
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son[a-z]+=", page)


def test_drawings_keep_to_their_frames() -> None:
    months = [Tally(100, 10, k % 3) for k in range(12)]
    line = charts.over_time(months, NOW)
    assert line is not None
    places = [float(x) for pair in re.findall(r"[\d.]+,[\d.]+", line.band) for x in pair.split(",")]
    assert all(0 <= x <= charts.WIDE for x in places[::2])
    assert all(0 <= y <= charts.HIGH for y in places[1::2])
    assert all(a < b for a, b in pairwise(x for x, _, _ in line.dots))
    assert charts.over_time([Tally()] * 11 + [Tally(5, 1, 0)], NOW) is None
    rows = charts.rows(
        [team.Group("1", tuple(months)), team.Group("2", (Tally(50, 0, 3),) + (Tally(),) * 11),
         team.Group("3", (Tally(900, 100, 60),) + (Tally(),) * 11)], Tally(2000, 220, 70),
    )  # fmt: skip
    assert [r.stands_out for r in rows] == [False, True, True]
    assert rows[1].dot is None
    assert rows[1].open_end
    assert all(0 <= r.low <= r.high <= charts.WHISKER[0] for r in rows)


def test_the_page_needs_neither_history_nor_model(decider: Decider, tmp_path: Path) -> None:
    with page_client(tmp_path, decider) as client:
        text = text_of(client.get("/team").text)
    for said in ("Nothing to count yet", "Nobody has said yet", "Too early to tell"):
        assert said in text


def test_an_hour_old_count_is_made_anew(decider: Decider, tmp_path: Path) -> None:
    database = Database(settings_of(tmp_path).store_url)
    append(database, TENANT, rows_of(random_agency(3)), microseconds(NOW))
    database.close()
    moments = [datetime.fromisoformat("2024-09-01T12:00:00+00:00")]
    with page_client(tmp_path, decider) as client:
        client.app.state.clock = lambda: moments[-1]  # type: ignore[attr-defined]
        first = text_of(client.get("/team").text)
        moments.append(moments[0] + timedelta(hours=1))
        assert "Touches" in first
        assert client.get("/team").status_code == 200


def test_the_sample_has_used_it(database: Database) -> None:
    assert sample_use.TOUCHES > 1000
    with database.reading() as connection:
        hints = dict(iter(connection.exec_driver_sql(
            "SELECT hint, count(*) FROM decisions WHERE live GROUP BY hint")))  # type: ignore[arg-type]  # fmt: skip
    assert sum(hints.values()) > 150

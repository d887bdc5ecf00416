"""The page over HTTP: work list, contact, what buttons store, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from features.errors import NoModel
from features.store import listing
from features.store.database import Database
from features.store.listing import Filter
from models.decide import Decider
from serving.app import create_app
from serving.page.drawing import drawn
from serving.page.render import points
from tests.pages import NOW, filled, page_client, settings_of
from tests.stored import TENANT

POLICY = "content-security-policy"


@pytest.fixture
def home(tmp_path: Path, agency: tuple[pa.Table, pa.Table], decider: Decider) -> Path:
    filled(tmp_path, agency, decider, 150, land=20.0)
    return tmp_path


@pytest.fixture
def client(home: Path, decider: Decider) -> Iterator[TestClient]:
    with page_client(home, decider) as found:
        yield found


def threads(home: Path, hint: str, asked: Filter | None = None) -> list[listing.Thread]:
    """What the store thinks of open threads."""
    database = Database(settings_of(home).store_url)
    with database.reading() as connection:
        found = listing.listed(connection, TENANT, hint, asked or Filter(), 0, 1000)
    database.close()
    return found


class Inputs(HTMLParser):
    """The first form's hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag == "input" and own.get("type") == "hidden" and own["name"] != "show":
            self.found.setdefault(str(own["name"]), own["value"] or "")


def some_thread(home: Path) -> listing.Thread:
    return max((threads(home, hint) for hint in ("wait", "nudge")), key=len)[0]


def act(client: TestClient, contact: str, headers: dict[str, str] | None = None, **more: str):  # type: ignore[no-untyped-def]
    form = Inputs(client.get(f"/contacts/{contact}").text).found | more
    return client.post(f"/contacts/{contact}", data=form, headers=headers, follow_redirects=False)


def events_of(client: TestClient, contact: str) -> list[dict[str, str]]:
    return client.get(f"/v1/contacts/{contact}").json()["events"]  # type: ignore[no-any-return]


def test_the_list_shows_what_the_store_thinks(client: TestClient, home: Path) -> None:
    for hint in ("nudge", "wait", "stop"):
        page = client.get("/", params={"show": hint}).text
        shown = re.findall(r"data-open>([^<]+)</a>", page)
        assert shown == [t.contact_id for t in threads(home, hint)[:50]]


def test_the_list_says_what_it_lists(client: TestClient, home: Path) -> None:
    for hint, says in (
        ("nudge", "worth a nudge now, best first"), ("wait", "better met later"),
        ("stop", "better left alone"),
    ):  # fmt: skip
        n = len(threads(home, hint))
        page = client.get("/", params={"show": hint}).text
        who = "1 person is" if n == 1 else f"{n:,} people are"
        assert (f"{who} {says}" if n else "Nobody") in page
        assert page.count('class="lead"') == 1
    nobody = client.get("/", params={"show": "stop", "q": "nobody of this name"}).text
    assert "Nobody has to be left alone." in nobody


def test_filters_and_search_leave_the_rest_out(client: TestClient, home: Path) -> None:
    one = some_thread(home)
    asked = {"show": one.hint, "actor": one.actor_id, "campaign": one.campaign_id,
             "account": one.account_id, "q": one.contact_id[-4:].upper()}  # fmt: skip
    shown = re.findall(r"data-open>([^<]+)</a>", client.get("/", params=asked).text)
    assert one.contact_id in shown
    assert len(shown) < len(threads(home, one.hint))
    assert "No thread matches" in client.get("/", params={"q": "%"}).text


def test_a_contact_is_shown_with_the_closing_of_the_role(client: TestClient, home: Path) -> None:
    one = some_thread(home)
    shown = f"/contacts/{one.contact_id}?campaign_id={one.campaign_id}"
    assert "role clos" not in client.get(shown).text
    for year, says in (("2099", "role closes"), ("2001", "role closed")):
        told = {"closes_at": f"{year}-11-03T17:00:00Z"}
        assert client.put(f"/v1/campaigns/{one.campaign_id}", json=told).status_code == 200
        page = client.get(shown).text
        assert f'{says} <time datetime="{year}-11-03T17:00:00+00:00" data-day>3 Nov' in page
        assert ("The role closed on" in page) == (year == "2001")
        listed = client.get("/", params={"show": one.hint, "campaign": one.campaign_id}).text
        assert (f' · closes <time datetime="{year}-11-03' in listed) == (year == "2099")


def test_a_contact_page_says_what_a_touch_now_changes(client: TestClient, home: Path) -> None:
    one = some_thread(home)
    asked = {"campaign_id": one.campaign_id}
    page = client.get(f"/contacts/{one.contact_id}", params=asked).text
    uplift = client.get(f"/v1/contacts/{one.contact_id}/hint", params=asked).json()["uplift"]
    assert f"<dd>{points(uplift['p_land'])} points</dd>" in page
    assert f"to land; {points(uplift['p_annoy'])} to annoy" in page


def test_pages_have_their_own_policy_and_nothing_inline(client: TestClient, home: Path) -> None:
    for path in ("/", f"/contacts/{some_thread(home).contact_id}"):
        answer = client.get(path)
        assert len(answer.headers.get_list("content-security-policy")) == 1
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son[a-z]+=", answer.text)
        assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    assert "script-src" not in client.get("/docs").headers["content-security-policy"]


def test_assets_are_kept_by_their_content(client: TestClient) -> None:
    address = re.findall(r'"(/assets/page\.css[^"]+)"', client.get("/").text)[0]
    assert "immutable" in client.get(address).headers["cache-control"]
    assert client.get("/assets/page.css?v=old").headers["cache-control"] == "no-cache"
    assert client.get("/assets/secrets.py").status_code == 404


def test_did_it_stores_a_touch_and_feedback_once(client: TestClient, home: Path) -> None:
    one = some_thread(home)
    before = len(events_of(client, one.contact_id))
    form = Inputs(client.get(f"/contacts/{one.contact_id}").text).found
    for _ in range(2):
        sent = form | {"act": "did", "channel": "email"}
        answer = client.post(f"/contacts/{one.contact_id}", data=sent, follow_redirects=False)
        assert answer.status_code == 303
    events = events_of(client, one.contact_id)
    assert len(events) == before + 1
    assert (events[-1]["kind"], events[-1]["channel"]) == ("touch", "email")
    feedback = client.get(f"/v1/contacts/{one.contact_id}").json()["feedback"]
    expected = "followed" if form["hint"] == "nudge" else "overridden"
    assert [f["action"] for f in feedback] == [expected]


def test_not_now_is_feedback_alone(client: TestClient, home: Path) -> None:
    contact = some_thread(home).contact_id
    before = events_of(client, contact)
    act(client, contact, act="not_now", reason="They are away")
    assert events_of(client, contact) == before
    (kept,) = client.get(f"/v1/contacts/{contact}").json()["feedback"]
    assert kept["reason"] == "They are away"


def test_call_anyway_is_a_call_and_an_override(client: TestClient, home: Path) -> None:
    contact = some_thread(home).contact_id
    act(client, contact, act="call_anyway", reason="The role is urgent")
    last = events_of(client, contact)[-1]
    assert (last["kind"], last["channel"]) == ("touch", "phone")
    assert client.get(f"/v1/contacts/{contact}").json()["feedback"][0]["action"] == "overridden"


def test_leave_alone_stops_everything_and_empties_the_list(client: TestClient, home: Path) -> None:
    contact = some_thread(home).contact_id
    page = client.get(f"/contacts/{contact}").text
    assert "It cannot be undone" in page
    act(client, contact, act="leave_alone", reason="They asked me to")
    assert events_of(client, contact)[-1]["kind"] == "opt_out"
    assert client.get(f"/v1/contacts/{contact}/hint").json()["hint"] == "stop"
    for hint in ("nudge", "wait"):
        assert contact not in {t.contact_id for t in threads(home, hint)}


@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_forms_from_elsewhere_do_nothing(
    client: TestClient, home: Path, headers: dict[str, str]
) -> None:
    contact = some_thread(home).contact_id
    before = events_of(client, contact)
    answer = act(client, contact, headers, act="leave_alone", reason="They asked me to")
    assert answer.status_code == 403
    assert events_of(client, contact) == before


@pytest.mark.parametrize(
    "wrong", [{"act": "sell"}, {"act": "did", "channel": "fax"}, {"act": "did", "form_id": ""}]
)
def test_wrong_forms_are_refused_on_a_page(
    client: TestClient, home: Path, wrong: dict[str, str]
) -> None:
    answer = act(client, some_thread(home).contact_id, **({"channel": "email"} | wrong))
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


def test_nobody_of_that_name_and_no_model_are_pages(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/contacts/nobody").status_code == 404

    def none() -> Decider:
        raise NoModel("no model has become champion yet; run `fineline train` first")

    with TestClient(create_app(settings_of(tmp_path / "other"), none)) as other:
        answer = other.get("/")
    assert answer.status_code == 503
    assert "No model has become champion yet" in answer.text


def test_an_empty_store_says_how_to_fill_it(decider: Decider, tmp_path: Path) -> None:
    with page_client(tmp_path, decider) as other:
        assert "POST /v1/events" in other.get("/").text


def test_ids_are_shown_and_never_run(client: TestClient) -> None:
    name = '"><script>alert(1)</script>'
    event = {"event_id": "x", "contact_id": name, "kind": "touch", "channel": "email",
             "occurred_at": NOW.isoformat(), "campaign_id": name}  # fmt: skip
    assert client.post("/v1/events", json=[event]).json()["accepted"] == 1
    page = client.get("/contacts/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_line_marks_where_touches_are_too_soon_and_pushy(client: TestClient) -> None:
    point = {"p_land": 0.2, "p_annoy": 0.01, "value": 0.1}
    answer = {
        "at": "2026-06-01T00:00:00Z", "hint": "wait", "nudge_at": "2026-06-07T00:00:00Z",
        "plan": {"further_touches": 2, "gap_days": 7.0, "stop_after": "2026-06-16T00:00:00Z"},
        "curve": [{"delay_days": float(d), **point} for d in (0, 15, 30)],
        "if_nudged": point | {"p_land_interval": [0.1, 0.3], "p_annoy_interval": [0.005, 0.02]},
    }  # fmt: skip
    line = drawn(answer)
    left, day = 52.0, (720.0 - 52.0 - 12.0) / 30
    assert line.best == pytest.approx(left + 6 * day, abs=0.1)
    assert line.soon == pytest.approx((left, 6 * day), abs=0.1)
    assert line.pushy == pytest.approx((left + 15 * day, 15 * day), abs=0.1)
    assert drawn(answer | {"hint": "stop", "nudge_at": None}).pushy == (left, 656.0)
    assert drawn(answer | {"plan": answer["plan"] | {"open_ended": True}}).pushy is None


def test_the_widget_is_small_and_framed_only_by_whom_is_named(
    client: TestClient, decider: Decider, tmp_path: Path
) -> None:
    assert len(client.get("/widget.js").content) < 15_000
    assert "frame-ancestors 'self';" in client.get("/embed/hint").headers[POLICY] + ";"
    crm = "https://crm.example"
    settings = settings_of(tmp_path).model_copy(update={"embed_origins": crm})
    with TestClient(create_app(settings, lambda: decider)) as other:
        answer = other.get("/embed/hint", headers={"origin": crm})
        assert answer.headers[POLICY].endswith(f"frame-ancestors 'self' {crm}")
        assert answer.headers["access-control-allow-origin"] == crm
        strange = other.get("/embed/hint", headers={"origin": "https://strange.example"})
        assert "access-control-allow-origin" not in strange.headers

"""Tenants tighten rules by a file; a phone number tells rules where a person is, models nothing."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from features.errors import BadSetting
from features.events.contacts import contact_row, read_contacts
from models.attributes import Encoding
from models.decide import Decider
from models.decision import Request
from models.rules import Rulebook
from models.tenant_rules import read_tenant_rules
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.api import asked, post
from tests.factories import table
from tests.stored import touch

AT = datetime.fromisoformat("2026-03-04T10:00:00+00:00")
_FILE = """
everyone: {closed_channels: [sms]}
tenants:
  calm: {minimum_gap_hours: 72, caps: [{touches: 1, days: 20}], closed_channels: [phone]}
"""


@pytest.fixture
def tenants(decider: Decider, tmp_path: Path) -> Decider:
    path = tmp_path / "rules.yaml"
    path.write_text(_FILE)
    found = copy.copy(decider)
    found.rulebooks = read_tenant_rules(path, found.rulebook)
    return found


def test_each_tenant_has_rules_of_its_own(tenants: Decider) -> None:
    calm, others = tenants.for_tenant("calm").rulebook, tenants.for_tenant("x").rulebook
    assert set(calm.settings.closed_channels) == {"sms", "phone"}
    assert others.settings.closed_channels == ("sms",)
    assert others.settings.minimum_gap == tenants.rulebook.settings.minimum_gap
    history = table([touch("a", occurred_at="2026-03-02T09:00:00Z")])
    request = Request("anna", AT, history, country="DE", channels=("email", "phone", "sms"))
    (decision,) = tenants.for_tenant("calm").decide([request])
    assert {"channel_closed"} <= {hit.rule for hit in decision.rules}
    if decision.nudge_at is not None:
        assert decision.nudge_at >= AT + timedelta(days=17)


def test_the_service_goes_by_them(tenants: Decider, tmp_path: Path) -> None:
    settings = ServiceSettings(home=tmp_path, rules=tmp_path / "rules.yaml")
    with TestClient(create_app(settings, lambda: tenants)) as client:
        answer = post(client, asked(channels=["sms"])).json()
    assert answer["hint"] == "stop"
    assert answer["rules"][0]["rule"] == "channel_closed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("everyone: {minimum_gap_hours: 2}", "everyone: minimum_gap_hours is 2, which loosens"),
        ("tenants: {a: {caps: [{touches: 9, days: 7}]}}", "tenant a: a cap of 9 touches"),
        ("tenants: {a: {minimum_gap: 9}}", "tenant a: minimum_gap is not a setting"),
        ("tenants: [a]", "tenants must be settings by tenant"),
        ("rules: {}", "may hold everyone and tenants only"),
        ("{", "cannot be read as YAML"),
        ("everyone: 5", "must hold settings"),
    ],
)
def test_a_wrong_file_stops_the_service_with_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(BadSetting) as refused:
        create_app(ServiceSettings(home=tmp_path, rules=path))
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_phone_number_tells_the_zone_to_rules(decider: Decider) -> None:
    empty = table([touch("a")]).slice(0, 0)

    def zones(phone: str | None, **more: str) -> tuple[str, ...]:
        return Request("anna", AT, empty, attributes={"phone": phone}, **more).zones  # type: ignore[arg-type]

    assert zones("+49 30 1234567") == ("Europe/Berlin",)
    assert zones("+49 30 1234567", timezone="Asia/Tokyo") == ("Asia/Tokyo",)
    assert zones("020 7946 0018", country="GB") == ("Europe/London",)
    assert zones("nonsense", country="NL") == ("Europe/Amsterdam",)
    # A number of several zones: only what is allowed in all of them is.
    several = zones("+7 495 1234567")
    assert zones(None) == ()
    book = Rulebook.load()
    night = datetime.fromisoformat("2026-03-04T06:30:00+00:00")
    told = book.next_allowed("phone", zones("+49 30 1234567"), None, night, ())[0]
    assert told is not None
    for zone in several:
        alone = book.next_allowed("phone", (zone,), None, night, ())[0]
        together = book.next_allowed("phone", several, None, night, ())[0]
        assert alone is not None
        assert together is None or together >= alone


def test_a_phone_number_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(
        "contact_id,phone,years\n" + "".join(f"c{i},+49301234{i},7\n" for i in range(60))
    )
    contacts = read_contacts(path)
    assert pa.types.is_string(contacts["phone"].type)
    assert contacts["phone"][0].as_py() == "+493012340"
    assert Encoding.fit(contacts).columns == ("contact.years",)
    _, problems = contact_row("anna", attributes={"phone": 4930123})
    assert [p.field for p in problems] == ["attributes.phone"]

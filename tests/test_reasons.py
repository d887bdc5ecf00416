"""Reasons: sentences about this history, true when put to the test."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.catalog.columns import COLUMNS
from models.column_phrases import words
from models.decide import Decider
from models.decision import Decision, Request
from models.reasons import Said, join
from tests.factories import table
from training.perturbation import Trial, claims, trials

NAMES = [c.name for c in COLUMNS]
AT = datetime(2024, 7, 10, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0.0, 1.0, 2.6, 3650.0, float("nan"), -1.0])
def test_every_feature_can_be_said(name: str, value: float) -> None:
    text = words(name, value)
    assert text.strip()
    assert not set("{}") & set(text)
    assert "nan" not in text.split()


def requests_of(agency: tuple[pa.Table, pa.Table], most: int) -> list[Request]:
    """Whole histories of the agency's people, each asked about a day after its last touch."""
    events, people = agency
    about = {row["contact_id"]: row for row in people.to_pylist()}
    plain = events.set_column(
        events.schema.get_field_index("contact_id"), "contact_id",
        events["contact_id"].cast(pa.string()),
    )  # fmt: skip
    found = []
    for contact_id in list(about)[:most]:
        history = plain.filter(pc.equal(plain["contact_id"], contact_id))
        touches = history.filter(pc.equal(history["kind"].cast(pa.string()), "touch"))
        if not len(touches):
            continue
        row = about[contact_id]
        found.append(
            Request(
                contact_id,
                pc.max(touches["occurred_at"]).as_py() + timedelta(days=1),
                history,
                timezone=row["timezone"],
                country=row["country"],
                attributes={
                    k: v
                    for k, v in row.items()
                    if k not in ("contact_id", "timezone", "country", "audit_group")
                },
                channels=("email", "phone"),
            )
        )
    return found


@pytest.fixture(scope="module")
def tested(decider: Decider, agency: tuple[pa.Table, pa.Table]) -> list[Trial]:
    return trials(decider, requests_of(agency, 100))


def test_taking_the_named_cause_away_moves_the_number_as_said(tested: list[Trial]) -> None:
    verdicts = Counter(t.verdict for t in tested)
    assert verdicts.total() > 150
    assert verdicts["as said"] / verdicts.total() > 0.85, verdicts


def test_pressure_said_to_annoy_does(tested: list[Trial]) -> None:
    pressing = [
        t
        for t in tested
        if t.outcome == "annoy" and t.raises and t.topic in ("attempts", "recency", "touches")
    ]
    assert pressing
    assert not [t for t in pressing if t.verdict == "against"]


def decision(decider: Decider, *rows: dict[str, Any]) -> Decision:
    return decider.decide([Request("c", AT, table(list(rows)), channels=("email",))])[0]


def touch(days_ago: float, **more: Any) -> dict[str, Any]:
    at = (AT - timedelta(days=days_ago)).isoformat()
    return {"contact_id": "c", "kind": "touch", "channel": "email", "occurred_at": at, **more}


def test_a_run_of_mails_is_counted_in_words(decider: Decider) -> None:
    d = decision(decider, touch(5), touch(3), touch(1))
    assert any(r.text.startswith("Fourth e-mail in five days") for r in d.reasons), d.reasons


def test_a_channel_that_is_new_to_a_thread_is_no_small_number_of_attempts(
    decider: Decider,
) -> None:
    history = table([touch(9), touch(5)])
    d = decider.decide([Request("c", AT, history, channels=("phone",))])[0]
    first = next(r for r in d.reasons if r.text.startswith("First call, after two e-mails: "))
    assert "raises the chance to land" in first.text
    assert not any(
        claims(r).get("land") for r in d.reasons if r.text.startswith(("Third", "Last e-mail"))
    )


def test_two_causes_that_would_make_a_riddle_are_two_sentences() -> None:
    many = Said("attempts", {"land": 0.0, "annoy": 0.5}, {"land": "a", "annoy": "b"})
    rested = Said("recency", {"land": 0.3, "annoy": 0.0}, {"land": "c", "annoy": "d"})
    close = Said("recency", {"land": -0.3, "annoy": 0.2}, {"land": "c", "annoy": "d"})
    told = {"attempts": many, "recency": rested}
    join(told, "attempts", "recency", "touches", also=False)
    assert told == {"attempts": many, "recency": rested}
    told = {"attempts": many, "recency": close}
    join(told, "attempts", "recency", "touches", also=False)
    effects = {"land": -0.3, "annoy": 0.7}
    assert told == {"touches": Said("touches", effects, {"land": "c", "annoy": "b"})}


def test_reasons_are_few_distinct_and_the_strongest_come_first(decider: Decider) -> None:
    d = decision(decider, touch(9), touch(5), touch(3), touch(1))
    assert 1 <= len(d.reasons) <= 5
    assert len({r.text for r in d.reasons}) == len(d.reasons)
    strengths = np.abs([r.effect for r in d.reasons])
    assert (np.diff(strengths[:-1]) <= 1e-12).all()


def test_advice_says_why_it_is_over(decider: Decider) -> None:
    d = decision(decider, touch(9), touch(1, kind="opt_out", channel=None))
    assert d.advice.startswith("Stop: ")
    assert d.changes == ()


def test_advice_is_one_sentence_that_fits_the_hint(decider: Decider) -> None:
    for rows in ((touch(30),), (touch(1),), (touch(40, channel="email"), touch(20))):
        d = decision(decider, *rows)
        opening = {"nudge": "E-mail now", "wait": "Wait until ", "stop": "Stop: "}[d.hint]
        assert d.advice.startswith(opening)
        assert d.advice.endswith(".")

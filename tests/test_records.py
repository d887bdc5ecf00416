"""How senders and clients fare is told beside the organisation, and tells no date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from features.fold import read_parties
from models.fares import Asked, Fresh, read
from models.ledger import Ledger
from tests.built import NAMES, PLACE, Built, built
from tests.factories import START, Row, table

EXCESSES = ["land_excess", "touch_land_excess", "annoy_excess"]


def threads(fates: list[tuple[str | None, str | None]], client: str | None = None) -> list[Row]:
    """A thread a day, each (sender, fate); the fate is an hour after the touch, if there is one."""
    rows: list[Row] = []
    for i, (sender, fate) in enumerate(fates):
        who: Row = {"contact_id": f"c{i}", "actor_id": sender, "account_id": client}
        at = START + timedelta(days=i)
        rows.append({"event_id": f"{i:03}", "kind": "touch", "channel": "email",
                     "occurred_at": at.isoformat(), **who})  # fmt: skip
        if fate:
            later = (at + timedelta(hours=1)).isoformat()
            rows.append({"event_id": f"{i:03}x", "kind": fate, "occurred_at": later, **who})
    return rows


def of(rows: list[Row]) -> Built:
    return built(table(rows))


MIXED = [("ann", "meeting"), ("ben", None), ("ben", "opt_out"), ("ann", None), ("ben", None)]


def test_a_record_is_what_lies_beyond_the_organisation() -> None:
    """Of the four before the last thread one landed and one annoyed, which was one of Ben's two."""
    x = of(threads(MIXED))
    assert x.column("actor_land_excess")[-1] == pytest.approx((0 - 2 * 1 / 4) / (2 + 5))
    assert x.column("actor_touch_land_excess")[-1] == pytest.approx((0 - 2 * 1 / 4) / (2 + 10))
    assert x.column("actor_annoy_excess")[-1] == pytest.approx((1 - 2 * 1 / 4) / (2 + 50))


@pytest.mark.parametrize("party", ["actor", "account"])
@pytest.mark.parametrize("name", ["ann", None])
def test_of_one_who_is_all_there_is_nothing_is_told(party: str, name: str | None) -> None:
    """To the last bit, or trees would read the date from the rest."""
    fates = [
        (name, ("meeting", None, "complaint", None, None, "meeting")[i % 6]) for i in range(40)
    ]
    x = of(threads(fates, client=name))
    for excess in EXCESSES:
        assert not x.column(f"{party}_{excess}").any(), excess


def test_of_nobody_nothing_is_known() -> None:
    """Touches without a sender have no record in common: it would be everybody's."""
    fates = [("ann" if i % 3 else None, "meeting" if i % 2 else None) for i in range(30)]
    x, blank = of(threads(fates)), of(threads([(None, None)]))
    actor = [i for i, name in enumerate(NAMES) if name.startswith(("actor_", "account_"))]
    nameless = [sender is None for sender, _ in fates]
    assert np.array_equal(x.x[nameless][:, actor], np.repeat(blank.x[:, actor], 10, axis=0))


def test_nobody_in_the_ledger_is_blank() -> None:
    ledger = Ledger.counted(table(threads([(None, "meeting")] * 5)), 2**60)
    blank = Ledger.empty().states[Ledger.NOBODY]
    assert ledger.states[ledger.actor(None)] == blank
    assert ledger.states[ledger.account(None)] == blank
    assert ledger.states["touches"][Ledger.ORGANISATION] == 5


def test_the_usual_is_of_the_organisation_that_is_known_better() -> None:
    """A store that has begun yesterday knows of one sender, whose touches all landed."""
    trained = Ledger.counted(table(threads(MIXED * 8)), 0)
    fresh = Fresh(Ledger.counted(table(threads([("eve", "meeting")] * 4)), 1))
    asked = Asked(["eve"], [None], ["c"], np.array([2]))
    rows = read(trained, asked.places(trained), asked.at, len(NAMES))
    fresh.fill(rows, asked, trained, asked.places(trained))
    usual = 8 / 40
    assert rows[0, PLACE["actor_touch_land_excess"]] == pytest.approx((4 - 4 * usual) / (4 + 10))


def test_without_any_touch_nothing_is_beyond_the_usual() -> None:
    blank: Any = Ledger.empty().states[:1]
    row = np.zeros((1, len(NAMES)), np.float32)
    never = np.zeros(1, np.int64)
    read_parties(blank, blank, blank, blank, never, never, row)
    assert not row[
        0,
        [i for i, name in enumerate(NAMES) if name.endswith("_excess") or name.startswith("tide")],
    ].any()

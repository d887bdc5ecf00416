"""The served number is the batch number, on real histories; the future changes neither."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from features.events.contacts import read_contacts
from features.events.files import read_events
from features.moments import moment_of
from models.decide import Decider
from models.decision import ModelRef
from serving.answers import to_table
from serving.app import create_app
from serving.batch import open_threads
from serving.settings import ServiceSettings
from tests.realdata import real_data
from training.dataset import prepare
from training.train import fit_model

MOMENTS = 8
HISTORIES = 1000
NUMBERS = ("score", "if_nudged_p_land", "if_nudged_p_annoy", "if_nudged_p_land_low",
           "if_nudged_p_annoy_high", "if_left_alone_p_land", "if_left_alone_p_annoy",
           "uplift_p_land", "uplift_p_annoy")  # fmt: skip


@pytest.fixture(scope="module")
def loans() -> tuple[pa.Table, pa.Table]:
    folder = real_data("loan_calls")
    return read_events(folder / "events.parquet"), read_contacts(folder / "contacts.parquet")


@pytest.fixture(scope="module")
def champion(loans: tuple[pa.Table, pa.Table], small_trees: None) -> Decider:
    data, encoding = prepare(*loans)
    return Decider(fit_model(data, encoding, {}), ModelRef("fineline", "1"))


def items(events: pa.Table, table: pa.Table, people: dict[str, Any]) -> list[dict[str, Any]]:
    """What a CRM would send for each scored thread: the whole history, later events included."""
    found = []
    rows = {i: events.filter(pc.equal(events["contact_id"], i)).to_pylist()
            for i in set(table["contact_id"].to_pylist())}  # fmt: skip
    for contact, at in zip(table["contact_id"].to_pylist(), table["at"].to_pylist(), strict=True):
        history = [
            {
                k: v.isoformat() if hasattr(v, "isoformat") else v
                for k, v in r.items()
                if v is not None
            }
            for r in rows[contact]
        ]
        person = {k: v for k, v in people[contact].items() if k in ("timezone", "country")}
        attributes = {"amount": people[contact]["amount"]}
        found.append(
            {
                "contact": {"contact_id": contact, **person, "attributes": attributes},
                "history": history,
                "at": at.isoformat(),
                "campaign_id": "",
            }
        )
    return found


def test_served_numbers_are_batch_numbers_on_a_thousand_real_histories(
    loans: tuple[pa.Table, pa.Table], champion: Decider
) -> None:
    events, contacts = loans
    random = np.random.default_rng(0)
    times = pc.cast(events["occurred_at"], pa.int64()).to_numpy()
    tables = []
    for at in np.quantile(times, random.uniform(0.1, 0.95, MOMENTS)):
        moment = moment_of(int(at))
        tables.append(to_table(champion.decide(list(open_threads(events, contacts, moment)))))
    batch = pa.concat_tables(tables)
    batch = batch.take(random.permutation(batch.num_rows)[:HISTORIES])
    assert batch.num_rows == HISTORIES
    people = {r["contact_id"]: r for r in contacts.to_pylist()}
    with TestClient(create_app(ServiceSettings(), lambda: champion)) as client:
        answer = client.post(
            "/v1/scores", content=json.dumps({"items": items(events, batch, people)})
        )
        served = answer.json()["items"]
        alone = client.post(
            "/v1/score", content=json.dumps(items(events, batch.slice(0, 1), people)[0])
        ).json()
    assert alone == served[0]
    for i, row in enumerate(batch.to_pylist()):
        s = served[i]
        assert (s["hint"], s["decision_id"]) == (row["hint"], row["decision_id"])
        nudged, left, uplift = s["if_nudged"], s["if_left_alone"], s["uplift"]
        numbers = (s["score"], nudged["p_land"], nudged["p_annoy"], nudged["p_land_interval"][0],
                   nudged["p_annoy_interval"][1], left["p_land"], left["p_annoy"],
                   uplift["p_land"], uplift["p_annoy"])  # fmt: skip
        for name, number in zip(NUMBERS, numbers, strict=True):
            assert abs(number - row[name]) <= 1e-9, name


def test_one_more_touch_yesterday_on_real_histories(
    loans: tuple[pa.Table, pa.Table], champion: Decider
) -> None:
    from training.gate import _monotone

    check = _monotone(champion.model, prepare(*loans, champion.model.encoding)[0], most=500)
    assert check.passed, check.text

"""Contacts: who they are, where they are, and what becomes a feature."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from features.errors import BadInput
from features.events.contacts import (
    audit_columns,
    contact_row,
    read_audit,
    read_contacts,
    validate_contacts,
)
from features.events.places import countries, country_problem, timezone_problem, timezones
from features.events.problems import Problem
from tests.realdata import real_data


def sentence(table: pa.Table) -> str:
    with pytest.raises(BadInput) as caught:
        validate_contacts(table, "contacts.csv")
    return str(caught.value)


def of_file(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_time_zone_and_country_are_there_even_when_the_table_has_none() -> None:
    found = validate_contacts(pa.table({"contact_id": ["a"]}), "x")
    assert found.to_pylist() == [{"contact_id": "a", "timezone": None, "country": None}]


def test_further_columns_become_numbers_or_categories() -> None:
    table = pa.table(
        {
            "age": pa.array([40, None], pa.int16()),
            "contact_id": ["a", "b"],
            "pay": pa.array([1.5, float("nan")]),
            "remote": [True, None],
            "city": pa.array(["Ghent", ""]).dictionary_encode(),
            "nothing": pa.nulls(2),
        }
    )
    found = validate_contacts(table, "x")
    assert found.column_names[:3] == ["contact_id", "timezone", "country"]
    assert found.select(["age", "pay", "remote", "city", "nothing"]).to_pydict() == {
        "age": [40.0, None],
        "pay": [1.5, None],
        "remote": [1.0, None],
        "city": ["Ghent", None],
        "nothing": [None, None],
    }
    assert found.schema.field("remote").type == pa.float64()
    assert found.schema.field("city").type == pa.string()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"timezone": ["UTC"]},
            "contacts.csv, field contact_id: is a required column and is not there; columns "
            "found: timezone",
        ),
        (
            {"contact_id": ["a", ""]},
            "contacts.csv, row 2, field contact_id: is missing, but is required",
        ),
        (
            {"contact_id": ["a"], "country": ["UK"]},
            "contacts.csv, row 1, field country: is 'UK', but must be an ISO 3166-1 alpha-2 code "
            "such as GB; did you mean 'GB'?",
        ),
        ({"contact_id": ["a"], "country": ["nl"]}, "did you mean 'NL'?"),
        ({"contact_id": ["a"], "country": ["Germany"]}, "did you mean 'DE'?"),
        (
            {"contact_id": ["a", "b"], "timezone": ["", "Europe/Amsterdm"]},
            "contacts.csv, row 2, field timezone: is 'Europe/Amsterdm', but must be an IANA time "
            "zone such as Europe/Amsterdam; did you mean 'Europe/Amsterdam'?",
        ),
        ({"contact_id": ["a"], "timezone": ["new york"]}, "is 'new york', but must be an IANA"),
        ({"contact_id": ["a"], "timezone": ["+02:00"]}, "is '+02:00', but must be an IANA"),
        (
            {"contact_id": ["a"], "born": [datetime(1990, 1, 1, tzinfo=UTC)]},
            "contacts.csv, field born: is a column of timestamp[us, tz=UTC], which cannot be a "
            "feature; make it numbers or text",
        ),
        ({"contact_id": ["a"], "skills": [["x"]]}, "field skills: is a column of list<item: "),
        (
            {"contact_id": ["a"], "pay": [float("inf")]},
            "contacts.csv, row 1, field pay: is inf, not a number",
        ),
        ({"contact_id": [1.0]}, "field contact_id: is a column of double, but must be text"),
        (
            {"contact_id": ["a", "b", "a"], "age": [1, 2, 3]},
            "contacts.csv, row 3, field contact_id: is also that of row 1, with another age; one "
            "contact_id names one contact",
        ),
    ],
)
def test_a_bad_contact_gets_one_sentence(columns: dict[str, object], expected: str) -> None:
    found = sentence(pa.table(columns))
    assert found.startswith("contacts.csv, ")
    assert expected in found
    assert "\n" not in found


def test_an_exact_repeat_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    table = pa.table({"contact_id": ["a", "b", "a"], "city": ["x", "y", "x"]})
    with caplog.at_level(logging.INFO, "fineline.events"):
        found = validate_contacts(table, "contacts.csv")
    assert found.column("contact_id").to_pylist() == ["a", "b"]
    assert caplog.messages == [
        "contacts.csv: rows dropped, as they repeat an earlier row exactly: 1"
    ]


def test_audit_columns_never_become_features_whatever_they_hold() -> None:
    table = pa.table({"contact_id": ["a", "b"], "audit_group": ["x", ""], "city": ["y", "z"]})
    assert validate_contacts(table, "x").column_names == [
        "contact_id",
        "timezone",
        "country",
        "city",
    ]
    assert audit_columns(table, "x").to_pydict() == {
        "contact_id": ["a", "b"],
        "audit_group": ["x", None],
    }
    nested = pa.table({"contact_id": ["a"], "audit_when": [[1]]})
    assert validate_contacts(nested, "x").column_names[-1] == "country"


def test_csv_columns_of_nothing_but_numbers_become_numbers(tmp_path: Path) -> None:
    path = of_file(
        tmp_path,
        "c.csv",
        "contact_id,age,remote,grade,code,audit_group\n007,40,TRUE,a,1,1\n1e5,,false,1,NA,2\n",
    )
    found = read_contacts(path)
    assert found.drop_columns(["timezone", "country"]).to_pydict() == {
        "contact_id": ["007", "1e5"],
        "age": [40.0, None],
        "remote": [1.0, 0.0],
        "grade": ["a", "1"],
        "code": ["1", "NA"],
    }
    assert read_audit(path).to_pydict() == {"contact_id": ["007", "1e5"], "audit_group": ["1", "2"]}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_contacts(tmp_path: Path, suffix: str) -> None:
    rows: list[dict[str, object]] = [
        {"contact_id": "a", "timezone": "Europe/Paris", "country": "FR", "age": 4.5, "vip": True},
        {"contact_id": "b", "timezone": None, "country": None, "age": None, "vip": False},
    ]
    path = tmp_path / f"c{suffix}"
    if suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        path.write_text(
            "contact_id,timezone,country,age,vip\na,Europe/Paris,FR,4.5,true\nb,,,,false"
        )
    expected = [row | {"vip": float(bool(row["vip"]))} for row in rows]
    assert read_contacts(path).to_pylist() == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("c.csv", "contact_id,age\n", "c.csv: has no contacts in it"),
        ("c.csv", "contact_id,age\na\n", "c.csv, row 1: has 1 field, but the header has 2"),
        (
            "c.jsonl",
            '{"contact_id":"a","age":1}\n{"contact_id":"b","age":"x"}',
            "c.jsonl, field age: has numbers in some rows and text in others; make it one of them",
        ),
        (
            "c.jsonl",
            '{"contact_id":"a"}\n{"contact_id":"b","skills":["x"]}',
            "c.jsonl, row 2, field skills: must be a number, true or false, text or null",
        ),
        (
            "c.jsonl",
            '{"contact_id":7}',
            "c.jsonl, field contact_id: is a column of double, but must be text",
        ),
    ],
)
def test_a_bad_contacts_file_gets_one_sentence(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read_contacts(of_file(tmp_path, name, content))
    assert str(caught.value).replace(f"{tmp_path}/", "") == expected


def test_one_contact_keeps_the_rules_of_the_table() -> None:
    found, problems = contact_row(
        "c1", "Asia/Tokyo", "JP", {"age": 40, "vip": True, "city": "", "audit_group": [1]}
    )
    assert problems == []
    assert found == {
        "contact_id": "c1",
        "timezone": "Asia/Tokyo",
        "country": "JP",
        "age": 40.0,
        "vip": 1.0,
        "city": None,
    }


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((None,), Problem(1, "contact_id", "is missing, but is required")),
        ((7,), Problem(1, "contact_id", "must be text")),
        (
            ("x" * 1001,),
            Problem(1, "contact_id", "is 1,001 characters long; at most 1,000 are accepted"),
        ),
        (
            ("c1", "Mars/Base"),
            Problem(
                1,
                "timezone",
                "is 'Mars/Base', but must be an IANA time zone such as Europe/Amsterdam",
            ),
        ),
        (("c1", None, 31), Problem(1, "country", "must be text")),
        (
            ("c1", None, None, {"skills": ["x"]}),
            Problem(1, "attributes.skills", "must be a number, true or false, text or null"),
        ),
        (
            ("c1", None, None, {"pay": float("inf")}),
            Problem(1, "attributes.pay", "is inf, not a number"),
        ),
        (
            ("c1", None, None, {"pay": 10**400}),
            Problem(1, "attributes.pay", "is a number too large to work with"),
        ),
        (
            ("c1", None, None, {"country": "NL"}),
            Problem(1, "attributes.country", "is a field of the contact itself, not an attribute"),
        ),
        (
            ("c1", None, None, {"city": "\ud800"}),
            Problem(
                1, "attributes.city", "has half a surrogate pair in it, which is not a character"
            ),
        ),
    ],
)
def test_one_bad_contact_is_one_problem(arguments: tuple[object, ...], problem: Problem) -> None:
    assert contact_row(*arguments)[1] == [problem]  # type: ignore[arg-type]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=100, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING, st.dictionaries(st.text(), ANYTHING, max_size=3))
def test_no_contact_whatever_raises(
    contact_id: object, timezone: object, country: object, attributes: dict[str, object]
) -> None:
    found, problems = contact_row(contact_id, timezone, country, attributes)
    assert all(problem.message for problem in problems)
    assert all(value is None or isinstance(value, str | float) for value in found.values())


def test_every_known_country_and_common_zone_is_accepted() -> None:
    assert len(countries()) == 249
    assert all(country_problem(code) is None for code in countries())
    assert {"Europe/Kyiv", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+5"} <= timezones()
    assert timezone_problem("Asia/Kolkata") is None


def test_real_contacts_are_read() -> None:
    found = read_contacts(real_data("loan_calls/contacts.parquet"))
    assert len(found) == 2_109
    assert found.column_names[:3] == ["contact_id", "timezone", "country"]

"""Contacts: one row per person, with a time zone, a country and any further columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadInput
from features.events import duplicates
from features.events.attributes import AUDIT, Attribute, attribute_column, attribute_value
from features.events.formats import file_format
from features.events.loose import read_loose
from features.events.places import country_problem, timezone_problem
from features.events.problems import Findings, Notices, Problem, refuse
from features.events.text import NOTHING, as_text, id_problem, plain, text_column

KEY = "contact_id"
#: A column from which rules learn where a person is; it never becomes a feature.
PHONE = "phone"
_PHONE_IS_TEXT = "must be text such as '+49 30 1234567'"
_PLACES: dict[str, Callable[[str], str | None]] = {
    "timezone": timezone_problem,
    "country": country_problem,
}


def read_contacts(path: Path) -> pa.Table:
    """The validated contacts of a file; `validate_contacts` says which columns.

    Raises `BadInput` naming the file, and row and field where there is one.
    """
    table = read_loose(path)
    table = validate_contacts(table, str(path), from_text=file_format(path) == "csv")
    if not len(table):
        raise BadInput("has no contacts in it", source=str(path))
    return table


def read_audit(path: Path) -> pa.Table:
    """`audit_columns` of the contacts in a file."""
    return audit_columns(read_loose(path), str(path))


def validate_contacts(table: pa.Table, source: str, *, from_text: bool = False) -> pa.Table:
    """`contact_id`, `timezone`, `country`, then every further column but `audit_*`.

    Further columns are float64 or string (see `attribute_column`, also for `from_text`).
    Rows that repeat an earlier one exactly are dropped.

    Raises `BadInput` with the first problem, saying how many more there are.
    """
    names = [name for name in table.column_names if not name.startswith(AUDIT)]
    return _validated(table.select(names), source, from_text)


def audit_columns(table: pa.Table, source: str) -> pa.Table:
    """`contact_id` and the `audit_*` columns of unvalidated contacts, for the fairness report."""
    names = [name for name in table.column_names if name.startswith(AUDIT)]
    kept = [KEY, *names] if KEY in table.column_names else names
    checked = _validated(table.select(kept), source, from_text=False)
    return checked.select([KEY, *names])


def contact_row(
    contact_id: object,
    timezone: object = None,
    country: object = None,
    attributes: Mapping[str, object] | None = None,
) -> tuple[dict[str, Attribute], list[Problem]]:
    """One contact by the same rules: its columns, and what is wrong; nothing is raised.

    Problems have row 1; those of an attribute name it as `attributes.NAME`.
    """
    columns: dict[str, Attribute] = {}
    problems: list[Problem] = []
    rules = {KEY: id_problem, **_PLACES}
    for name, value in ((KEY, contact_id), ("timezone", timezone), ("country", country)):
        columns[name], message = _named_value(value, rules[name], required=name == KEY)
        problems += [Problem(1, name, message)] if message else []
    for name, value in (attributes or {}).items():
        if name.startswith(AUDIT):
            continue
        if name in rules:
            message = "is a field of the contact itself, not an attribute"
        else:
            columns[name], message = attribute_value(value)
            if name == PHONE and not message and isinstance(columns[name], float):
                columns[name], message = None, _PHONE_IS_TEXT
        problems += [Problem(1, f"attributes.{name}", message)] if message else []
    return columns, problems


def _named_value(
    value: object, rule: Callable[[str], str | None], required: bool
) -> tuple[str | None, str | None]:
    if value is None or value == "":
        return None, "is missing, but is required" if required else None
    text, problem = attribute_value(value)
    if not isinstance(text, str):
        return None, problem or "must be text"
    problem = rule(text)
    return (None, problem) if problem else (text, None)


def _validated(table: pa.Table, source: str, from_text: bool) -> pa.Table:
    findings = Findings(len(table))
    if not findings.columns(table.column_names, (KEY,), table.column_names):
        refuse(findings.problems(), findings.total, source)
    columns = {name: _column(name, table, findings, from_text) for name in _ordered(table)}
    if findings.total:
        refuse(findings.problems(), findings.total, source)
    checked = pa.table(columns)
    found = duplicates.repeats(checked.column(KEY))
    if found is None:
        return checked
    repeat = duplicates.resolve(checked, found, None, findings, key=KEY, thing="contact")
    if findings.total:
        refuse(findings.problems(), findings.total, source)
    Notices(duplicates=int(repeat.sum())).log(source)
    return checked.filter(pa.array(np.logical_not(repeat)))


def _ordered(table: pa.Table) -> list[str]:
    known = [KEY, *_PLACES]
    return known + [name for name in table.column_names if name not in known]


def _column(
    name: str, table: pa.Table, findings: Findings, from_text: bool
) -> pa.ChunkedArray | None:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(len(table), pa.string())])
    raw = table.column(name)
    if name == KEY:
        column = text_column(raw, name, findings, required=True)
        return None if column is None else plain(column)
    if name in _PLACES:
        return _place_column(raw, name, findings)
    # Digits alone are a number to a reader of CSV, and would lose the plus before them.
    return attribute_column(raw, name, findings, from_text and name != PHONE)


def _place_column(raw: pa.ChunkedArray, name: str, findings: Findings) -> pa.ChunkedArray | None:
    text = as_text(raw, name, findings)
    if text is None:
        return None
    values = pc.if_else(pc.equal(plain(text), ""), NOTHING, plain(text))
    wrong = {
        value: problem
        for value in values.unique().to_pylist()
        if value is not None and (problem := _PLACES[name](value))
    }
    refused = pc.is_in(values, value_set=pa.array(list(wrong), pa.string()))
    findings.where(refused, name, lambda row: wrong[values[row].as_py()])
    return values

"""Moments and microseconds, and what is said of a text that is no moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import BadInput, BadSetting
from features.moments import microseconds, moment_of, moment_said


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))))
def test_there_and_back_is_the_same_moment(moment: datetime) -> None:
    assert moment_of(microseconds(moment)) == moment


def test_a_moment_without_an_offset_is_none() -> None:
    with pytest.raises(BadSetting, match="2026-01-01T00:00:00 has no UTC offset"):
        microseconds(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T09:30", "2026-01-01T09:30:00Z"),
        ("2026-01-01 09:30:00", "2026-01-01T09:30:00Z"),
    ],
)
def test_what_is_proposed_instead_is_a_moment(text: str, better: str) -> None:
    with pytest.raises(BadInput, match=f"no offset; write {re.escape(better)} for UTC"):
        moment_said(text, "--at")
    assert moment_said(better, "--at").tzinfo == UTC


def test_a_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(BadInput, match="'noon' is not a time such as"):
        moment_said("noon", "--at")

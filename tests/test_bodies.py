"""A body that says one thing twice is refused, whatever else is in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.bodies import load_json
from serving.problems import Problem


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": "x:y", "a": ":"}',
        b'[{"b": {"a": {}, "a": {}}}]',
        # Escaped: as many colons as the body has that is written again without the repetition.
        b'{"a": 1, "a": "\\u003a"}',
        b'{"a": 1, "a": "\\u003A"}',
        b'{"a": 1, "\\u0061": 2}',
    ],
)
def test_one_thing_said_twice_is_refused(body: bytes) -> None:
    with pytest.raises(Problem, match="twice in one object"):
        load_json(body)


_TEXTS = st.text(st.sampled_from(':"\\{}u003a, é\n'), max_size=6)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(_JSON, st.booleans())
def test_all_else_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert load_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value

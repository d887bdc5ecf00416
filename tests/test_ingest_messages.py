"""Message networks: threads, ties, bad lines, and the numbers of the real ones."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import BadInput
from features.events.schema import EVENTS
from features.events.validate import validate_events
from features.ingest.messages import parse, read_messages, to_events
from tests.realdata import real_data

Message = tuple[str, str, int]


def naive(messages: list[Message]) -> list[tuple[str, str, str, str, int]]:
    """The rules in plain loops: (kind, actor, contact, campaign, seconds)."""
    opener: dict[frozenset[str], tuple[str, str]] = {}
    ended: set[frozenset[str]] = set()
    events = []
    for sender, recipient, seconds in sorted(messages, key=lambda message: message[2]):
        pair = frozenset((sender, recipient))
        if sender == recipient or pair in ended:
            continue
        actor, contact = opener.setdefault(pair, (sender, recipient))
        kind = "touch" if sender == actor else "reply"
        if kind == "reply":
            ended.add(pair)
        events.append((kind, actor, contact, f"{actor}>{contact}", seconds))
    return events


def text(messages: list[Message]) -> bytes:
    return "\n".join(f"{a} {b} {t}" for a, b, t in messages).encode()


def found(data: bytes) -> list[tuple[str, str, str, str, int]]:
    table, _ = to_events(parse(data, "messages"))
    validate_events(table, "messages")
    rows = table.to_pylist()
    names = ("kind", "actor_id", "contact_id", "campaign_id")
    return [(*(row[name] for name in names), int(row["occurred_at"].timestamp())) for row in rows]


def refusal(data: str) -> str:
    with pytest.raises(BadInput) as caught:
        to_events(parse(data.encode(), "m.txt"))
    return str(caught.value)


messages = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.integers(0, 9)), min_size=1
)


@settings(max_examples=200, deadline=None)
@given(messages)
def test_the_same_events_as_the_plain_loops(drawn: list[Message]) -> None:
    assert found(text(drawn)) == naive(drawn)


@pytest.mark.parametrize("name", ["college_messages", "company_email"])
def test_the_same_events_as_the_plain_loops_on_real_networks(name: str) -> None:
    data = gzip.decompress((real_data(name) / "messages.txt.gz").read_bytes())
    rows = [line.split() for line in data.decode().splitlines()]
    assert found(data) == naive([(a, b, int(t)) for a, b, t in rows])


@pytest.mark.parametrize(
    ("name", "counts"),
    [("college_messages", (13_838, 23_709, 6_458)), ("company_email", (3_250, 6_558, 2_533))],
)
def test_counts_of_the_real_networks(name: str, counts: tuple[int, int, int]) -> None:
    _, read = read_messages(real_data(name) / "messages.txt.gz")
    assert (read.threads, read.touches, read.replies) == counts


def test_the_answer_ends_the_thread_and_what_follows_is_left_out() -> None:
    table, read = to_events(parse(b"a b 0\na b 5\nb a 9\na b 10\nb a 11\na a 12", "m"))
    assert table.column("kind").to_pylist() == ["touch", "touch", "reply"]
    assert table.column("event_id").to_pylist() == ["a>b#1", "a>b#2", "a>b#3"]
    assert (read.messages, read.to_self, read.threads) == (6, 1, 1)
    assert "left out 2 messages after the answer and 1 to oneself" in read.sentence()


def test_events_are_canonical_and_seconds_may_count_from_zero() -> None:
    table, _ = to_events(parse(b"a b 0\nb a 60", "m"))
    assert table.schema == EVENTS
    row = table.to_pylist()[0]
    assert row["occurred_at"] == row["recorded_at"] == datetime(1970, 1, 1, tzinfo=UTC)
    assert (row["channel"], row["sentiment"], row["relevance"]) == ("email", None, None)


def test_messages_of_one_second_keep_the_order_of_the_file() -> None:
    assert found(b"b a 7\na b 7")[0][:3] == ("touch", "b", "a")
    assert found(b"a b 9\nb a 7")[0][:3] == ("touch", "b", "a")


def test_names_with_the_sign_of_a_campaign_make_no_equal_event_ids() -> None:
    table, _ = to_events(parse(b"a>b c 1\na b>c 1", "m"))
    assert len(set(table.column("event_id").to_pylist())) == 2


def test_plain_gzip_windows_lines_remarks_and_a_byte_order_mark(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf# network\r\n\r\n  a\tb  5 \r\nb a 6\r\n% end\r\n"
    (tmp_path / "plain.txt").write_bytes(data)
    (tmp_path / "packed").write_bytes(gzip.compress(data))
    plain, packed = (read_messages(tmp_path / name)[0] for name in ("plain.txt", "packed"))
    assert plain.equals(packed)
    assert len(plain) == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("a b 1\n\na b", "m.txt, row 3: has 2 words, but must be sender recipient unix_seconds"),
        ("a b 1 2", "m.txt, row 1: has 4 words, but must be sender recipient unix_seconds"),
        ("a b 1\na b 1.5", "m.txt, row 2: has time '1.5', but must be whole seconds since 1970"),
        ("a b -3", "m.txt, row 1: has time '-3', but must be whole seconds since 1970"),
        (
            "a b 108204096100",
            "m.txt, row 1: has time '108204096100', after the year 2199; seconds, not more?",
        ),
        ("# nothing\n", "m.txt: has no messages in it (a line is sender recipient unix_seconds)"),
    ],
)
def test_a_bad_line_is_named(data: str, sentence: str) -> None:
    assert refusal(data) == sentence


def test_other_bytes_than_text_are_refused_with_their_line() -> None:
    with pytest.raises(BadInput, match="m, row 2: is not UTF-8 text"):
        parse(b"a b 1\n\xff b 2", "m")


def test_a_missing_or_torn_file_and_one_without_pairs_are_refused(tmp_path: Path) -> None:
    torn, alone = tmp_path / "torn.gz", tmp_path / "alone.txt"
    torn.write_bytes(gzip.compress(b"a b 1\n" * 1000)[:-9])
    alone.write_bytes(b"a a 1\n")
    for path, part in [
        (tmp_path / "none", "does not exist"),
        (torn, "cannot be read"),
        (alone, "has no message from one person to another"),
    ]:
        with pytest.raises(BadInput, match=part):
            read_messages(path)


def test_a_million_messages_take_seconds() -> None:
    rng = np.random.default_rng(7)
    ends = rng.integers(0, 50_000, (2, 1_000_000))
    seconds = rng.integers(0, 10**9, 1_000_000)
    data = "\n".join(f"{a} {b} {t}" for a, b, t in zip(*ends, seconds, strict=True)).encode()
    started = time.process_time()
    to_events(parse(data, "m"))
    assert time.process_time() - started < 8

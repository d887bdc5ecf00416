"""A temporal message network (`sender recipient unix_seconds` per line) to events."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadInput
from features.events.formats import GZIP_ERRORS
from features.events.problems import quoted
from features.events.schema import EVENTS, LAST_YEAR, TIMESTAMP

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_GZIP = b"\x1f\x8b"
_END = int(np.datetime64(f"{LAST_YEAR + 1}-01-01", "s").astype(np.int64))
_SHAPE = "sender recipient unix_seconds"


@dataclass(frozen=True, slots=True)
class Network:
    """Messages in the order of the file: who (codes into `people`), to whom, when (seconds)."""

    sender: Ints
    recipient: Ints
    seconds: Ints
    people: pa.Array


@dataclass(frozen=True, slots=True)
class MessagesRead:
    """What a message network held."""

    messages: int
    to_self: int
    threads: int
    touches: int
    replies: int

    def sentence(self) -> str:
        left_out = self.messages - self.to_self - self.touches - self.replies
        return (
            f"{self.messages:,} messages: {self.threads:,} threads with {self.touches:,} touches "
            f"and {self.replies:,} replies; left out {left_out:,} messages after the answer "
            f"and {self.to_self:,} to oneself."
        )


def read_messages(path: Path) -> tuple[pa.Table, MessagesRead]:
    """The events of a message network, plain or gzip, ordered by time.

    Raises `BadInput` naming the line that is not `sender recipient unix_seconds`.
    """
    table, read = to_events(parse(_bytes(path), str(path)))
    if not read.threads:
        raise BadInput("has no message from one person to another", source=str(path))
    return table, read


def to_events(network: Network) -> tuple[pa.Table, MessagesRead]:
    """Threads of a network as events.

    A thread is a pair of which one side wrote first; its messages up to and including the other
    side's first are kept. Messages of the same second keep the order of the file.
    """
    outward = np.flatnonzero(network.sender != network.recipient)
    rows, opener, is_reply, ordinal = _threads(network, outward)
    by_time = np.lexsort((rows, network.seconds[rows]))
    rows, opener = rows[by_time], opener[by_time]
    is_reply, ordinal = is_reply[by_time], ordinal[by_time]
    table = _table(network, rows, opener, is_reply, ordinal)
    replies = int(is_reply.sum())
    messages = len(network.sender)
    threads, to_self = int((ordinal == 1).sum()), messages - len(outward)
    return table, MessagesRead(messages, to_self, threads, len(rows) - replies, replies)


def parse(data: bytes, source: str) -> Network:
    """The messages in a text; blank lines and lines that begin with `#` or `%` are comments."""
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse("is not UTF-8 text", source, line)
    text = pc.utf8_trim_whitespace(pa.array(lines, pa.string()))
    remark = pc.or_(pc.equal(text, ""), pc.match_substring_regex(text, "^[#%]"))
    numbers = np.flatnonzero(~remark.to_numpy(zero_copy_only=False)) + 1
    if not len(numbers):
        raise BadInput(f"has no messages in it (a line is {_SHAPE})", source=source)
    words = pc.utf8_split_whitespace(text.filter(pc.invert(remark)))
    count = pc.list_value_length(words).to_numpy()
    if len(wrong := np.flatnonzero(count != 3)):
        first = int(wrong[0])
        _refuse(f"has {count[first]} words, but must be {_SHAPE}", source, int(numbers[first]))
    flat = pc.list_flatten(words)
    seconds = _seconds(flat.take(pa.array(np.arange(2, len(flat), 3))), numbers, source)
    return _coded(flat, seconds)


def _threads(network: Network, outward: Ints) -> tuple[Ints, Ints, Flags, Ints]:
    """Of the messages kept: rows of the network, first writer, is a reply, place in the thread."""
    sender, recipient = network.sender[outward], network.recipient[outward]
    pair = np.minimum(sender, recipient) * len(network.people) + np.maximum(sender, recipient)
    order = np.lexsort((network.seconds[outward], pair))
    sender, pair = sender[order], pair[order]
    starts = np.concatenate(([True], pair[1:] != pair[:-1]))[: len(pair)]
    first = np.flatnonzero(starts)
    thread = np.cumsum(starts) - 1
    opener = sender[first][thread]
    answers = sender != opener
    before = np.cumsum(answers) - answers
    kept = before == before[first][thread]
    ordinal = np.arange(len(pair)) - first[thread] + 1
    return outward[order][kept], opener[kept], answers[kept], ordinal[kept]


def _table(network: Network, rows: Ints, opener: Ints, is_reply: Flags, ordinal: Ints) -> pa.Table:
    other = np.where(is_reply, network.sender[rows], network.recipient[rows])
    actor, contact = network.people.take(pa.array(opener)), network.people.take(pa.array(other))
    campaign = pc.binary_join_element_wise(actor, contact, ">")
    # A name may hold ">" itself: escaped, so that no two threads share an event_id.
    pair = [pc.replace_substring(name, ">", "%3E") for name in (actor, contact)]
    thread = pc.binary_join_element_wise(*pair, ">")
    at = pa.array(network.seconds[rows] * 1_000_000).cast(TIMESTAMP)
    none = pa.nulls(len(rows))
    columns = {
        "event_id": pc.binary_join_element_wise(thread, pa.array(ordinal).cast(pa.string()), "#"),
        "contact_id": contact,
        "occurred_at": at,
        "recorded_at": at,
        "kind": pc.if_else(pa.array(is_reply), "reply", "touch"),
        "channel": pc.if_else(pa.array(is_reply), "email", "email"),
        "actor_id": actor,
        "campaign_id": campaign,
    }
    return pa.table([columns.get(field.name, none).cast(field.type) for field in EVENTS], EVENTS)


def _seconds(texts: pa.Array, numbers: Ints, source: str) -> Ints:
    whole = pc.match_substring_regex(texts, r"^\d{1,12}$").to_numpy(zero_copy_only=False)
    if len(wrong := np.flatnonzero(~whole)):
        first = int(wrong[0])
        shown = quoted(texts[first].as_py())
        _refuse(f"has time {shown}, but must be whole seconds since 1970", source, numbers[first])
    seconds: Ints = texts.cast(pa.int64()).to_numpy()
    if len(wrong := np.flatnonzero(seconds >= _END)):
        first = int(wrong[0])
        message = f"has time '{seconds[first]}', after the year {LAST_YEAR}; seconds, not more?"
        _refuse(message, source, numbers[first])
    return seconds


def _coded(flat: pa.Array, seconds: Ints) -> Network:
    places = np.arange(0, len(flat), 3)
    names = pa.concat_arrays([flat.take(pa.array(places)), flat.take(pa.array(places + 1))])
    encoded = names.dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    return Network(codes[: len(places)], codes[len(places) :], seconds, encoded.dictionary)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except FileNotFoundError:
        raise BadInput("does not exist", source=str(path)) from None
    except (OSError, *GZIP_ERRORS) as error:
        raise BadInput(f"cannot be read ({error})", source=str(path)) from error


def _refuse(message: str, source: str, line: int) -> NoReturn:
    raise BadInput(message, source=source, row=int(line)) from None

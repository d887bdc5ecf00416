"""The sentiment of an answer, by phrases and negation; None ("unknown") when unsure.

The phrases are in `phrases.yaml`; `docs/ingest.md` says how well they do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

Sentiment = Literal["positive", "neutral", "negative"]

_CONTRACTIONS = (
    (r"\b(?:can't|cant)\b", "cannot"),
    (r"\bwon't\b", "will not"),
    (r"\b(do|does|did|is|are|was|were|has|have|would|could|should)(?:n't|nt)\b", r"\1 not"),
    (r"\bi'm\b|\bim(?= (?:not|very|happy|interested|free|really|so|available|busy|too)\b)", "i am"),
    (r"\blet's\b|\blets\b", "let us"),
    (r"\b(i|we|you|they)'(?:d)\b", r"\1 would"),
    (r"\b(i|we|you|they)'ll\b", r"\1 will"),
    (r"\b(i|we|you|they)'ve\b", r"\1 have"),
    (r"\b(what|who|it|that|here|there)'?s\b(?<!its)", r"\1 is"),
)
_CLAUSE = re.compile(r"[.!?;\n]+|,? (?:but|however|though|although|aber|mais|maar|pero)\b,?")
_FIRST_WORDS, _FIRST_CHARACTERS = 60, 1_000


def sentiment(text: str) -> Sentiment | None:
    """What an answer says, from the author's own words (see `reply_text.unquoted`).

    A refusal beats all but a step forward beside it, which leaves the answer unknown. "Not now"
    beats interest; only a step within days beats "not now". Thanks alone say nothing.

    >>> sentiment("Thanks, but I'm not interested."), sentiment("Not now, maybe next year.")
    ('negative', 'neutral')
    >>> sentiment("Sounds good, call me on Monday."), sentiment("Thanks for your mail.")
    ('positive', None)
    """
    found: set[str] = set()
    for clause in _first_words(clauses(text[:_FIRST_CHARACTERS])):
        found |= _meanings(clause)
    if "refusal" in found:
        return None if "step" in found else "negative"
    if "later" in found:
        return "positive" if {"step", "soon"} <= found else "neutral"
    if "step" in found or "interest" in found:
        return "positive"
    return "neutral" if "who" in found else None


def asks_to_stop(text: str) -> bool:
    """Whether the author asks not to be written to again.

    >>> asks_to_stop("Please remove me from your list."), asks_to_stop("Don't unsubscribe me!")
    (True, False)
    """
    return any(
        not _negated(clause, found)
        for clause in clauses(text)
        for found in _phrases("stop").finditer(clause)
    )


def clauses(text: str) -> list[str]:
    """The folded clauses of a text, in order.

    >>> clauses("Thanks, but I DON'T code. Désolé!")
    ['thanks', 'i do not code', 'desole']
    """
    parts = (" ".join(part.split()).strip(" ,:-") for part in _CLAUSE.split(_fold(text)))
    return [part for part in parts if part]


def _first_words(parts: list[str]) -> Iterator[str]:
    """What an answer means stands at its beginning; a long text says many things."""
    words = 0
    for part in parts:
        if words >= _FIRST_WORDS:
            return
        yield part
        words += part.count(" ") + 1


def _meanings(clause: str) -> set[str]:
    found = set()
    # What one meaning has read is gone for the next: "not interested right now" is no refusal.
    for meaning in ("later", "refusal", "who"):
        clause, count = _phrases(meaning).subn(" # ", clause)
        found |= {meaning} if count else set()
    for meaning in ("step", "interest"):
        if any(not _negated(clause, match) for match in _phrases(meaning).finditer(clause)):
            found.add(meaning)
    if _words("soon").search(clause):
        found.add("soon")
    return found


def _negated(clause: str, match: re.Match[str]) -> bool:
    before = clause[: match.start()].rsplit(",", 1)[-1].split()[-4:]
    behind = clause[match.end() :].split()[:3]
    return any(
        _words(kind).search(" ".join(near)) is not None
        for kind, near in (("negation", before), ("negation_behind", behind))
    )


@cache
def _phrases(meaning: str) -> re.Pattern[str]:
    by_language: dict[str, list[str]] = _content()[meaning]
    return re.compile("|".join(pattern for group in by_language.values() for pattern in group))


@cache
def _words(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(_content()[kind])})\b")


@cache
def _content() -> dict[str, Any]:
    text = (files("features.ingest") / "phrases.yaml").read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _fold(text: str) -> str:
    text = text.replace("’", "'").replace("`", "'").replace("ß", "ss").lower()
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    for pattern, expansion in _CONTRACTIONS:
        text = re.sub(pattern, expansion, text)
    return text

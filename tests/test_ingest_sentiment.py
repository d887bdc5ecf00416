"""The sentiment of answers: measured, and honest about it."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from features.ingest.sentiment import asks_to_stop, sentiment

ROOT = Path(__file__).resolve().parents[1]
MOODS = ("positive", "neutral", "negative", "unknown")


@cache
def sentences() -> dict[str, dict[str, list[str]]]:
    content = yaml.safe_load((ROOT / "tests" / "ingest_replies.yaml").read_text("utf-8"))
    return {part: {mood: content[part][mood] for mood in MOODS} for part in content}


def judged(part: str) -> Counter[tuple[str, str]]:
    """How often each (meant, said) occurs."""
    return Counter(
        (meant, sentiment(text) or "unknown")
        for meant, texts in sentences()[part].items()
        for text in texts
    )


def test_there_are_enough_sentences_and_none_is_in_both_parts() -> None:
    texts = [t for part in sentences().values() for ts in part.values() for t in ts]
    assert len(texts) >= 150
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("mood", "text"), [(m, t) for m, ts in sentences()["tuned"].items() for t in ts]
)
def test_sentences_the_phrases_were_written_for(mood: str, text: str) -> None:
    assert (sentiment(text) or "unknown") == mood


def test_on_fresh_sentences_a_wrong_answer_is_rare_and_unknown_is_said_when_unsure() -> None:
    counts = judged("fresh")
    right = sum(n for (meant, said), n in counts.items() if meant == said)
    wrong = sum(n for (meant, said), n in counts.items() if said not in (meant, "unknown"))
    assert right / counts.total() >= 0.7
    assert wrong / counts.total() <= 0.05


def test_the_table_in_the_docs_is_what_is_measured() -> None:
    docs = (ROOT / "docs" / "ingest.md").read_text("utf-8")
    for part in ("tuned", "fresh"):
        counts = judged(part)
        for meant in MOODS:
            cells = " | ".join(str(counts[meant, said]) for said in MOODS)
            assert f"| {part} | {meant} | {cells} |" in docs


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("I wouldn't say no, let's talk.", "positive"),
        ("Not sure it is interesting.", None),
        ("I don't think it's exciting.", None),
        ("Interessant ist das nicht.", None),
        ("I'm not interested, but happy to chat with your colleague.", None),
        ("I CAN’T DO MONDAY BUT I’M AVAILABLE ON FRIDAY", "positive"),
        ("", None),
        ("?!", None),
    ],
)
def test_negation_contradiction_and_odd_text(text: str, mood: str | None) -> None:
    assert sentiment(text) == mood


def test_only_the_first_words_decide() -> None:
    assert sentiment("word " * 200 + ". Not interested.") is None


@pytest.mark.parametrize(
    "text",
    [
        "unsubscribe",
        "Please unsubscribe me.",
        "Please remove me from your list",
        "take me off this list!",
        "Do not contact me again.",
        "Don't ever email me again",
        "Stop mailing me.",
        "STOP CALLING ME",
        "I want to opt out.",
        "Remove my details from your database.",
        "Never write to me.",
        "No more emails, please.",
        "Bitte kontaktieren Sie mich nicht mehr.",
        "Bitte keine weiteren Mails.",
        "Merci de me désinscrire.",
        "Ne me contactez plus.",
        "Gelieve mij niet meer te mailen.",
        "Schrijf mij uit.",
        "Por favor, denme de baja.",
        "No me escriban más.",
    ],
)
def test_asking_to_stop_is_an_opt_out(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Please don't remove me from your list.",
        "Don't unsubscribe me!",
        "I can't talk now, please contact me again in May.",
        "You can stop by any time.",
        "Do not hesitate to contact me.",
        "Don't call me before noon.",
        "Not interested.",
        "I removed the attachment from my mail.",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert not asks_to_stop(text)


def test_every_phrase_is_a_pattern_that_needs_text() -> None:
    content = yaml.safe_load((ROOT / "features" / "ingest" / "phrases.yaml").read_text("utf-8"))
    for meaning in ("stop", "later", "who", "refusal", "step", "interest"):
        assert set(content[meaning]) == {"en", "de", "fr", "nl", "es"}
        for pattern in (p for group in content[meaning].values() for p in group):
            assert re.search(pattern, "") is None, pattern

"""What a person wrote, without what they quote."""

from __future__ import annotations

import time
from email import message_from_string

import pytest

from features.ingest.reply_text import html_text, unquoted, written_text

QUOTED = "> Hi Bob, a role for you.\n> Best regards\n> Ann"


@pytest.mark.parametrize(
    ("body", "own"),
    [
        (f"Yes!\n\nOn Mon, 5 Jan 2026 at 10:00, Ann <ann@agency.test> wrote:\n{QUOTED}", "Yes!"),
        (f"On Mon, 5 Jan 2026, Ann <ann@agency.test>\nwrote:\n\n{QUOTED}\n\nNo.", "No."),
        ("> Do you code?\nYes.\n> Where?\nBerlin.", "Yes.\nBerlin."),
        (f"Gerne.\n\nAm 05.01.2026 um 10:00 schrieb Ann:\n{QUOTED}", "Gerne."),
        (f"Oui.\n\nLe lun. 5 janv. 2026 à 10:00, Ann a écrit :\n{QUOTED}", "Oui."),
        (f"Ja.\n\nOp ma 5 jan. 2026 om 10:00 schreef Ann:\n{QUOTED}", "Ja."),
        (f"Sí.\n\nEl lun, 5 ene 2026, Ann escribió:\n{QUOTED}", "Sí."),
        ("Call me.\n\n-----Original Message-----\nFrom: Ann\nNot interested?", "Call me."),
        (
            "Thanks.\n\nFrom: Ann <ann@agency.test>\nSent: Monday, January 5, 2026 10:00\n"
            "To: Bob\nSubject: Role\n\nI am not interested in waiting.",
            "Thanks.",
        ),
        ("See below.\n---------- Forwarded message ---------\nPlease unsubscribe", "See below."),
        ("I am in.\n-- \nBob\nNot interested Ltd", "I am in."),
        ("Fine.\n\nBest regards,\nBob", "Fine."),
        ("Fine.\n____________________\nTo unsubscribe write to the list", "Fine."),
        ("Fine.\n\t[[alternative HTML version deleted]]\n", "Fine."),
        ("| Do you code?\nI do.", "I do."),
        ("", ""),
        (QUOTED, ""),
    ],
)
def test_only_the_authors_lines_remain(body: str, own: str) -> None:
    assert unquoted(body) == own


def test_a_signature_inside_a_quote_does_not_end_the_answer() -> None:
    assert unquoted(f"{QUOTED}\n\nI would love to talk.") == "I would love to talk."


def test_html_is_read_without_what_mail_programs_quote() -> None:
    html = (
        "<html><head><title>x</title><style>p{}</style></head><body><p>Yes,<br>please.</p>"
        "<div class='gmail_quote'>Not interested</div><blockquote>Spam</blockquote></body></html>"
    )
    assert html_text(html) == "Yes,\nplease."


@pytest.mark.parametrize("html", ["ann@agency.test", "<?xml version='1.0'?><p>Hi</p>", "<p", ""])
def test_odd_html_raises_no_warning(html: str) -> None:
    html_text(html)


def test_plain_text_wins_over_html_and_enclosed_mails_are_not_read() -> None:
    mail = message_from_string(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        "Subject: x\n\nEnclosed\n--b\nContent-Type: text/html\n\n<p>Rich</p>\n--b\n"
        "Content-Type: text/plain\n\nPlain\n--b--\n"
    )
    assert written_text(mail) == "Plain"


@pytest.mark.parametrize(
    ("charset", "encoded", "text"),
    [
        ("utf-8", "=C3=BC", "ü"),
        ("iso-8859-1", "=FC", "ü"),
        ("no-such-charset", "=C3=BC", "ü"),
        ("us-ascii", "=FC", "ü"),
    ],
)
def test_a_wrong_character_set_stops_nothing(charset: str, encoded: str, text: str) -> None:
    mail = message_from_string(
        f"Content-Type: text/plain; charset={charset}\n"
        f"Content-Transfer-Encoding: quoted-printable\n\n{encoded}\n"
    )
    assert written_text(mail) == text


@pytest.mark.parametrize(
    "text",
    ["On " * 20_000, "\n \n" * 30_000, "wrote " * 20_000, "On a\n\n" * 20_000, "_ " * 50_000],
)
def test_hostile_text_takes_no_long_time(text: str) -> None:
    started = time.process_time()
    unquoted(text)
    assert time.process_time() - started < 3

"""Bounces, automatic answers, complaints, opt-outs and calendar answers, by their standards."""

from __future__ import annotations

from email import message_from_string

import pytest

from features.ingest.signals import Signal, signal_of


def signal(text: str) -> Signal:
    return signal_of(message_from_string(text))


def report(kind: str, machine: str, returned: str = "", headers: str = "") -> str:
    """A multipart/report with its machine-readable part and the returned headers."""
    return (
        f"From: MAILER-DAEMON@mx.test\nSubject: Report\n{headers}"
        f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nSee the report.\n"
        f"--b\nContent-Type: message/{kind}\n\n{machine}\n"
        + (f"--b\nContent-Type: text/rfc822-headers\n\n{returned}\n" if returned else "")
        + "--b--\n"
    )


def delivery(action: str, status: str, recipient: str = "rfc822; bob@home.test") -> str:
    return (
        "Reporting-MTA: dns; mx.test\n\n"
        f"Final-Recipient: {recipient}\nAction: {action}\nStatus: {status}\n"
    )


def test_a_permanent_failure_is_a_bounce_of_its_recipient_and_mail() -> None:
    returned = "Message-ID: <m1@agency.test>\nTo: bob@home.test"
    found = signal(report("delivery-status", delivery("failed", "5.1.1"), returned))
    assert (found.kind, found.about, found.original) == (
        "bounce",
        ("bob@home.test",),
        "m1@agency.test",
    )


@pytest.mark.parametrize(
    ("action", "status"),
    [("delayed", "4.4.7"), ("failed", "4.2.2"), ("delivered", "2.0.0"), ("relayed", "5.0.0")],
)
def test_a_delay_or_a_success_is_no_bounce(action: str, status: str) -> None:
    assert signal(report("delivery-status", delivery(action, status))).kind == "none"


def test_of_several_recipients_only_the_failed_ones_bounced() -> None:
    delayed = "\nFinal-Recipient: rfc822; c@d.test\nAction: delayed\nStatus: 4.4.1\n"
    found = signal(report("delivery-status", delivery("failed", "5.1.1") + delayed))
    assert found.about == ("bob@home.test",)


def test_the_address_written_to_wins_over_the_one_it_was_forwarded_to() -> None:
    machine = delivery("failed", "5.1.1", "rfc822; inner@corp.test")
    machine += "Original-Recipient: rfc822;bob@home.test\n"
    assert signal(report("delivery-status", machine)).about == ("bob@home.test",)


def test_an_internationalised_report_is_read_too() -> None:
    text = report("delivery-status", delivery("failed", "5.1.1", "utf-8; bob@home.test"))
    text = text.replace("message/delivery-status", "message/global-delivery-status")
    found = signal(text)
    assert (found.kind, found.about) == ("bounce", ("bob@home.test",))


def test_a_whole_returned_mail_names_the_mail() -> None:
    text = report("delivery-status", delivery("failed", "5.0.0"))
    whole = (
        "--b\nContent-Type: message/rfc822\n\nMessage-ID: <m2@x>\nTo: bob@home.test\n\nHi\n--b--"
    )
    assert signal(text.replace("--b--", whole)).original == "m2@x"


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        (
            "From: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail",
            "550 5.1.1 <bob@home.test>",
            "bounce",
        ),
        (
            "From: x@mx.test\nReturn-Path: <>\nSubject: Mail delivery failed\n"
            "X-Failed-Recipients: bob@home.test",
            "gone",
            "bounce",
        ),
        ("From: postmaster@mx.test\nSubject: Unzustellbar: Hallo", "5.7.1 bob@home.test", "bounce"),
        (
            "From: MAILER-DAEMON@mx.test\nSubject: Warning: could not be delivered, delayed",
            "5.1.1",
            "none",
        ),
        ("From: MAILER-DAEMON@mx.test\nSubject: Mail delivery failed", "4.4.1 try later", "none"),
    ],
)
def test_delivery_reports_in_words(headers: str, body: str, kind: str) -> None:
    found = signal(f"{headers}\n\n{body}\n")
    assert found.kind == kind
    if kind == "bounce":
        assert found.about == ("bob@home.test",)


def test_a_person_who_writes_about_failed_mail_is_no_bounce() -> None:
    text = "From: bob@home.test\nSubject: Returned mail\n\nYour mail got a 550 5.1.1 here.\n"
    assert signal(text).kind == "reply"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "X-Autoreply: yes",
        "X-Autorespond: 1",
        "Precedence: auto_reply",
        "Subject: Automatic reply: Role",
        "Subject: RE: Out of Office",
        "Subject: Abwesenheitsnotiz: Stelle",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique?=",
        "Subject: Afwezig",
        "Subject: Respuesta automática",
    ],
)
def test_automatic_answers(header: str) -> None:
    assert (
        signal(f"From: bob@home.test\n{header}\n\nI am interested, I am away.\n").kind
        == "auto_reply"
    )


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: no", "X-Auto-Response-Suppress: All", "Precedence: list", "Subject: Office?"],
)
def test_signs_that_do_not_make_an_answer_automatic(header: str) -> None:
    assert signal(f"From: bob@home.test\n{header}\n\nSounds good.\n").kind == "reply"


def test_a_feedback_report_is_a_complaint_of_the_original_recipient() -> None:
    machine = "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <bob@home.test>\n"
    found = signal(report("feedback-report", machine, "Message-ID: <m3@x>\nTo: other@x.test"))
    assert (found.kind, found.about, found.original) == ("complaint", ("bob@home.test",), "m3@x")


def test_a_redacted_feedback_report_falls_back_on_the_returned_mail() -> None:
    machine = "Feedback-Type: abuse\nVersion: 1\n"
    found = signal(report("feedback-report", machine, "Message-ID: <m3@x>\nTo: bob@home.test"))
    assert found.about == ("bob@home.test",)


@pytest.mark.parametrize(
    ("feedback", "kind"), [("not-spam", "none"), ("auth-failure", "none"), ("opt-out", "opt_out")]
)
def test_other_feedback_is_no_complaint(feedback: str, kind: str) -> None:
    assert signal(report("feedback-report", f"Feedback-Type: {feedback}\n")).kind == kind


@pytest.mark.parametrize("subject", ["unsubscribe", "Re: Unsubscribe me", "Abmelden", "REMOVE"])
def test_a_subject_that_unsubscribes(subject: str) -> None:
    assert signal(f"From: bob@home.test\nSubject: {subject}\n\n\n").kind == "opt_out"


def test_asking_to_stop_counts_only_in_the_own_words() -> None:
    own = "From: bob@home.test\nSubject: Re: Role\n\nPlease remove me from your list.\n"
    quoted = "From: bob@home.test\nSubject: Re: Role\n\nOk.\n> To stop: unsubscribe me\n"
    assert (signal(own).kind, signal(quoted).kind) == ("opt_out", "reply")


def calendar(partstat: str, words: str, method: str = "REPLY") -> str:
    return (
        "From: bob@home.test\nSubject: Call\nContent-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n{words}\n"
        f"--b\nContent-Type: text/calendar; method={method}\n\nBEGIN:VCALENDAR\nMETHOD:{method}\n"
        f"BEGIN:VEVENT\nATTENDEE;CN=Bob;PART\n STAT={partstat}:mailto:bob@home.test\n"
        "END:VEVENT\nEND:VCALENDAR\n--b--\n"
    )


@pytest.mark.parametrize(
    ("partstat", "words", "method", "kind", "mood"),
    [
        ("ACCEPTED", "", "REPLY", "meeting", None),
        ("DECLINED", "", "REPLY", "reply", "neutral"),
        ("DECLINED", "Not interested.", "REPLY", "reply", "negative"),
        ("TENTATIVE", "Friday suits me.", "REPLY", "reply", "positive"),
        ("ACCEPTED", "Fine.", "REQUEST", "reply", None),
    ],
)
def test_calendar_answers(
    partstat: str, words: str, method: str, kind: str, mood: str | None
) -> None:
    found = signal(calendar(partstat, words, method))
    assert (found.kind, found.sentiment) == (kind, mood)

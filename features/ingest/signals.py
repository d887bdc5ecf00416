"""What kind of mail a mail is: a bounce, an automatic answer, a complaint, an opt-out, a person's.

Sources: RFC 3464 and RFC 6533 (delivery status), RFC 3834 (automatic answers), RFC 5965 (feedback
reports), RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 5546 (calendar answers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.message import Message
from typing import Literal

from features.ingest.addresses import addresses, decoded, person
from features.ingest.reply_text import html_text, own_parts, part_text, written_text
from features.ingest.reports import (
    all_values,
    blocks,
    first_value,
    id_of,
    original_mail,
    part_of,
    persons,
    recipients,
)
from features.ingest.sentiment import Sentiment, asks_to_stop, sentiment

Kind = Literal["reply", "meeting", "auto_reply", "bounce", "complaint", "opt_out", "none"]

_VACATION = re.compile(
    r"^(?:\[[^\]]*\] *)?(?:automatic(?: |-)?reply|auto(?: |-)?(?:reply|response|responder)"
    r"|out of (?:the )?office|ooo\b|on vacation|away from (?:the |my )?(?:office|desk)"
    r"|automatische antwort|abwesenheits|abwesend|nicht im b[uü]ro|r[ée]ponse automatique"
    r"|absence du bureau|absent du bureau|automatisch antwoord|afwezig|niet op kantoor"
    r"|respuesta autom[aá]tica|fuera de la oficina|ausente)",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(
    r"^(?:re: *)?(?:unsubscribe(?: me)?|please unsubscribe(?: me)?|opt[ -]?out|remove(?: me)?"
    r"|abmelden|abmeldung|d[ée]sinscription|d[ée]sabonnement|uitschrijven|afmelden|darme de baja"
    r"|baja)[.! ]*$",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver(?:ed|able)|delivery (?:status notification \(failure\)|has failed|failure)"
    r"|mail delivery failed|returned mail|failure notice|unzustellbar|non remis|onbestelbaar"
    r"|no se ha podido entregar|could not be delivered",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delay|warning|still being retried|verz[oö]ger|retard|vertraag", re.IGNORECASE
)
_MAILER = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_PERMANENT = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])|(?<![\d.])55[0-4][ -]")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a received mail says.

    `about` are the persons a report is about, `original` the Message-ID of the mail it is about;
    `sentiment` belongs to replies, `evidence` names the rule that decided.
    """

    kind: Kind
    evidence: str
    sentiment: Sentiment | None = None
    about: tuple[str, ...] = ()
    original: str | None = None


def signal_of(mail: Message) -> Signal:
    """Decide by headers and structure first, then by the author's own words."""
    return (
        _feedback_report(mail)
        or _delivery_status(mail)
        or _bounce_without_report(mail)
        or _unsubscribe_subject(mail)
        or _automatic(mail)
        or _calendar_answer(mail)
        or _written(mail)
    )


def _feedback_report(mail: Message) -> Signal | None:
    report = part_of(mail, "message/feedback-report")
    if report is None:
        return None
    fields = blocks(report)
    feedback = first_value(fields, "Feedback-Type").lower()
    # "not-spam" takes a complaint back and "auth-failure" is about a forged sender.
    if feedback not in ("abuse", "fraud", "virus", "other", "opt-out"):
        return Signal("none", f"feedback report {feedback or 'without a type'}")
    original = original_mail(mail)
    about = persons(all_values(fields, "Original-Rcpt-To")) or recipients(original)
    kind: Kind = "opt_out" if feedback == "opt-out" else "complaint"
    return Signal(kind, f"feedback report {feedback}", None, about, id_of(original))


def _delivery_status(mail: Message) -> Signal | None:
    report = part_of(mail, "message/delivery-status", "message/global-delivery-status")
    if report is None:
        return None
    failed = [block for block in blocks(report) if _failed_for_good(block)]
    if not failed:
        return Signal("none", "delivery status without a permanent failure")
    original = original_mail(mail)
    about = persons(all_values(failed, "Original-Recipient")) or persons(
        all_values(failed, "Final-Recipient")
    )
    return Signal("bounce", "delivery status 5", None, about, id_of(original))


def _failed_for_good(block: Message) -> bool:
    action, status = str(block.get("Action", "")).strip().lower(), str(block.get("Status", ""))
    return action == "failed" and not status.strip().startswith(("2", "4"))


def _bounce_without_report(mail: Message) -> Signal | None:
    sender = str(mail.get("From", ""))
    null_path = str(mail.get("Return-Path", "")).strip() == "<>"
    from_mailer = any(_MAILER.match(address) for address in addresses(sender))
    if not (null_path or from_mailer) or _is_auto(mail) == "auto-replied":
        return None
    subject, text = decoded(str(mail.get("Subject", ""))), _all_text(mail)
    if not (_FAILED.search(subject) or mail.get("X-Failed-Recipients")):
        return None
    if _DELAYED.search(subject) or not (_PERMANENT.search(text) or mail.get("X-Failed-Recipients")):
        return Signal("none", "delivery report without a permanent failure")
    about = persons([str(value) for value in mail.get_all("X-Failed-Recipients", [])])
    original = original_mail(mail)
    found = about or tuple(dict.fromkeys(filter(None, map(person, addresses(text[:20_000])))))
    return Signal("bounce", "delivery report in words", None, found, id_of(original))


def _unsubscribe_subject(mail: Message) -> Signal | None:
    if _UNSUBSCRIBE.match(decoded(str(mail.get("Subject", ""))).strip()):
        return Signal("opt_out", "subject")
    return None


def _automatic(mail: Message) -> Signal | None:
    if value := _is_auto(mail):
        return Signal("auto_reply", value)
    if _VACATION.match(re.sub(r"^(?:re|aw|fwd?): *", "", _subject(mail), flags=re.IGNORECASE)):
        return Signal("auto_reply", "subject")
    return None


def _is_auto(mail: Message) -> str | None:
    """RFC 3834 section 5; then what programs wrote before it and still do.

    X-Auto-Response-Suppress is no sign: it only asks not to be answered automatically.
    """
    value = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    if value and value != "no":
        return value
    if any(name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder")):
        return "X-Autoreply"
    precedence = str(mail.get("Precedence", "")).strip().lower()
    return "Precedence" if precedence in ("auto_reply", "auto-reply") else None


def _calendar_answer(mail: Message) -> Signal | None:
    for part in own_parts(mail):
        if part.get_content_type() != "text/calendar":
            continue
        calendar = re.sub(r"\r?\n[ \t]", "", part_text(part)).upper()
        if not re.search(r"^METHOD:REPLY\s*$", calendar, re.MULTILINE):
            continue
        if "PARTSTAT=ACCEPTED" in calendar:
            return Signal("meeting", "calendar answer accepted")
        words = _written(mail)
        if "PARTSTAT=DECLINED" in calendar and words.sentiment is None:
            # Declining a date is "not then"; only words can make it a no.
            return replace(words, sentiment="neutral", evidence="calendar answer declined")
        return words
    return None


def _written(mail: Message) -> Signal:
    text = written_text(mail)
    if asks_to_stop(text):
        return Signal("opt_out", "text")
    return Signal("reply", "text", sentiment(text))


def _subject(mail: Message) -> str:
    return decoded(str(mail.get("Subject", ""))).strip()


def _all_text(mail: Message) -> str:
    texts = []
    for part in own_parts(mail):
        if part.get_content_type() == "text/plain":
            texts.append(part_text(part))
        elif part.get_content_type() == "text/html":
            texts.append(html_text(part_text(part)))
    return "\n".join(texts)

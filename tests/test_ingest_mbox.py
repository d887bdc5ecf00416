"""Mailboxes to events: who was touched, what came back, when a thread ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import BadInput, BadSetting
from features.events.validate import validate_events
from features.ingest.conversations import base_subject
from features.ingest.mbox import read_mailbox
from tests.mails import BOB, ME, START, Mail, answer, read, sent, story, write_mbox
from tests.realdata import real_data

EVE = "eve@home.test"
NOT_NOW = "Not right now, maybe next year."


def test_follow_ups_are_touches_and_the_answer_ends_the_thread(tmp_path: Path) -> None:
    mails = [
        sent("m1"),
        sent("m2", 3, answers="m1"),
        answer("r1", "m2", 4),
        sent("m3", 4.1, answers="r1", body="Great, Monday then."),
        answer("r2", "m3", 4.2),
    ]
    table, summary = read(tmp_path, mails)
    assert story(table) == [("touch", BOB, ""), ("touch", BOB, ""), ("reply", BOB, "positive")]
    assert set(table.column("campaign_id").to_pylist()) == {"m1"}
    assert set(table.column("actor_id").to_pylist()) == {ME}
    assert (summary.mails, summary.left_out, summary.threads) == (5, 2, 1)


def test_after_a_neutral_or_automatic_answer_the_thread_stays_open(tmp_path: Path) -> None:
    mails = [
        sent("m1"),
        answer("a1", "m1", 0.1, extra="Auto-Submitted: auto-replied"),
        sent("m2", 5, answers="m1"),
        answer("r1", "m2", 6, NOT_NOW),
        sent("m3", 60, answers="r1"),
        answer("r2", "m3", 61, "No, not interested."),
        sent("m4", 62, answers="r2"),
    ]
    assert [kind for kind, *_ in story(read(tmp_path, mails)[0])] == [
        "touch",
        "auto_reply",
        "touch",
        "reply",
        "touch",
        "reply",
    ]


def test_a_mail_long_after_the_end_opens_a_new_thread(tmp_path: Path) -> None:
    mails = [
        sent("m1"),
        answer("r1", "m1", 1),
        sent("m2", 50, answers="r1"),
        sent("m3", 150, answers="m2"),
        answer("r2", "m3", 151, NOT_NOW),
    ]
    table, summary = read(tmp_path, mails)
    campaigns = table.column("campaign_id").to_pylist()
    assert campaigns == ["m1", "m1", "m1#2", "m1#2"]
    assert summary.threads == 2


def test_each_person_written_to_has_a_thread_and_copies_are_no_touch(tmp_path: Path) -> None:
    mails = [
        sent("m1", to=f"Bob <{BOB.upper()}>, Eve <{EVE}>", extra="Cc: boss@client.test"),
        answer("r1", "m1", 1, sender=EVE),
        sent("m2", 2, to="", extra=f"Cc: {BOB}", answers="m1"),
    ]
    assert story(read(tmp_path, mails)[0]) == [
        ("touch", BOB, ""),
        ("touch", EVE, ""),
        ("reply", EVE, "positive"),
        ("touch", BOB, ""),
    ]


def test_mail_among_us_or_from_strangers_is_left_out(tmp_path: Path) -> None:
    mails = [
        sent("m1"),
        Mail("ann+x@agency.test", ME, 1, id="n1", answers="m1"),
        Mail("shop@news.test", ME, 2, "Sale", "n2", body="Sounds good?"),
        Mail(ME, BOB, 3, id="oof", extra="Auto-Submitted: auto-replied"),
    ]
    table, summary = read(tmp_path, mails)
    assert story(table) == [("touch", BOB, "")]
    assert summary.left_out == 3


def test_who_wrote_first_is_no_reply_and_our_answer_is_the_first_touch(tmp_path: Path) -> None:
    mails = [Mail(BOB, ME, 0, id="b1"), sent("m1", 1, answers="b1"), answer("r1", "m1", 2)]
    table, _ = read(tmp_path, mails)
    assert story(table) == [("touch", BOB, ""), ("reply", BOB, "positive")]
    assert table.column("campaign_id").to_pylist() == ["b1", "b1"]


@pytest.mark.parametrize(
    "subject", ["Re: Backend engineer", "AW: [jobs] Backend  engineer", "Backend engineer"]
)
def test_without_references_subject_and_people_join(tmp_path: Path, subject: str) -> None:
    mails = [sent("m1"), Mail(BOB, ME, 30, subject, "r1", body="Sounds good.")]
    table, _ = read(tmp_path, mails)
    assert story(table)[1:] == [("reply", BOB, "positive")]
    assert table.column("campaign_id").to_pylist() == ["m1", "m1"]


@pytest.mark.parametrize(
    "mail",
    [
        Mail(BOB, ME, 95, "Re: Backend engineer", "r1"),
        Mail(BOB, ME, 5, "Re: Frontend engineer", "r1"),
        Mail(EVE, ME, 5, "Re: Backend engineer", "r1"),
        Mail(BOB, ME, 5, "", "r1"),
    ],
)
def test_another_subject_person_or_time_does_not_join(tmp_path: Path, mail: Mail) -> None:
    assert story(read(tmp_path, [sent("m1"), mail])[0]) == [("touch", BOB, "")]


def test_one_subject_to_many_people_makes_no_common_conversation(tmp_path: Path) -> None:
    mails = [sent("m1"), sent("m2", 1, to=EVE), sent("m3", 2)]
    table, _ = read(tmp_path, mails)
    assert table.column("campaign_id").to_pylist() == ["m1", "m2", "m1"]


def test_an_answer_from_another_address_belongs_to_the_one_written_to(tmp_path: Path) -> None:
    mails = [sent("m1"), answer("r1", "m1", 1, sender="bob@work.test")]
    assert story(read(tmp_path, mails)[0])[1] == ("reply", BOB, "positive")


def test_a_slow_clock_does_not_put_the_answer_before_the_question(tmp_path: Path) -> None:
    table, _ = read(tmp_path, [sent("m1"), answer("r1", "m1", -0.01)])
    assert [kind for kind, *_ in story(table)] == ["touch", "reply"]
    first, second = table.column("occurred_at").to_pylist()
    assert first <= second


LIST = "List-Post: <mailto:dev@list.test>"


def test_on_a_list_the_contact_is_the_author_answered(tmp_path: Path) -> None:
    mails = [
        Mail(BOB, "dev@list.test", 0, "[dev] Q", "b1", extra=LIST),
        Mail(ME, "dev@list.test", 1, "Re: [dev] Q", "m1", "b1", LIST),
        Mail(ME, "dev@list.test", 2, "Re: [dev] Q", "m2", "m1", LIST),
        Mail(EVE, "dev@list.test", 3, "Re: [dev] Q", "e1", "m1", LIST),
        Mail(BOB, "dev@list.test", 4, "Re: [dev] Q", "b2", "e1", LIST),
        Mail(BOB, "dev@list.test", 5, "Re: [dev] Q", "b3", "m2", LIST),
    ]
    table, _ = read(tmp_path, mails)
    assert [kind for kind, *_ in story(table)] == ["touch", "touch", "reply"]
    assert table.column("event_id").to_pylist()[-1] == f"b3>{BOB}"


def test_an_archive_that_hides_addresses(tmp_path: Path) -> None:
    mails = [
        Mail("bob at home.test (Bob B.)", id="b1"),
        Mail("ann at agency.test (Ann)", day=1, id="m1", answers="b1"),
        Mail("bob at home.test (Bob B.)", day=2, id="b2", answers="m1", body="Yes, please."),
    ]
    assert story(read(tmp_path, mails, "Ann at Agency.test")[0]) == [
        ("touch", BOB, ""),
        ("reply", BOB, "positive"),
    ]
    veiled = "b@b @ending from gm@il@com"
    mails[0].sender = mails[2].sender = f"{veiled} (Bob)"
    assert story(read(tmp_path, mails)[0])[1] == ("reply", veiled, "positive")


def bounce(original: str, day: float = 0.01, status: str = "5.1.1") -> Mail:
    body = (
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
        f"Final-Recipient: rfc822; {BOB}\nAction: failed\nStatus: {status}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{original}>\n--b--"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    return Mail(
        "MAILER-DAEMON@mx.test", ME, day, "Undelivered", f"d-{original}", "", "", body, kind
    )


def test_a_bounce_belongs_to_the_mail_it_returns(tmp_path: Path) -> None:
    mails = [sent("m1", to=f"{BOB}, {EVE}"), bounce("m1"), bounce("m1", 0.02, "4.2.2")]
    table, _ = read(tmp_path, mails)
    assert story(table)[2:] == [("bounce", BOB, "")]
    assert table.column("campaign_id").to_pylist()[-1] == "m1"


def test_a_bounce_that_returns_an_unknown_mail_goes_to_the_last_touch(tmp_path: Path) -> None:
    table, _ = read(tmp_path, [sent("m1"), sent("m2", 1, subject="Other"), bounce("lost", 2)])
    assert table.column("campaign_id").to_pylist() == ["m1", "m2", "m2"]
    assert story(read(tmp_path, [sent("m1", to=EVE), bounce("lost", 2)])[0]) == [("touch", EVE, "")]


def test_an_automatic_answer_without_references_goes_to_the_last_touch(tmp_path: Path) -> None:
    away = Mail(BOB, ME, 0.1, "Automatic reply: role", "a1")
    late = Mail(BOB, ME, 9, "Automatic reply: role", "a2")
    assert story(read(tmp_path, [sent("m1"), away, late])[0])[1:] == [("auto_reply", BOB, "")]


UNSUBSCRIBE = "List-Unsubscribe: <mailto:stop+{}@agency.test?subject=stop>, <https://agency.test/u>"


def test_a_mail_to_the_unsubscribe_address_is_an_opt_out(tmp_path: Path) -> None:
    mails = [
        sent("m1", extra=UNSUBSCRIBE.format(1)),
        sent("m2", 1, to=EVE, subject="Other", extra=UNSUBSCRIBE.format(2)),
        Mail("robot@isp.test", "Stop+1@agency.test", 2, "stop", "u1"),
    ]
    assert story(read(tmp_path, mails)[0])[-1] == ("opt_out", BOB, "")


def test_a_shared_unsubscribe_address_opts_its_sender_out(tmp_path: Path) -> None:
    mails = [
        sent("m1", extra=UNSUBSCRIBE.format(1)),
        sent("m2", 1, to=EVE, extra=UNSUBSCRIBE.format(1)),
        Mail(EVE, "stop+1@agency.test", 2, "stop", "u1"),
        Mail("stranger@x.test", "stop+1@agency.test", 3, "stop", "u2"),
    ]
    table, _ = read(tmp_path, mails)
    assert story(table)[2:] == [("opt_out", EVE, ""), ("opt_out", "stranger@x.test", "")]


def test_opting_out_counts_after_the_end_of_the_thread_too(tmp_path: Path) -> None:
    mails = [sent("m1"), answer("r1", "m1", 1), answer("r2", "r1", 2, "Please remove me from it.")]
    assert [kind for kind, *_ in story(read(tmp_path, mails)[0])] == ["touch", "reply", "opt_out"]


def test_an_opt_out_in_a_new_mail_ends_the_last_thread(tmp_path: Path) -> None:
    mails = [sent("m1"), Mail(BOB, ME, 3, "unsubscribe", "u1"), sent("m2", 4, answers="m1")]
    assert story(read(tmp_path, mails)[0]) == [("touch", BOB, ""), ("opt_out", BOB, "")]


def test_receipt_is_when_it_was_learned_of(tmp_path: Path) -> None:
    received = "Received: from a by b; Tue, 06 Jan 2026 12:30:00 +0100"
    table, _ = read(tmp_path, [sent("m1"), answer("r1", "m1", 1, extra=received)])
    reply = table.to_pylist()[1]
    assert reply["occurred_at"] == START + timedelta(days=1)
    assert reply["recorded_at"] == START + timedelta(days=1, hours=2.5)


@pytest.mark.parametrize(
    "date",
    ["Date: yesterday", "Date: Thu, 01 Jan 1970 00:00:01 +0000", "Date: 1 Feb 2031 9:00 +0000"],
)
def test_a_date_that_cannot_be_gives_way_to_the_receipt(tmp_path: Path, date: str) -> None:
    received = "Received: from a by b; Tue, 06 Jan 2026 09:00:00 +0000"
    text = answer("r1", "m1", 1, extra=received).text().split("\n")
    text[1] = date
    table, _ = read(tmp_path, [sent("m1"), "\n".join(text)])
    assert table.column("occurred_at").to_pylist()[1] == START + timedelta(days=1)


def test_without_date_and_receipt_the_separator_dates_a_mail(tmp_path: Path) -> None:
    table, _ = read(tmp_path, [sent("m1").text().replace("Date:", "X-Date:")])
    assert table.column("occurred_at").to_pylist() == [START]


def test_unusable_mails_are_counted_and_named(tmp_path: Path) -> None:
    nobody = "Subject: x\nDate: Mon, 5 Jan 2026 09:00:00 +0000\n\nhello\n"
    summary = read(tmp_path, [sent("m1"), nobody])[1]
    assert summary.unusable_count == 1
    assert "1 unusable (" in summary.sentence()
    assert "mail 2 has no sender" in summary.sentence()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.eml").write_text(sent("m1").text())
    (folder / "b.eml").write_text(sent("m2").text().replace("Date:", "X-Date:"))
    assert read_mailbox(folder, [ME])[1].unusable == [f"{folder / 'b.eml'} has no usable date"]


HOSTILE = [
    "From: bo\x00b@home.test\nTo: ann@agency.test\nIn-Reply-To: <m1>\n\nhi\n",
    f"From: {'b' * 2000}@home.test\nIn-Reply-To: <m1>\n\nhi\n",
    "From: bob@home.test\nMessage-ID: <\x07\ud83d>\nIn-Reply-To: <m1>\n\nhi\n",
    f"From: ann@agency.test\nTo: bob@home.test\nMessage-ID: <{'m' * 2000}>\n\nhi\n",
    "From: bob@home.test\nContent-Type: multipart/mixed\n\nno boundary\n",
    "From: bob@home.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n--b\n--b--\n",
    "From: =?utf-8?q?=ff?= <bob@home.test>\nSubject: =?x-none?b?!!!?=\n\nhi\n",
    "From: bob@home.test\nContent-Transfer-Encoding: base64\n\n%%%\n",
    "From: bob@home.test\nContent-Type: text/html; charset*=1''x\n\n<p>\n",
    "From: bob@home.test\nContent-Disposition: ;;=\nContent-Type: ;;\n\nhi\n",
    'From: "bob <bob@home.test>\nTo: <<>>,,;\nReferences: <<a> b>\n\nhi\n',
    'From: bob@home.test\nContent-Type: text/plain; charset="utf-8\x00"\n\nhi\n',
    "From: bob@home.test\n"
    + "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(300)),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_broken_mails_never_stop_the_reading(tmp_path: Path, text: str) -> None:
    table, summary = read(tmp_path, [sent("m1"), f"Date: Mon, 5 Jan 2026 10:00:00 +0000\n{text}"])
    validate_events(table, "box")
    assert len(table) >= 1
    assert summary.mails == 2


def test_copies_of_a_mail_in_several_folders_count_once(tmp_path: Path) -> None:
    for name in ("inbox", "all"):
        write_mbox(tmp_path / f"{name}.mbox", [sent("m1"), answer("r1", "m1", 1)])
    table, summary = read_mailbox(tmp_path, [ME])
    assert (len(table), summary.copies) == (2, 2)


def test_events_are_valid_and_the_same_on_every_run(tmp_path: Path) -> None:
    mails = [sent("m1"), sent("", 1, answers="m1"), answer("r\t1", "m1", 2, extra="X: 1")]
    first, again = read(tmp_path, mails)[0], read(tmp_path, mails)[0]
    assert validate_events(first, "box").equals(again)


def test_an_address_of_ours_is_needed_and_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no usable mail from me@x\.test; name your own"):
        read(tmp_path, [sent("m1")], "me@x.test")
    with pytest.raises(BadSetting, match="--me Ann is not a mail address"):
        read(tmp_path, [sent("m1")], "Ann")
    with pytest.raises(BadInput, match="none of it to a person"):
        read(tmp_path, [sent("m1", to=ME)])


def test_base_subjects() -> None:
    for subject in ("Re: Job", "RE[2]: job", "Fwd: AW: [x-list] Job", "Re:Job", "re : JOB"):
        assert base_subject(subject) == "job"
    assert base_subject("Research: job") == "research: job"


#: Mails checked by eye: author of the touch, person touched, and what came back.
LIGGES = ("ligge@ @ending from @t@ti@tik@tu-dortmund@de", "uad714d1799 at example.org")


def test_threads_of_the_real_archive_that_were_checked_by_eye() -> None:
    table, summary = read_mailbox(real_data("mailbox") / "list.mbox", LIGGES)
    assert (summary.threads, len(table), summary.unusable_count) == (21, 33, 0)
    touched: dict[str, list[str]] = {}
    for row in table.to_pylist():
        touched.setdefault(row["contact_id"], []).append(row["kind"])
    # Asked, answered on the list, thanked: m@rius asks again in a mail whose parent is not there.
    assert touched["m@riu@@hofert @ending from uw@terloo@c@"] == ["touch", "reply"]
    # Answered a mail of Dirk's (edd), who answers; the one who had asked is answered later.
    assert touched["edd @ending from debi@n@org"] == ["touch", "reply"]
    assert touched["chri@@njugun@ @ending from gm@il@com"] == ["touch", "reply"]
    # No answer on the list.
    assert touched["mlevy79 @ending from gm@il@com"] == ["touch"]
    # Two conversations with one person, one answered.
    assert touched["jori@@mey@ @ending from ugent@be"] == ["touch", "touch", "reply"]

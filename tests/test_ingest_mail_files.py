"""Finding mails: mbox dialects, Maildirs, folders, single mails, and what is none."""

from __future__ import annotations

import gzip
import mailbox
from pathlib import Path

import pytest

from features.errors import BadInput
from features.ingest.mail_files import RawMail, mail_files, read_mails, split_mbox
from tests.realdata import real_data

FROM = "From ann@agency.test Mon Jan  5 09:00:00 2026\n"
MAIL = "From: ann@agency.test\nSubject: x\n\n"


def split(text: str) -> list[RawMail]:
    return list(split_mbox(iter(text.encode().splitlines(keepends=True)), "box"))


def everything(path: Path) -> list[str]:
    return [
        raw.data.decode().rsplit("\n\n", 1)[-1] for f in mail_files(path) for raw in read_mails(f)
    ]


def test_lines_of_the_text_that_begin_with_from_separate_nothing() -> None:
    body = (
        "From here on it is easy.\n\nFrom Monday 10:00 in 2026 we are open.\n\n"
        "From x@y Mon Jan  5 09:00:00 2026\nis how such a line looks.\n"
    )
    mails = split(FROM + MAIL + body + "\n" + FROM + MAIL + "two\n")
    assert [raw.place for raw in mails] == ["box, mail 1", "box, mail 2"]
    assert mails[0].data.decode() == MAIL + body + "\n"


def test_escaped_from_lines_lose_one_sign() -> None:
    (raw,) = split(FROM + MAIL + ">From now on\n>>From then\n")
    assert raw.data.decode().endswith("From now on\n>From then\n")


@pytest.mark.parametrize(
    "separator",
    [
        "From u1 at example.org  Wed Apr  4 15:41:03 2018",
        "From m@rk @ending from gm@il@com  Sun May  6 11:42:45 2018",
        "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
        "From ann@agency.test Mon Jan  5 09:00:00 +0100 2026",
        "From ann@agency.test Mon Jan  5 09:00:00 2026 +0100",
        "From - Mon Jan 05 09:00:00 2026",
    ],
)
def test_separators_of_many_programs(separator: str) -> None:
    mails = split(f"{FROM}{MAIL}one\n\n{separator}\n{MAIL}two\n")
    assert [raw.separator for raw in mails] == [FROM.strip(), separator]


def test_an_mbox_that_ends_in_a_separator_keeps_it_as_text() -> None:
    (raw,) = split(FROM + MAIL + "\n" + FROM)
    assert raw.data.decode().endswith(FROM)


def test_a_folder_of_mboxes_maildirs_and_single_mails_is_read_through(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.mbox").write_text(FROM + MAIL + "in an mbox")
    (tmp_path / "old" / "b.txt.gz").write_bytes(gzip.compress((FROM + MAIL + "packed").encode()))
    (tmp_path / "c.eml").write_text(MAIL + "alone")
    maildir = mailbox.Maildir(tmp_path / "dir")
    maildir.add((MAIL + "in a Maildir").encode())
    maildir.add_folder("Sent").add((MAIL + "in its folder").encode())
    (tmp_path / "dir" / "tmp" / "half").write_text(MAIL + "half written")
    (tmp_path / "notes.txt").write_text("From the heart\n")
    (tmp_path / "picture.jpg").write_bytes(b"\x1f\x8b\x00broken")
    assert sorted(everything(tmp_path)) == [
        "alone",
        "in a Maildir",
        "in an mbox",
        "in its folder",
        "packed",
    ]


def test_a_maildir_itself_is_read(tmp_path: Path) -> None:
    maildir = mailbox.Maildir(tmp_path / "dir")
    maildir.add((MAIL + "new").encode())
    assert everything(tmp_path / "dir") == ["new"]


def test_what_holds_no_mail_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.mbox").write_text("")
    for path, part in [
        (tmp_path / "nothing", "does not exist"),
        (tmp_path / "notes.txt", "is not an mbox file"),
        (tmp_path / "empty.mbox", "is not an mbox file"),
        (tmp_path, "has no mail in it"),
    ]:
        with pytest.raises(BadInput, match=part):
            mail_files(path)


def test_a_torn_archive_is_refused_by_name(tmp_path: Path) -> None:
    packed = gzip.compress((FROM + MAIL + "x" * 100_000).encode())
    (tmp_path / "torn.gz").write_bytes(packed[:-12])
    with pytest.raises(BadInput, match=r"torn\.gz: cannot be read to its end"):
        everything(tmp_path / "torn.gz")


def test_the_real_archive_has_as_many_mails_as_message_ids() -> None:
    path = real_data("mailbox") / "list.mbox"
    ids = [line for line in path.read_bytes().splitlines() if line.startswith(b"Message-ID: <")]
    assert len(list(read_mails(path))) == 285 == len(ids)

"""What a person wrote in a mail: without quotes, forwards, signature and the list's footer."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from email.message import Message

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from mailparser_reply import EmailReplyParser

LANGUAGES = ("en", "de", "fr", "nl", "es")

#: What stands beyond this is quoted text or a document; finding quotes in it takes quadratic time.
MOST_CHARACTERS = 5_000
_MOST_HTML = 400_000

#: From here on the words are somebody else's: a forward, a signature (RFC 3676 section 4.3), the
#: footer of a mailing list.
_CUT = re.compile(
    r"^(?:-{2,} ?(?:forwarded message|original message|weitergeleitete nachricht"
    r"|urspr[uü]ngliche nachricht|message transf[ée]r[ée]|message d'origine|mensaje reenviado"
    r"|doorgestuurd bericht|oorspronkelijk bericht|mensaje original) ?-*"
    r"|begin forwarded message:|-- ?|_{10,})$",
    re.IGNORECASE | re.MULTILINE,
)
_SCRUBBED = re.compile(r"^\s*\[\[alternative HTML version deleted\]\]\s*$", re.MULTILINE)
#: "On Monday Ann wrote:", perhaps over several lines, or "Ann wrote:", above quoted ones.
_ATTRIBUTION = re.compile(
    r"^(?:(?:on|am|le|op|el)\b[^\n]{0,200}(?:\n[^\n]{1,200}){0,3}?|[^\n>]{1,200})"
    r"\b(?:wrote|writes|schrieb|[eé]crit|schreef|escribi[oó])\b[^\n]{0,100}\n\s*(?=[>|])",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINES = re.compile(r"\n(?: ?\n){2,}")
_QUOTED = re.compile(r"\s*(?:>|\| )")
_QUOTING_HTML = (
    "script, style, head, title, blockquote, .gmail_quote, .gmail_signature, .moz-cite-prefix, "
    ".moz-signature, .yahoo_quoted, #divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend ~ *"
)


def written_text(mail: Message) -> str:
    """The words of the mail's author, at most `MOST_CHARACTERS` read."""
    return unquoted(body_text(mail))


def body_text(mail: Message) -> str:
    """The first readable part: plain text, else HTML without what it quotes."""
    parts = [part for part in own_parts(mail) if part.get_content_disposition() != "attachment"]
    for part in parts:
        if part.get_content_type() == "text/plain" and (text := part_text(part)).strip():
            return text
    for part in parts:
        if part.get_content_type() == "text/html":
            return html_text(part_text(part))
    return ""


def own_parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail in order, not those of mails enclosed in it."""
    payload = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from own_parts(part)
    else:
        yield mail


def part_text(part: Message) -> str:
    """A part's text; a wrong or unknown character set never stops the reading."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return data.decode(charset)
        except (LookupError, UnicodeError):
            continue
    return data.decode("latin-1")


def html_text(html: str) -> str:
    """The visible text of an HTML body, without the parts mail programs mark as quoted."""
    with warnings.catch_warnings():
        # A mail may consist of one address, or claim to be XML: no matter here.
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        tree = BeautifulSoup(html[:_MOST_HTML], "html.parser")
    for element in tree.select(_QUOTING_HTML):
        element.decompose()
    for element in tree.find_all(["br", "p", "div", "li", "tr"]):
        element.append("\n")
    lines = (" ".join(line.split()) for line in tree.get_text().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def unquoted(text: str) -> str:
    """The author's own lines of a body: answers above, below and between quoted lines.

    >>> unquoted("Sounds good!\\n\\nOn Mon, 5 Jan 2026, Ann wrote:\\n> Shall we talk?")
    'Sounds good!'
    >>> unquoted("> Shall we talk?\\nYes.\\n> Monday?\\nTuesday.\\n-- \\nBob, Acme")
    'Yes.\\nTuesday.'
    """
    text = re.sub(r"[^\S\n]+", " ", text[: 10 * MOST_CHARACTERS].replace("\r\n", "\n"))
    text = _BLANK_LINES.sub("\n\n", text)
    # Quotes go first: a signature inside one would otherwise end the text.
    text = _ATTRIBUTION.sub("\n", _SCRUBBED.sub("", text))
    text = "\n".join(line for line in text.split("\n") if not _QUOTED.match(line))
    text = _BLANK_LINES.sub("\n\n", text)[:MOST_CHARACTERS]
    if cut := next((found for found in _CUT.finditer(text) if text[: found.start()].strip()), None):
        text = text[: cut.start()]
    replies = EmailReplyParser(languages=list(LANGUAGES)).read(text).replies
    return _BLANK_LINES.sub("\n\n", replies[0].body).strip() if replies else ""

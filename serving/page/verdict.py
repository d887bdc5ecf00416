"""A dry run in words: how many touches, replies and annoyed people more or fewer."""

from __future__ import annotations

from typing import Any

from models.dials import Dials
from serving.page.render import percent
from serving.stored.dryrun import Change, DryRun, Past

#: With fewer touches than this a dry run says little, and says so.
_LITTLE = 100
_SAME = 0.005


def of(found: DryRun) -> dict[str, Any]:
    """What a template shows: a headline, a row for each count, and today's list."""
    past, today = found.past, found.today
    return {
        "headline": None if past is None else headline(past),
        "little": past is not None and past.measured < _LITTLE,
        "rows": [] if past is None else [
            _row("Touches", past.touches), _row("Replies", past.replies),
            _row("Annoyed people", past.annoyed),
        ],
        "expected": past is not None and (past.replies.expected or past.annoyed.expected),
        "past": past, "today": today,
    }  # fmt: skip


def headline(past: Past) -> str:
    """The dry run in one sentence.

    >>> some = Change(100, 88, -0.12, -0.14, -0.1)
    >>> headline(Past(200, 90, some, Change(20, 20, 0, 0, 0), Change(2, 1, -0.5, -1, 0, True)))
    '12 % fewer touches, as many replies, about 50 % fewer annoyed'
    """
    if past.touches.share is None:
        return "The dials in force would have made none of these touches"
    return ", ".join(
        words(change, noun)
        for change, noun in (
            (past.touches, "touches"), (past.replies, "replies"), (past.annoyed, "annoyed")
        )
    )  # fmt: skip


def words(change: Change, noun: str) -> str:
    """A change in words, such as `12 % fewer touches`."""
    if change.share is None or abs(change.share) < _SAME:
        return f"as many {noun}"
    about = "about " if change.expected else ""
    if change.share >= 1:
        return f"{about}{change.share + 1:.1f} times as many {noun}"
    return f"{about}{percent(abs(change.share))} {'more' if change.share > 0 else 'fewer'} {noun}"


def _row(name: str, change: Change) -> dict[str, str]:
    said = "–" if change.share is None else _signed(change.share)
    between = "" if change.share is None else f"{_signed(change.low)} to {_signed(change.high)}"
    about = "about " if change.expected else ""
    return {
        "name": name, "before": about + _count(change.before),
        "after": about + _count(change.after), "change": said, "interval": between,
    }  # fmt: skip


def _signed(share: float) -> str:
    """A change in percent with its sign.

    >>> _signed(-0.12), _signed(0.0), _signed(0.034)
    ('−12 %', '0 %', '+3 %')
    """
    rounded = round(share * 100)
    return f"{'−' if rounded < 0 else '+' if rounded else ''}{abs(rounded)} %"


def _count(value: float) -> str:
    """A count; what is expected may be a part of a person.

    >>> _count(1234.0), _count(0.762)
    ('1,234', '0.76')
    """
    return f"{value:,.0f}" if value >= 10 or float(value).is_integer() else f"{value:.2g}"


def worths(dials: Dials) -> str:
    """What the three worths mean beside each other, in a sentence.

    >>> worths(Dials())
    'An annoyed person weighs as much as 2 good replies; a touch pays if it adds 1 % chance of one.'
    """
    weighs = dials.annoy / dials.land
    many = f"{weighs:.3g} good {'reply' if weighs == 1 else 'replies'}"
    pays = (
        f"a touch pays if it adds {100 * dials.touch / dials.land:.3g} % chance of one"
        if dials.touch < dials.land
        else "no touch ever pays"
    )
    return f"An annoyed person weighs as much as {many}; {pays}."

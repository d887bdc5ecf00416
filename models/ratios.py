"""How one chance compares with another, in words."""

from __future__ import annotations

from models.spoken import percent

#: Upper bound of the ratio, what a chance that comes to it does, how it compares with the other.
_WORDS: tuple[tuple[float, str, str], ...] = (
    (0.29, "falls to a quarter or less", "at most a quarter of that"),
    (0.42, "falls to a third", "a third of that"),
    (0.58, "halves", "half that"),
    (0.71, "falls by a third", "a third less than"),
    (0.80, "falls by a quarter", "a quarter less than"),
    (1.25, "", ""),
    (1.42, "rises by a third", "a third more than"),
    (1.75, "rises by half", "half as much again as"),
    (2.5, "doubles", "twice that"),
    (3.5, "triples", "three times that"),
)


def moves(before: float, after: float) -> str:
    """What a chance does that goes from `before` to `after`; empty if hardly anything.

    >>> moves(0.02, 0.01), moves(0.1, 0.11)
    ('halves (2.0 % to 1.0 %)', '')
    """
    word = _words(before, after)[0]
    return word and f"{word} ({percent(before)} to {percent(after)})"


def compares(one: float, other: float) -> str:
    """How `one` compares with `other`; empty if hardly differently.

    >>> compares(0.21, 0.1)
    'twice that'
    """
    return _words(other, one)[1]


def _words(before: float, after: float) -> tuple[str, str]:
    ratio = after / max(before, 1e-9)
    for most, verb, comparison in _WORDS:
        if ratio < most:
            return verb, comparison
    return "more than triples", "more than three times that"

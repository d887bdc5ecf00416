"""Lists as commands print them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from features.moments import moment_of


def day(us: int | None) -> str:
    """A moment of the store to the minute, UTC; `-` for none.

    >>> day(None), day(1_767_225_600_000_000)
    ('-', '2026-01-01 00:00')
    """
    return "-" if us is None else f"{moment_of(us):%Y-%m-%d %H:%M}"


def echo_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns, each as wide as what is in it."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip())

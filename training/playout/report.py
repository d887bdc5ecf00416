"""The whole report: play what is missing, then write the page and its plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training import plots
from training.playout.agenda import COSTS, Agenda, Said, play_all
from training.playout.book import AVERAGE, Book, rows_of
from training.playout.hindsight import grid
from training.playout.kept import Kept
from training.playout.page import page
from training.playout.pictures import frontier_plot, learning_plot
from training.playout.plays import BEST, CLEAR, FINELINE, HABITUAL
from training.playout.tables import Row


def compare(
    agenda: Agenda, policies: Sequence[str], kept: Kept, processes: int, said: Said
) -> dict[str, list[Row]]:
    """A table per world: the policies beside the habit and the clear-sighted."""
    needed = dict.fromkeys((*policies, HABITUAL, CLEAR))
    plays = play_all((agenda.main(w, p) for w in agenda.worlds for p in needed), kept, processes,
                     said)  # fmt: skip
    return {w: rows_of(plays, agenda, w, policies) for w in agenda.worlds}


def plot_frontiers(agenda: Agenda, kept: Kept, out: Path, processes: int, said: Said) -> None:
    """Plot landed against annoyed as the cost of annoyance varies, a panel per world."""
    plays = play_all(
        (agenda.at_cost(w, p, c) for w in agenda.worlds for p in (FINELINE, CLEAR) for c in COSTS),
        kept, processes, said,
    )  # fmt: skip
    book = Book(agenda, plays, {w: grid(agenda.main(w, BEST), kept) for w in agenda.worlds})
    out.parent.mkdir(parents=True, exist_ok=True)
    plots.save(frontier_plot([book.frontier(w) for w in agenda.worlds]), out)


def write_report(agenda: Agenda, kept: Kept, out: Path, processes: int, said: Said) -> None:
    """Write the page `out` and its plots in a folder of the same name beside it."""
    plays = play_all(agenda.plays(), kept, processes, said)
    grids = {w: grid(agenda.main(w, BEST), kept) for w in agenda.worlds}
    book = Book(agenda, plays, grids)
    folder = out.parent / out.stem
    folder.mkdir(parents=True, exist_ok=True)
    plots.save(frontier_plot([book.frontier(w) for w in agenda.worlds]), folder / "frontier.png")
    plots.save(learning_plot(book.curves(), AVERAGE), folder / "learning.png")
    out.write_text("\n".join(page(book, folder.name)) + "\n", encoding="utf-8")

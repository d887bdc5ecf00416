"""`fineline playout`: policies let loose on fresh people of worlds whose truth is known."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from training.playout.agenda import Agenda
    from training.playout.kept import Kept
    from training.playout.tables import Row

_path = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--policy", "policies", multiple=True, default=("all",), show_default=True,
              help="Who plays; may be given several times. See below.")  # fmt: skip
@click.option("--world", "worlds", multiple=True, help="Where; may be given several times. "
              "Default: agency; with --report every world.")  # fmt: skip
@click.option("--learn-from", help="Learn in this world instead of the one that is played in.")
@click.option("--contacts", type=click.IntRange(2, 100_000), default=1000, show_default=True,
              help="Fresh people to deal with.")  # fmt: skip
@click.option("--history", type=click.IntRange(0, 1_000_000), default=10_000, show_default=True,
              help="Contacts in the history learned from; 0: base rates only.")  # fmt: skip
@click.option("--histories", type=click.IntRange(1, 20), default=1, show_default=True,
              help="Histories fineline learns from, each for a share of the people.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
              help="The same seed, the same people with the same luck.")  # fmt: skip
@click.option("--plot", type=_path, help="Plot landed against annoyed to this PNG.")
@click.option("--report", type=_path, help="Play everything and write this page, plots beside it.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True,
              help="Plays at once.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def playout(
    policies: tuple[str, ...], worlds: tuple[str, ...], learn_from: str | None, contacts: int,
    history: int, histories: int, seed: int, plot: Path | None, report: Path | None,
    processes: int, as_json: bool,
) -> None:  # fmt: skip
    """Let policies act on fresh people for 120 days and count what truly happened.

    Policies: habit, classifier, classifier-weekly, best-cadence, fineline, insider, clear-sighted,
    all, a cadence of your own such as cadence:8x14xlinkedin+email (touches x days x channels), or a
    service that runs, such as served:http://127.0.0.1:8000.
    Results are kept in the home folder: a run that was interrupted goes on where it stopped.

    \b
    Example:
      fineline playout --policy fineline --policy habit --world waking --contacts 500
      fineline playout --report docs/decision-quality.md
    """
    from features.errors import BadInput
    from training.playout.agenda import Agenda
    from training.playout.players import checked
    from training.playout.plays import CLASSIFIER, POLICIES, WEEKLY
    from training.playout.report import compare, plot_frontiers, write_report
    from training.simulate.worlds import WORLDS, world_named

    chosen = [world_named(w).name for w in worlds] or (list(WORLDS) if report else ["agency"])
    if learn_from is not None:
        world_named(learn_from)
    # Without a history there is nothing for a classifier to learn from.
    everybody = [p for p in POLICIES if history or p not in (CLASSIFIER, WEEKLY)]
    named = [name for p in policies for name in (everybody if p == "all" else [checked(p)])]
    if report is not None and not history:
        raise BadInput("a report needs a history to learn from", field="--history")
    agenda = Agenda(tuple(dict.fromkeys(chosen)), contacts, history, seed, learn_from, histories)
    kept = _kept()
    with _Plays(as_json) as bar:
        if report is not None:
            write_report(agenda, kept, report, processes, bar.said)
            click.echo(f"Wrote {report}.")
            return
        tables = compare(agenda, list(dict.fromkeys(named)), kept, processes, bar.said)
        if plot is not None:
            plot_frontiers(agenda, kept, plot, processes, bar.said)
    click.echo(_as_json(agenda, tables) if as_json else "\n".join(_lines(agenda, tables)))


def _as_json(agenda: Agenda, tables: dict[str, list[Row]]) -> str:
    return json.dumps(
        {
            "contacts": agenda.contacts,
            "history": agenda.history,
            "histories": agenda.histories,
            "seed": agenda.seed,
            "worlds": {
                world: {
                    "learned_from": agenda.learn_from or world,
                    "policies": [row.as_dict() for row in rows],
                }
                for world, rows in tables.items()
            },
        }
    )


def _lines(agenda: Agenda, tables: dict[str, list[Row]]) -> Iterator[str]:
    from training.playout.tables import HEADER, plain

    for world, rows in tables.items():
        learned = f"{agenda.history:,} contacts of {agenda.learn_from or world}"
        yield f"World {world}; learned from {learned}; 95 % intervals over contacts"
        yield from plain(HEADER, [row.cells() for row in rows])


def _kept() -> Kept:
    from models.settings import Settings, load_settings
    from training.playout.kept import Kept

    return Kept(load_settings(Settings).home / "playout")


class _Plays:
    """Says how many plays are done, on a terminal only."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet or not sys.stderr.isatty()

    def __enter__(self) -> _Plays:
        from tqdm import tqdm

        self.bar = tqdm(disable=self.quiet, bar_format="{l_bar}{bar}| {n}/{total} {elapsed} {desc}")
        return self

    def said(self, what: str, done: int, total: int) -> None:
        """So many are done; `what` is under way, or was last."""
        self.bar.total, self.bar.n = total, done
        self.bar.set_description_str(what)

    def __exit__(self, *exc: object) -> None:
        self.bar.close()

"""`fineline offpolicy`: what a log of drawn decisions tells of policies, and of a touch."""

from __future__ import annotations

import json
from pathlib import Path

import click

_file = click.Path(path_type=Path)


@click.command()
@click.argument("log", type=_file)
@click.option("--events", type=_file, required=True, help="Events: Parquet, CSV or JSONL.")
@click.option(
    "--policy", "policies", multiple=True,
    help="logged, nudge, hold, or a condition; can be repeated; differences are to the first.",
)  # fmt: skip
@click.option("--window", default=60.0, show_default=True, help="Days watched after an occasion.")
@click.option("--course", default=120.0, show_default=True, help="Days of a person's course.")
@click.option("--land", default=1.0, show_default=True, help="Worth of a landing.")
@click.option("--annoy", default=2.0, show_default=True, help="Cost of an annoyed person.")
@click.option("--touch", default=0.01, show_default=True, help="Cost of a touch.")
@click.option("--clip", type=click.FloatRange(1), help="Largest importance weight; default: any.")
@click.option(
    "--level", type=click.FloatRange(0.5, 0.999), default=0.9, show_default=True,
    help="Chance that an interval covers.",
)  # fmt: skip
@click.option("--by", help="Column to rank by for the Qini curve; default: the expected effect.")
@click.option("--plot", type=_file, help="Draw the Qini curves into this PNG file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def offpolicy(
    log: Path,
    events: Path,
    policies: tuple[str, ...],
    window: float,
    course: float,
    land: float,
    annoy: float,
    touch: float,
    clip: float | None,
    level: float,
    by: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Value of policies, and the effect of a touch, from decisions some of which were held.

    LOG is a Parquet file, or the folder that `fineline score --record` keeps. A policy nudges or
    holds at each occasion to nudge; a condition such as 'score > 0.02 and touch_number <= 3' nudges
    where it is true.

    \b
    Example:
      fineline offpolicy decisions --events events.parquet --policy nudge --policy 'score > 0.02'
    """
    from features.events.atomic import replacing
    from features.events.files import read_events
    from models.decision import Utility
    from training.offpolicy.evaluation import POLICIES, Asked, evaluate
    from training.offpolicy.log import read_log
    from training.offpolicy.plot import qini_plot
    from training.offpolicy.report import as_dict, summary
    from training.plots import save

    asked = Asked(
        policies or POLICIES, Utility(land, annoy, touch), window, course,
        float("inf") if clip is None else clip, level, by,
    )  # fmt: skip
    found = evaluate(read_log(log), read_events(events), asked)
    if plot is not None:
        with replacing(plot) as temporary:
            save(qini_plot(found), temporary)
    click.echo(json.dumps(as_dict(found)) if as_json else summary(found))

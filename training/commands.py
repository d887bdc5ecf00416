"""Commands of data scientists: simulate, train, evaluate, promote, rollback, yardstick,
playout."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.errors import BadInput
from features.moments import microseconds, moment_said
from training.playout.command import playout
from training.simulate.command import simulate

if TYPE_CHECKING:
    from models.settings import Settings
    from training.run import Trained

__all__ = ["evaluate", "playout", "promote", "rollback", "simulate", "train", "yardstick"]

_file = click.Path(path_type=Path)
_events = click.option("--events", type=_file, required=True, help="Events: Parquet, CSV or JSONL.")
_contacts = click.option("--contacts", type=_file, help="Contacts, in the same formats.")
_tracking = click.option("--tracking-uri", help="MLflow server or database; default: local SQLite.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command()
@click.option("--events", type=_file, help="Events: Parquet, CSV or JSONL.")
@_contacts
@click.option("--from-store", is_flag=True, help="Learn from the event store, not from files.")
@click.option("--tenant", help="Whose events; default: the one tenant there is without.")
@click.option(
    "--decisions", type=_file, help="Decisions on record (docs/offpolicy.md), for the gate."
)
@click.option("--cutoff", help="Learn only from what was recorded before this moment (RFC 3339).")
@_tracking
@_json
def train(
    events: Path | None,
    contacts: Path | None,
    from_store: bool,
    tenant: str | None,
    decisions: Path | None,
    cutoff: str | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Train a model, judge it on later data, register it, and make it champion if it passes.

    \b
    Example:
      fineline train --events data/events.parquet --contacts data/contacts.parquet
    """
    from features.store.tenants import tenant_of
    from training import stored
    from training.offpolicy.log import read_log
    from training.run import train as run

    moment = None if cutoff is None else microseconds(moment_said(cutoff, "--cutoff"))
    files = contacts is not None or decisions is not None
    if from_store != (events is None) or (from_store and files):
        raise BadInput(
            "give either --events, with --contacts and --decisions or without, or --from-store"
        )
    if tenant is not None and not from_store:
        raise BadInput("is about --from-store; files are of one organisation", field="--tenant")
    settings, now = _settings(tracking_uri), datetime.now(UTC)
    source = None
    if events is None:
        source = stored.read(settings, tenant_of(tenant))
        table, people, log = source.events, source.contacts, source.log
    else:
        table, people = _read(events, contacts)
        log = None if decisions is None else read_log(decisions)
    with _Steps(as_json) as steps:
        result = run(table, people, settings, now, moment, steps.next, log)
    if source is not None:
        source.remember(settings.model_name, result.version, now, moment)
    if result.champion:
        _note(settings, "promote", result.version)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "name": "fineline",
                    "version": result.version,
                    "champion": result.champion,
                    "gate": result.verdict.as_dict(),
                    "metrics": result.report.metrics,
                    "trained_on": result.card["trained_on"],
                }
            )
        )
        return
    click.echo(result.report.summary())
    click.echo(result.verdict.summary())
    click.echo(f"Version {result.version} is {_standing(result)}.")


def _standing(result: Trained) -> str:
    if result.champion:
        return "now champion"
    return (
        "registered, not champion; `fineline promote "
        f"{result.version}` makes it so all the same, for who knows better than the gate"
    )


@click.command()
@_events
@_contacts
@click.option("--model", "uri", help="Version, alias or models:/ URI; default: the champion.")
@click.option("--from", "start", help="Judge touches at or after this moment (RFC 3339).")
@click.option("--predictions", type=_file, help="Write one row per touch to this file.")
@_tracking
@_json
def evaluate(
    events: Path,
    contacts: Path | None,
    uri: str | None,
    start: str | None,
    predictions: Path | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Judge a registered model on touches, each as of its own moment.

    \b
    Example:
      fineline evaluate --events data/events.parquet --from 2026-06-01T00:00:00Z --json
    """
    from features.events.files import write_table
    from models import registry
    from training.evaluate import evaluate as judged

    moment = None if start is None else microseconds(moment_said(start, "--from"))
    table, people = _read(events, contacts)
    version, model = registry.load_model(_settings(tracking_uri), uri)
    report = judged(model, table, people, moment)
    if predictions is not None:
        write_table(report.predictions, predictions)
    if as_json:
        click.echo(json.dumps({"name": "fineline", "version": version, "metrics": report.metrics}))
        return
    click.echo(f"Version {version} on {len(report.predictions):,} touches:")
    click.echo(report.summary())


@click.command()
@click.argument("version")
@_tracking
def promote(version: str, tracking_uri: str | None) -> None:
    """Make VERSION the champion, whatever the gate said of it.

    \b
    Example:
      fineline promote 3
    """
    from models import registry

    settings = _settings(tracking_uri)
    before = registry.promote(settings, version)
    _note(settings, "promote", version)
    replaced = "" if before in (None, version) else f"; it replaced version {before}"
    click.echo(f"Version {version} is champion{replaced}.")


@click.command()
@_tracking
def rollback(tracking_uri: str | None) -> None:
    """Make the version that the champion replaced champion again.

    \b
    Example:
      fineline rollback
    """
    from models import registry

    settings = _settings(tracking_uri)
    now, before = registry.rollback(settings)
    _note(settings, "rollback", before)
    click.echo(f"Version {before} is champion again, in place of version {now}.")


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("../shared/data"),
    show_default=True,
    help="Folder with college_messages, company_email and loan_calls.",
)
@click.option(
    "--out", type=_file, default=Path("docs/results.md"), show_default=True, help="Report to write."
)
def yardstick(data: Path, out: Path) -> None:
    """Train and judge on the real histories; write a report.

    \b
    Example:
      fineline yardstick --data ../shared/data
    """
    from training.yardstick import run

    run(data, out)
    click.echo(f"Wrote {out}.")


def _note(settings: Settings, what: str, version: str) -> None:
    from training.noting import note

    if trouble := note(settings, what, version, datetime.now(UTC)):
        click.echo(trouble, err=True)


def _settings(tracking_uri: str | None) -> Settings:
    from models.settings import Settings, load_settings

    return load_settings(Settings, tracking_uri=tracking_uri)


def _read(events: Path, contacts: Path | None) -> tuple[Any, Any]:
    from features.events.contacts import read_contacts
    from features.events.files import read_events

    return read_events(events), None if contacts is None else read_contacts(contacts)


class _Steps:
    """Says what a long run is doing, on a terminal only."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet or not sys.stderr.isatty()

    def __enter__(self) -> _Steps:
        from tqdm import tqdm

        self.bar = tqdm(total=12, disable=self.quiet, bar_format="{l_bar}{bar}| {elapsed} {desc}")
        return self

    def next(self, what: str) -> None:
        """One more step, called `what`."""
        self.bar.set_description_str(what)
        self.bar.update()

    def __exit__(self, *exc: object) -> None:
        self.bar.close()

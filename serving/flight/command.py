"""`fineline shadow`: a challenger beside the champion."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from features.errors import BadInput, NoModel

if TYPE_CHECKING:
    from serving.flight.beside import Beside, Foretold
    from serving.settings import ServiceSettings


@click.command()
@click.argument("version", required=False)
@click.option("--off", is_flag=True, help="Have nobody in shadow any more.")
@click.option(
    "--tenant", help="Whose decisions are shown; default: the one tenant there is without."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def shadow(version: str | None, off: bool, tenant: str | None, as_json: bool) -> None:
    """Put VERSION in shadow; without it, show how the one in shadow does.

    A version in shadow is asked about every decision that goes on record, and never answers.

    \b
    Example:
      fineline shadow 8
      fineline shadow
      fineline shadow --off
    """
    from models import registry
    from models.settings import load_settings
    from serving.settings import ServiceSettings

    if version is not None and off:
        raise BadInput("give a version or --off, not both")
    settings = load_settings(ServiceSettings)
    if version is None and not off:
        _show(settings, tenant, as_json)
        return
    if version is not None and version == registry.champion_version(settings):
        raise BadInput(f"version {version} is the champion: it answers already")
    before = registry.challenge(settings, version)
    if version is None:
        click.echo("Nobody was in shadow." if before is None else f"Version {before} left.")
    else:
        replaced = "" if before in (None, version) else f"; it replaced version {before}"
        click.echo(f"Version {version} is in shadow{replaced}.")


def _show(settings: ServiceSettings, tenant: str | None, as_json: bool) -> None:
    from features.store import shadows
    from features.store.opening import open_store
    from features.store.tenants import tenant_of
    from models import registry
    from serving.flight.beside import beside

    found = registry.named(settings, registry.CHALLENGER)
    database, whose = open_store(settings), tenant_of(tenant)
    if found is None or not database.exists:
        raise NoModel("nobody is in shadow; put a version there with `fineline shadow VERSION`")
    with closing(database):
        shown = beside(database, whose, found.number, datetime.now(UTC))
        with database.reading() as connection:
            earlier = [v for v, _ in shadows.versions(connection, whose) if v != found.number]
    if as_json:
        click.echo(json.dumps(asdict(shown) | {"earlier": earlier}))
        return
    click.echo(_summary(shown))
    if earlier:
        click.echo(f"In shadow before: {', '.join(earlier)}.")


def _summary(b: Beside) -> str:
    lines = [f"Version {b.version} was asked about {b.decisions:,} decisions."]
    if b.decisions:
        lines.append(
            f"Its hint was that of the champion in {b.agreed:.1%}; it would nudge "
            f"{b.challenger_nudges:.1%}, the champion did {b.champion_nudges:.1%}."
        )
    lines.append(f"Touches whose end is known: {b.touches:,}.")
    lines += [_loss(name, f) for name, f in (("land", b.land), ("annoy", b.annoy)) if f]
    return "\n".join(lines)


def _loss(name: str, f: Foretold) -> str:
    return (
        f"Log loss of {name}: {f.challenger:.4f} against {f.champion:.4f} of the champion "
        f"(difference {f.low:+.4f} to {f.high:+.4f}, 95 % interval)."
    )

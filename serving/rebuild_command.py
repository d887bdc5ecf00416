"""`fineline rebuild`: what is derived from stored events, derived anew."""

from __future__ import annotations

import contextlib

import click


@click.command()
@click.option("--tenant", help="Whose state; default: the one tenant there is without.")
@click.option("--tracking-uri", help="MLflow server or database; default: local SQLite.")
def rebuild(tenant: str | None, tracking_uri: str | None) -> None:
    """Make the state of every thread and person anew from the stored events, and compare.

    Says how much was otherwise than the events say; nothing should be.

    \b
    Example:
      fineline rebuild
    """
    from datetime import UTC, datetime

    from tqdm import tqdm

    from features.store.opening import open_store
    from features.store.tenants import tenant_of
    from models import registry
    from models.settings import Settings, load_settings
    from serving.stored.rebuild import rebuild as again

    owner, settings = tenant_of(tenant), load_settings(Settings, tracking_uri=tracking_uri)
    decider = registry.load(settings)
    with (
        contextlib.closing(open_store(settings)) as database,
        tqdm(unit=" people", disable=None) as bar,
    ):
        found = again(database, decider, owner, datetime.now(UTC), bar.update)
    if found.same:
        outcome = "nothing was otherwise than the events say"
    else:
        outcome = (
            f"{found.differing:,} threads and the counts of {found.miscounted:,} people were "
            "otherwise than the events say"
        )
    click.echo(f"Rebuilt {found.threads:,} open threads; {outcome}.")

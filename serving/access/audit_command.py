"""`fineline audit`: who did what."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from typing import Any

import click


@click.command()
@click.option("--tenant", help="Entries of one tenant, and those about all; default: all of them.")
@click.option("--contact", help="Entries about a person; names their tenant by --tenant.")
@click.option("--since", help="Entries from this moment on (RFC 3339).")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True,
              help="Most entries; the latest are shown.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def audit(
    tenant: str | None, contact: str | None, since: str | None, limit: int, as_json: bool
) -> None:
    """Show the audit log: erasures, exports, keys, people, rules and models, the latest last.

    \b
    Example:
      fineline audit --contact anna --since 2026-11-01T00:00:00Z
    """
    from features.moments import microseconds, moment_said
    from features.store import audit as log
    from features.store.opening import open_store
    from features.store.tenants import tenant_of
    from models.settings import Settings, load_settings
    from serving.access.tables import echo_table

    since_us = None if since is None else microseconds(moment_said(since, "--since"))
    with contextlib.closing(open_store(load_settings(Settings))) as database:
        about = None
        if contact is not None:
            about = log.name_of(tenant_of(tenant), contact, database.key)
        with database.reading() as connection:
            found = log.listed(connection, limit, tenant, about, since_us)
    if as_json:
        for entry in found:
            click.echo(json.dumps(_shown(asdict(entry))))
        return
    heads = ("at", "tenant", "who", "what", "about", "outcome")
    rows = [tuple(_shown(asdict(entry)).values()) for entry in found]
    echo_table(heads, rows)


def _shown(entry: dict[str, Any]) -> dict[str, str]:
    from features.moments import moment_of

    at = moment_of(entry.pop("at_us"))
    return {"at": at.isoformat(timespec="seconds").replace("+00:00", "Z"), **entry}

"""`fineline keys`: who may ask."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from features.errors import BadInput

if TYPE_CHECKING:
    from features.store.database import Database

_tenant = click.option("--tenant", help="Whose data; default: the one tenant there is without.")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys.

    \b
    Example:
      fineline keys create --name crm --scope read --scope ingest
    """


@keys.command()
@click.option("--name", required=True, help="What the key is for, such as the name of a system.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What it may do: score, ingest, read, feedback, erase or admin; again for more.",
)
@_tenant
@click.option("--days", type=click.IntRange(1, 36_500), help="Days until it expires; else never.")
@click.option("--rate", help="Most requests, such as 100/minute; default: FINELINE_RATE_LIMIT.")
def create(
    name: str, scopes: tuple[str, ...], tenant: str | None, days: int | None, rate: str | None
) -> None:
    """Make a key, and print it: this once, since only a digest of it is kept.

    \b
    Example:
      fineline keys create --name crm --scope read --scope ingest --days 365
    """
    from features.events.text import id_problem
    from features.moments import microseconds
    from features.store import audit
    from features.store import keys as stored
    from features.store.audit import by_command
    from features.store.keys import Key
    from features.store.tenants import tenant_of
    from serving.access.limits import checked_rate
    from serving.access.scopes import scopes_of
    from serving.access.tokens import digest, new_token

    if message := id_problem(name) or ("is empty" if not name.strip() else None):
        raise BadInput(message, field="--name")
    if rate is not None:
        checked_rate(rate, "--rate")
    owner, may, now = tenant_of(tenant), scopes_of(scopes), datetime.now(UTC)
    until = None if days is None else microseconds(now + timedelta(days=days))
    token = new_token()
    key = Key(token.key_id, digest(token.text), owner, name, may, rate, microseconds(now), until)
    entry = by_command(owner, "key made", f"key:{key.key_id}", key.created_us)

    def work(connection: Any) -> None:
        stored.add(connection, key)
        audit.add(connection, entry)

    with _store() as database:
        database.write(work)
    click.echo(
        f"Key fl_{key.key_id} of tenant {owner} may {may.replace(' ', ', ')}. It is shown this "
        "once; send it as `Authorization: Bearer ...`:",
        err=True,
    )
    click.echo(token.text)


@keys.command("list")
@_tenant
def list_keys(tenant: str | None) -> None:
    """List the keys of a tenant, or of all; secrets are not kept, so none is shown.

    \b
    Example:
      fineline keys list
    """
    from features.moments import microseconds
    from features.store import keys as stored
    from serving.access.tables import day, echo_table

    now_us = microseconds(datetime.now(UTC))
    with _store() as database, database.reading() as connection:
        found = stored.listed(connection, tenant)
    echo_table(
        ("key", "tenant", "name", "scopes", "limit", "made", "expires", "last used", "state"),
        [
            (
                f"fl_{k.key_id}", k.tenant, k.name, k.scopes.replace(" ", ","), k.rate or "-",
                day(k.created_us),                day(k.expires_us), day(k.used_us),
                "good" if k.good(now_us) else "expired" if k.revoked_us is None else "revoked",
            )
            for k in found
        ],
    )  # fmt: skip


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """Make a key useless, within seconds and for good; KEY is what `fineline keys list` shows.

    \b
    Example:
      fineline keys revoke fl_k3wq7zpa
    """
    from features.moments import microseconds
    from features.store import audit
    from features.store import keys as stored
    from features.store.audit import by_command

    now_us = microseconds(datetime.now(UTC))
    # Whoever pastes the whole key means its first part.
    key_id = key.removeprefix("fl_").split("_")[0]

    def work(connection: Any) -> bool:
        found = stored.find(connection, key_id)
        if found is None or not stored.revoke(connection, key_id, now_us):
            return False
        audit.add(connection, by_command(found.tenant, "key revoked", f"key:{key_id}", now_us))
        return True

    with _store() as database:
        done = database.write(work)
    if not done:
        raise BadInput(f"there is no good key fl_{key_id[:20]}; see `fineline keys list`")
    click.echo(f"Key fl_{key_id} is revoked.")


@contextlib.contextmanager
def _store() -> Iterator[Database]:
    from features.store.opening import open_store
    from models.settings import Settings, load_settings

    with contextlib.closing(open_store(load_settings(Settings))) as database:
        yield database

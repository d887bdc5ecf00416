"""`fineline webhooks`: who is told of what happens here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from features.errors import BadInput

if TYPE_CHECKING:
    from features.store.database import Database
    from features.store.endpoints import Endpoint
    from serving.settings import ServiceSettings

_tenant = click.option(
    "--tenant", help="Whose endpoints; default: the one tenant without API keys."
)
#: Most failed messages that are listed.
_MOST = 100


@click.group()
def webhooks() -> None:
    """Add, list, try and remove the endpoints that are told of what happens here.

    \b
    Example:
      fineline webhooks add https://crm.example/hooks/fineline
    """


@webhooks.command()
@click.argument("url")
@click.option(
    "--kind", "kinds", multiple=True, help="A kind of message; again for more; default: all."
)
@_tenant
def add(url: str, kinds: tuple[str, ...], tenant: str | None) -> None:
    """Add an endpoint; prints the secret that its messages are signed with, once.

    \b
    Example:
      fineline webhooks add https://crm.example/hooks --kind window.opened --kind hint.changed
    """
    import secrets

    from features.store import endpoints
    from features.store.endpoints import Endpoint
    from features.store.notices import KINDS
    from serving.webhooks.addresses import target_of
    from serving.webhooks.signing import Seal, new_secret

    target_of(url)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise BadInput(f"{unknown[0]!r} is no kind of message; there are {', '.join(KINDS)}")
    with _store() as (settings, database):
        secret, now_us = new_secret(), _now_us()
        one = Endpoint(
            f"end_{secrets.token_hex(8)}", url, tuple(dict.fromkeys(kinds)),
            Seal.of(settings).close(secret), now_us,
        )  # fmt: skip
        database.write(lambda c: endpoints.add(c, _of(tenant), one))
    click.echo(f"Endpoint {one.endpoint_id} is told of {', '.join(one.kinds) or 'everything'}.")
    click.echo(f"Its secret, which is not shown again: {secret}")


@webhooks.command("list")
@_tenant
def list_(tenant: str | None) -> None:
    """List the endpoints, and how many messages wait, arrived or were given up.

    \b
    Example:
      fineline webhooks list
    """
    from features.store import endpoints

    with _store() as (_, database), database.reading() as connection:
        found = endpoints.listed(connection, _of(tenant))
        counts = endpoints.counts(connection, _of(tenant))
    for one in found:
        own = counts.get(one.endpoint_id, {})
        counted = ", ".join(f"{own.get(s, 0):,} {s}" for s in ("waiting", "delivered", "dead"))
        state = "" if one.disabled_us is None else " (disabled: it answered 410 Gone)"
        click.echo(
            f"{one.endpoint_id}  {one.url}  {' '.join(one.kinds) or 'all'}  {counted}{state}"
        )
    if not found:
        click.echo("There is no endpoint; add one with `fineline webhooks add`.")


@webhooks.command()
@click.argument("endpoint_id")
@_tenant
def remove(endpoint_id: str, tenant: str | None) -> None:
    """Remove an endpoint, and whatever was on its way there.

    \b
    Example:
      fineline webhooks remove end_0f5c2a7be1d94c36
    """
    from features.store import endpoints

    with _store() as (_, database):
        if not database.write(lambda c: endpoints.remove(c, _of(tenant), endpoint_id)):
            raise _unknown(endpoint_id)
    click.echo(f"Endpoint {endpoint_id} is removed.")


@webhooks.command()
@click.argument("endpoint_id")
@_tenant
def test(endpoint_id: str, tenant: str | None) -> None:
    """Send one message of the kind `webhook.test` now, and say what came of it.

    \b
    Example:
      fineline webhooks test end_0f5c2a7be1d94c36
    """
    from serving.webhooks.trial import send_trial

    with _store() as (settings, database):
        outcome = send_trial(_find(database, tenant, endpoint_id), settings, _now())
    if not outcome.delivered:
        raise BadInput(f"the message did not arrive: {outcome.said}")
    click.echo(f"The message arrived ({outcome.said}).")


@webhooks.command()
@_tenant
def failed(tenant: str | None) -> None:
    """List the latest messages that were given up, and why.

    \b
    Example:
      fineline webhooks failed
    """
    from features.moments import moment_of
    from features.store import deliveries

    with _store() as (_, database), database.reading() as connection:
        found = deliveries.failed(connection, _of(tenant), _MOST)
    for one in found:
        made = moment_of(one.made_us).isoformat(timespec="seconds")
        click.echo(
            f"{one.endpoint_id}  {one.message_id}  {one.kind}  {made}  "
            f"{one.attempts} attempts, last: {one.outcome}"
        )
    if not found:
        click.echo("No message was given up.")


@webhooks.command()
@click.argument("endpoint_id")
@click.option("--message", "message_id", help="One message; default: all that were given up.")
@_tenant
def redeliver(endpoint_id: str, message_id: str | None, tenant: str | None) -> None:
    """Send again what was given up, or one message; a disabled endpoint is enabled.

    \b
    Example:
      fineline webhooks redeliver end_0f5c2a7be1d94c36
    """
    from features.store import deliveries, endpoints

    with _store() as (_, database):
        _find(database, tenant, endpoint_id)
        database.write(lambda c: endpoints.enable(c, _of(tenant), endpoint_id))
        count = database.write(
            lambda c: deliveries.again(c, _of(tenant), endpoint_id, message_id, _now_us())
        )
    if message_id is not None and not count:
        raise BadInput(f"no message {message_id!r} of the last 30 days went to {endpoint_id}")
    click.echo(f"{count:,} messages are sent again by the service.")


@contextlib.contextmanager
def _store() -> Iterator[tuple[ServiceSettings, Database]]:
    from features.store.opening import open_store
    from models.settings import load_settings
    from serving.settings import ServiceSettings

    settings = load_settings(ServiceSettings)
    with contextlib.closing(open_store(settings)) as database:
        yield settings, database


def _find(database: Database, tenant: str | None, endpoint_id: str) -> Endpoint:
    from features.store import endpoints

    with database.reading() as connection:
        found = endpoints.find(connection, _of(tenant), endpoint_id)
    if found is None:
        raise _unknown(endpoint_id)
    return found


def _unknown(endpoint_id: str) -> BadInput:
    return BadInput(f"there is no endpoint {endpoint_id!r}; see `fineline webhooks list`")


def _of(tenant: str | None) -> str:
    from features.store.tenants import DEFAULT_TENANT

    return tenant or DEFAULT_TENANT


def _now_us() -> int:
    from features.moments import microseconds

    return microseconds(_now())


def _now() -> datetime:
    return datetime.now(UTC)

"""`fineline users`: people who sign in on the page."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from features.errors import BadInput

if TYPE_CHECKING:
    from features.store.database import Database
    from features.store.users import User

_tenant = click.option("--tenant", help="Whose data; default: the one tenant there is without.")


@click.group()
def users() -> None:
    """Let people sign in on the page, list them, and end it.

    \b
    Example:
      fineline users create anna@agency.example --name "Anna Arends"
    """


@users.command()
@click.argument("user")
@click.option("--name", help="What the page calls them; default: USER.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="What they may do: read and feedback unless given; again for more.",
)
@_tenant
@click.option(
    "--no-password", is_flag=True, help="Somebody else vouches for them (OpenID Connect)."
)
def create(
    user: str, name: str | None, scopes: tuple[str, ...], tenant: str | None, no_password: bool
) -> None:
    """Let USER, a name or an e-mail address, sign in; asks for a password.

    \b
    Example:
      fineline users create anna@agency.example --name "Anna Arends" --scope read --scope feedback
    """
    from features.moments import microseconds
    from features.store import users as stored
    from features.store.tenants import tenant_of
    from features.store.users import User
    from serving.access.passwords import hashed
    from serving.access.scopes import scopes_of

    user_id, owner, may = _user_id(user), tenant_of(tenant), scopes_of(scopes or _USUAL)
    now_us = microseconds(datetime.now(UTC))
    kept = None if no_password else hashed(_password(), user_id)
    made = User(user_id, owner, (name or user).strip()[:200], may, kept, now_us)

    def work(connection: Any) -> None:
        if not stored.add(connection, made):
            raise BadInput(f"{user_id} is there already; see `fineline users list`")
        _note(connection, made, "user made")

    with _store() as database:
        database.write(work)
    click.echo(f"{user_id} of tenant {owner} may sign in, and may {may.replace(' ', ', ')}.")


@users.command("list")
@_tenant
def list_users(tenant: str | None) -> None:
    """List the people of a tenant, or of all.

    \b
    Example:
      fineline users list
    """
    from features.store import users as stored
    from serving.access.tables import day, echo_table

    with _store() as database, database.reading() as connection:
        found = stored.listed(connection, tenant)
    echo_table(
        ("user", "tenant", "name", "scopes", "made", "signs in with", "state"),
        [
            (
                u.user_id, u.tenant, u.name, u.scopes.replace(" ", ","), day(u.created_us),
                "password" if u.password else "OpenID Connect",
                "good" if u.disabled_us is None else "disabled",
            )
            for u in found
        ],
    )  # fmt: skip


@users.command()
@click.argument("user")
def disable(user: str) -> None:
    """Sign USER out within seconds, and let them in no more.

    \b
    Example:
      fineline users disable anna@agency.example
    """
    from features.moments import microseconds
    from features.store import users as stored

    now_us = microseconds(datetime.now(UTC))
    user_id = _change(user, "user disabled", lambda c, u: stored.disable(c, u, now_us))
    click.echo(f"{user_id} is signed out and may sign in no more.")


@users.command()
@click.argument("user")
def enable(user: str) -> None:
    """Let USER sign in again.

    \b
    Example:
      fineline users enable anna@agency.example
    """
    from features.store import users as stored

    click.echo(f"{_change(user, 'user enabled', stored.enable)} may sign in again.")


@users.command()
@click.argument("user")
def password(user: str) -> None:
    """Give USER another password, and sign them out wherever they are signed in.

    \b
    Example:
      fineline users password anna@agency.example
    """
    from features.store import users as stored
    from serving.access.passwords import hashed

    kept = hashed(_password(), _user_id(user))

    def work(connection: Any, user_id: str) -> None:
        stored.set_password(connection, user_id, kept)
        stored.sign_out_everywhere(connection, user_id)

    click.echo(f"{_change(user, 'password changed', work)} has another password.")


_USUAL = ("read", "feedback")


def _change(user: str, what: str, work: Callable[[Any, str], None]) -> str:
    """Change something about somebody, and note it; their name. Raises BadInput for nobody."""
    from features.store import users as stored

    user_id = _user_id(user)

    def both(connection: Any) -> None:
        found = stored.find(connection, user_id)
        if found is None:
            raise BadInput(f"there is no {user_id}; see `fineline users list`")
        work(connection, user_id)
        _note(connection, found, what)

    with _store() as database:
        database.write(both)
    return user_id


def _note(connection: Any, user: User, what: str) -> None:
    from features.moments import microseconds
    from features.store import audit

    now_us = microseconds(datetime.now(UTC))
    entry = audit.by_command(user.tenant, what, f"user:{user.user_id}", now_us)
    audit.add(connection, entry)


def _user_id(user: str) -> str:
    found = user.strip().lower()
    if not found.isprintable() or " " in found or not 1 <= len(found) <= 200:
        raise BadInput(f"{user!r} is no name to sign in with: up to 200 signs without blanks")
    return found


def _password() -> str:
    """A password from whoever types it, twice, or a line of what is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@contextlib.contextmanager
def _store() -> Iterator[Database]:
    from features.store.opening import open_store
    from models.settings import Settings, load_settings

    with contextlib.closing(open_store(load_settings(Settings))) as database:
        yield database

"""Bringing a database to the latest schema; several processes may try at once."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, Engine, text

from features.errors import BadSetting

#: A name of its own: MLflow and Optuna keep their versions in a table called alembic_version.
VERSION_TABLE = "fineline_version"
#: Any number, as long as nobody else locks by it.
_LOCK = 7_162_554_271_904_733
_FOLDER = str(files("features.store") / "migrations")


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, each at most once, all or none.

    Raises BadSetting if a newer fineline has been at the database.
    """
    with engine.connect() as plain:
        connection = plain.execution_options(fineline_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _run(connection)


def _run(connection: Connection) -> None:
    from alembic.command import upgrade as run
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", _FOLDER.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        run(config, "head")
    except CommandError:
        raise BadSetting(
            "the event store was written by a newer fineline than this one; update fineline, or "
            "set FINELINE_DATABASE_URL to another database"
        ) from None

"""The connection to the store's database: opened when first needed, brought to the latest schema.

Every failure of the database becomes StoreUnavailable; the next use tries again, so that a service
recovers by itself.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy import Connection as Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoConnection

from features.errors import BadSetting, StoreUnavailable
from features.store.migrate import upgrade
from features.store.suppression import ErasureKey

T = TypeVar("T")
_log = logging.getLogger("fineline.store")
#: Seconds to wait for another writer (SQLite), for a connection, for the server to accept one.
_PATIENCE = {"sqlite": 10, "pool": 10, "connect": 5}
#: Who waited longer than this (seconds) for nothing spares others the same for as long.
_LONG = 1.0
#: A PostgreSQL that vanished from the network is noticed after about as many seconds as it takes
#: to connect, not after hours.
_KEEPALIVE = {
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}  # fmt: skip
#: PostgreSQL's words for "another transaction was quicker; try again".
_AGAIN = {"40001", "40P01"}
_TRIES = 6
#: Seconds waited at most before the second try are twice this; twice as long before each further.
_PAUSE = 0.005
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


class Database:
    """A store's database, by URL: `sqlite:///file` or `postgresql://...`.

    `key` is what the digests of erased people are made with. Raises BadSetting for a URL that names
    neither. Safe to share between threads.
    """

    def __init__(self, url: str, key: ErasureKey | None = None) -> None:
        self.url, self.key = _checked(url), key or ErasureKey("")
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._spared_until = 0.0
        #: Whether the database answered when it was last used; None before the first use.
        self.up: bool | None = None
        self._told: Callable[[bool], None] = lambda _: None

    def tell(self, told: Callable[[bool], None]) -> None:
        """Have `told` called with what `up` becomes, whenever it changes."""
        self._told = told

    @property
    def exists(self) -> bool:
        """False only for an SQLite file that has not been made yet."""
        file = self.url.database
        return self.url.get_backend_name() != "sqlite" or (file is not None and Path(file).exists())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._translated(), self._connected() as plain:
            connection = plain.execution_options(**_READING[self.url.get_backend_name()])
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends without an error."""
        with self._translated(), self._connected() as plain:
            connection = plain.execution_options(fineline_writes=True)
            with connection.begin():
                yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own; again, if another writer was quicker.

        Raises StoreUnavailable, also after `_TRIES` times in which another was quicker.
        """
        for tried in range(_TRIES):
            if tried:
                # Those who overtook each other would do so again if they waited equally long.
                time.sleep(random.uniform(0, _PAUSE * 2**tried))
            try:
                with self.writing() as connection:
                    return work(connection)
            except _Overtaken:
                continue
        raise StoreUnavailable(_BUSY)

    def prepare(self) -> None:
        """Connect, and bring the database to the latest schema, ahead of the first use."""
        with self._translated():
            self._ready()

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def _ready(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._spare()
                engine = _engine(self.url)
                try:
                    with self._sparing():
                        upgrade(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = self._ready()
        self._spare()
        with self._sparing():
            connection = engine.connect()
        with connection:
            yield connection

    def _spare(self) -> None:
        """Fail at once while somebody has just waited long for nothing."""
        if time.monotonic() < self._spared_until:
            raise StoreUnavailable(_SAID)

    @contextmanager
    def _sparing(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except DBAPIError:
            now = time.monotonic()
            if now - started > _LONG:
                self._spared_until = now + _LONG
            raise

    def _is(self, up: bool, why: str = "") -> None:
        before, self.up = self.up, up
        if before is up:
            return
        if not up:
            _log.error("the store's database failed: %s", why)
        elif before is False:
            _log.warning("the store's database answers again")
        self._told(up)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
            self._is(True)
        except IntegrityError as error:
            raise _Overtaken from error
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _AGAIN:
                raise _Overtaken from error
            # The statement's parameters are about people: they stay out of the log.
            self._is(False, type(error.orig).__name__)
            raise StoreUnavailable(_SAID) from None
        except NoConnection:
            raise StoreUnavailable(_BUSY) from None


class _Overtaken(Exception):
    """Another transaction wrote first what this one was about to write."""


_SAID = "the event store does not answer; ask again in a moment (FINELINE_DATABASE_URL)"
_BUSY = "the event store is busy; ask again in a moment"


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_dialect().name
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend not in ("sqlite", "postgresql") or (backend == "sqlite" and not parsed.database):
        raise BadSetting(
            "FINELINE_DATABASE_URL must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        )
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, connect_args={"timeout": _PATIENCE["sqlite"]}, pool_timeout=_PATIENCE["pool"],
            hide_parameters=True,
        )  # fmt: skip
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # A connection that died while it lay in the pool is noticed and replaced.
    return create_engine(
        url, pool_pre_ping=True, pool_timeout=_PATIENCE["pool"], hide_parameters=True,
        connect_args={"connect_timeout": _PATIENCE["connect"], **_KEEPALIVE},
    )  # fmt: skip


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Python's own guess of where transactions begin would leave reads outside of them.
    connection.isolation_level = None
    _keep_a_log(connection)
    connection.execute("PRAGMA synchronous=FULL")
    # What is erased is overwritten, not only forgotten.
    connection.execute("PRAGMA secure_delete=ON")


def _keep_a_log(connection: Any) -> None:
    """Have the file keep a write-ahead log, which it does from then on.

    Of several who ask that of a new file at once, SQLite lets one and tells others at once that it
    is locked, whatever their patience: they ask again.
    """
    until = time.monotonic() + _PATIENCE["sqlite"]
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
        time.sleep(random.uniform(0, 4 * _PAUSE))


def _begin_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader could not wait for another writer: it would have to fail.
    writes = connection.get_execution_options().get("fineline_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

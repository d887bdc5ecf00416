"""The store's database: migrated once, refused in a sentence, and recovered from by itself."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from features.errors import BadSetting, StoreUnavailable
from features.store.database import Database
from features.store.events import append
from features.store.migrate import VERSION_TABLE
from features.store.tables import METADATA
from tests.postgres import Server
from tests.stored import TENANT, everything, touch


def test_migrations_lead_to_the_tables_of_the_code(database: Database) -> None:
    with database.reading() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
        assert "alembic_version" not in inspect(connection).get_table_names()


def test_several_processes_may_open_a_new_store_at_once(database_url: str) -> None:
    found = [Database(database_url) for _ in range(6)]
    threads = [threading.Thread(target=one.prepare) for one in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(everything(one).num_rows == 0 for one in found)
    for one in found:
        one.close()


@pytest.mark.parametrize("number", range(8))
def test_nobody_is_told_that_a_new_file_is_locked(tmp_path: Path, number: int) -> None:
    found = [Database(f"sqlite:///{tmp_path}/{number}.db") for _ in range(6)]
    together = threading.Barrier(len(found))

    def opened(one: Database) -> bool | None:
        together.wait()
        one.prepare()
        one.close()
        return one.up

    with ThreadPoolExecutor(len(found)) as pool:
        assert list(pool.map(opened, found)) == [True] * len(found)


def test_a_store_of_a_newer_version_is_left_alone(database: Database, database_url: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    newer = Database(database_url)
    with pytest.raises(BadSetting, match="newer fineline"):
        newer.prepare()
    newer.close()


@pytest.mark.parametrize(
    "url", ["", "mysql://a/b", "nonsense", "sqlite://", "postgres:/x", "postgresql+nothing://a/b"]
)
def test_a_url_that_is_none_of_ours_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="FINELINE_DATABASE_URL"):
        Database(url).prepare()


def test_sqlite_writes_ahead_and_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/deep/store.db")
    assert not database.exists
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    assert database.exists
    database.close()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable):
        Database(f"sqlite:///{tmp_path}/store.db").prepare()


def test_a_failure_inside_a_transaction_leaves_nothing(database: Database) -> None:
    append(database, TENANT, [touch("e1")], 1)

    def fails(connection: Connection) -> None:
        connection.execute(text("DELETE FROM events"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(fails)
    assert everything(database).num_rows == 1


def test_who_is_always_overtaken_is_told_that_the_store_is_busy(database: Database) -> None:
    append(database, TENANT, [touch("e1")], 1)
    tried: list[int] = []

    def stores_again(connection: Connection) -> None:
        tried.append(1)
        connection.execute(text("INSERT INTO people SELECT * FROM people"))

    with pytest.raises(StoreUnavailable, match="busy"):
        database.write(stores_again)
    assert len(tried) > 3
    assert database.up
    assert everything(database).num_rows == 1


def test_a_store_that_is_locked_for_long_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.store.database._PATIENCE", {"sqlite": 0.1, "pool": 1})
    database = Database(f"sqlite:///{tmp_path}/store.db")
    database.prepare()
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        append(database, TENANT, [touch("e1")], 1)
    other.execute("ROLLBACK")
    other.close()
    assert append(database, TENANT, [touch("e1")], 1)[0].status == "accepted"
    database.close()


def test_a_server_that_comes_back_is_used_again(
    postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(postgres.create("comes_back", "migrated"))
    append(database, TENANT, [touch("e1")], 1)
    postgres.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                append(database, TENANT, [touch("e2")], 1)
    finally:
        postgres.start()
    assert "anna" not in caplog.text
    assert append(database, TENANT, [touch("e2")], 1)[0].status == "accepted"
    assert everything(database).num_rows == 2
    database.close()

"""The store opens safely or not at all, and its rows cannot be changed."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from gateway.store.capture import record_observations, record_refusal
from gateway.store.engine import Store, open_store, wal_is_safe
from gateway.store.inserts import table_of
from gateway.store.migrations import SCHEMA_VERSION
from gateway.store.migrations.upgrade import configuration
from gateway.store.reads import trials
from gateway.store.tables import Encounter, Epoch, Observation, Registration
from protocols.errors import StoreError
from tests.gateway.store.ward import candidate, new_store, request, ship_requests


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_sqlite_keeps_every_commit(
    version: tuple[int, int, int], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def test_this_machines_sqlite_gets_the_mode_its_version_allows(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.session() as session:
        connection = session.connection()
        mode = connection.execute(text("PRAGMA journal_mode")).scalar()
        synchronous = connection.execute(text("PRAGMA synchronous")).scalar()
    store.close()
    assert mode == ("wal" if wal_is_safe(sqlite3.sqlite_version_info[:3]) else "delete")
    assert synchronous == 2


def test_the_migrations_make_exactly_the_tables_of_the_models(store: Store) -> None:
    with store.session() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_schema_version_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == SCHEMA_VERSION


def test_a_missing_store_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="register the protocol first") as raised:
        open_store(f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert raised.value.code == "STORE_MISSING"
    assert not (tmp_path / "none.sqlite").exists()


def test_nothing_is_written_into_a_store_whose_file_is_gone_and_a_restored_one_is_taken_up(
    tmp_path: Path,
) -> None:
    store = new_store(tmp_path)
    path, backup = tmp_path / "trial.sqlite", tmp_path / "backup.sqlite"
    assert trials(store)
    shutil.copy(path, backup)
    path.unlink()
    for use in (
        lambda: trials(store),
        lambda: record_refusal(store, "t", "C", "d", actor="a", at_us=1),
    ):
        with pytest.raises(StoreError) as raised:
            use()
        assert raised.value.code == "STORE_MISSING"
    assert not path.exists()
    backup.rename(path)
    record_refusal(store, "t", "C", "d", actor="a", at_us=1)
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM refusal").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    ("version", "remedy"), [("0000", "register the protocol"), ("9999", "use that version")]
)
def test_a_store_of_another_schema_is_refused(tmp_path: Path, version: str, remedy: str) -> None:
    new_store(tmp_path).close()
    path = tmp_path / "trial.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()
    with pytest.raises(StoreError) as raised:
        open_store(f"sqlite:///{path}")
    assert raised.value.code == "STORE_SCHEMA"
    assert remedy in str(raised.value)


def test_a_newer_store_is_not_migrated_down(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    path = tmp_path / "trial.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(f"sqlite:///{path}", create=True)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_a_url_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "trial.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{path}")


def test_two_processes_can_make_the_store_at_the_same_time(tmp_path: Path) -> None:
    program = (
        "import sys; from gateway.store.engine import open_store as o; o(sys.argv[1], create=True)"
    )
    url = f"sqlite:///{tmp_path / 'trial.sqlite'}"
    running = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    open_store(url).close()


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    epoch = Epoch(epoch="e9", trial="t", started_at_us=1, shipped_seq=0, accepted_seq=0)
    other = Epoch(epoch="e8", trial="t", started_at_us=1, shipped_seq=0, accepted_seq=0)
    same = Epoch(epoch="e9", trial="t", started_at_us=2, shipped_seq=0, accepted_seq=0)
    with store.transaction() as session:
        session.add(same)
    with pytest.raises(StoreError), store.transaction() as session:
        session.add_all([other, epoch])
    with store.session() as session:
        assert session.get(Epoch, "e8") is None


APPEND_ONLY = sorted(set(SQLModel.metadata.tables) - {"epoch"})


@pytest.mark.parametrize("action", ["UPDATE", "DELETE"])
def test_a_row_of_the_record_can_be_neither_changed_nor_deleted(store: Store, action: str) -> None:
    ship_requests(store, request(1))
    record_observations(store, [candidate("pair-000001")])
    for model in (Registration, Encounter, Observation):
        table = table_of(model)
        statement = table.delete() if action == "DELETE" else table.update().values(trial="x")
        if model is Observation and action == "UPDATE":
            statement = table.update().values(detail="x")
        with pytest.raises(StoreError) as raised, store.transaction() as session:
            session.connection().execute(statement)
        assert raised.value.code == "STORE_APPEND_ONLY"
    with store.session() as session:
        assert session.get(Encounter, "pair-000001") is not None


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_every_table_but_the_epochs_has_its_triggers(tmp_path: Path, table: str) -> None:
    store = new_store(tmp_path)
    with store.session() as session:
        names = session.connection().execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
            {"table": table},
        )
        assert set(names.scalars()) == {f"{table}_no_update", f"{table}_no_delete"}
    store.close()


def test_replacing_a_row_does_not_slip_past_the_triggers(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    table = table_of(Registration)
    again = (
        table.insert().prefix_with("OR REPLACE").from_select(table.columns.keys(), table.select())
    )
    with pytest.raises(StoreError) as raised, store.transaction() as session:
        session.connection().execute(again)
    assert raised.value.code == "STORE_APPEND_ONLY"
    store.close()


def test_a_store_that_another_process_holds_is_unavailable_and_then_well_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.engine.BUSY_TIMEOUT_MS", 50)
    store = new_store(tmp_path)
    holder = sqlite3.connect(tmp_path / "trial.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError) as raised:
        ship_requests(store, request(1))
    holder.execute("ROLLBACK")
    holder.close()
    assert raised.value.code == "STORE_UNAVAILABLE"
    assert ship_requests(store, request(1)).n_recorded == 1
    store.close()

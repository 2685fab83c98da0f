"""Open the trial store: the SQLite version gate, sessions for reading, transactions for writing.

SQLite 3.7.0 to 3.51.2 can lose committed writes in WAL mode when two connections write or
checkpoint at once (fixed in 3.51.3, 3.50.7 and 3.44.6). There the store keeps the rollback journal.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    NoSuchModuleError,
)
from sqlalchemy.exc import OperationalError as DatabaseUnavailable
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from gateway.store.migrations import SCHEMA_VERSION
from protocols.errors import StoreError

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for another process's write before it gives up."""

_WRITES = "equipoise_writes"
_FILE = "equipoise_file"
_FIXED_BRANCHES = {(3, 50): 7, (3, 44): 6}
_POSTGRESQL_SILENCE_S = 130.0  # a server that is gone says nothing; beyond its own limits, give up
_POSTGRESQL_LIMITS_MS = {"lock_timeout": BUSY_TIMEOUT_MS, "statement_timeout": 120_000}


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite keeps every committed write in WAL mode."""
    fixed_patch = _FIXED_BRANCHES.get(version[:2])
    if fixed_patch is not None:
        return version[2] >= fixed_patch
    return version >= (3, 51, 3)


class Store:
    """The trial store. `session` reads one snapshot, `transaction` writes all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        snapshot = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        self._reading = engine.execution_options(**snapshot)
        self._writing = engine.execution_options(**{_WRITES: True})

    @property
    def is_postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Read; everything read in one session comes from one snapshot."""
        with _translated(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Write; commits when the block ends, rolls back when it raises."""
        with (
            _translated(),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def serialise(self, session: Session, trial: str) -> None:
        """Let no other transaction write to this trial until this one ends.

        On SQLite a writing transaction already holds the only write lock.
        """
        if self.is_postgresql:
            key = text("SELECT pg_advisory_xact_lock(hashtextextended(:trial, 0))")
            session.connection().execute(key, {"trial": trial})

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store at `url` (`sqlite:///…` or `postgresql+pg8000://…`).

    With `create` the tables are made or brought to this version.

    Raises
    ------
    StoreError
        There is no store, it has another schema version, or it cannot be reached.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        _find_file(parsed, create=create)
    engine = _engine(parsed)
    try:
        with _translated():
            _check_version(engine, create=create)
    except StoreError:
        engine.dispose()
        raise
    return Store(engine)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("STORE_URL", "the store URL cannot be read; write sqlite:///…") from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError("STORE_URL", "the store is SQLite or PostgreSQL; write such a URL")
    return parsed


def _find_file(url: URL, *, create: bool) -> None:
    if not url.database or url.database == ":memory:":
        raise StoreError("STORE_URL", "the store is a file; write sqlite:///path/trial.sqlite")
    path = Path(url.database)
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.is_file():
        raise StoreError(
            "STORE_MISSING", f"there is no trial store {path.name}; register the protocol first"
        )


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
            event.listen(engine, "connect", _configure_sqlite)
            _watch_file(engine, Path(str(url.database)))
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        limits = {name: str(value) for name, value in _POSTGRESQL_LIMITS_MS.items()}
        arguments = {"startup_params": limits, "timeout": _POSTGRESQL_SILENCE_S}
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            "STORE_DRIVER", "the database driver is not installed; install equipoise[postgresql]"
        ) from error


def _configure_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy, not the driver, opens transactions: see _begin_sqlite.
    connection.isolation_level = None
    mode = "wal" if wal_is_safe(sqlite3.sqlite_version_info[:3]) else "delete"
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        # REPLACE must not slip past the triggers that refuse deletion.
        "recursive_triggers=ON",
        "synchronous=FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != mode:
        connection.execute(f"PRAGMA journal_mode={mode}")


def _watch_file(engine: Engine, path: Path) -> None:
    """Let no connection outlive its file: what it wrote would be acknowledged, and gone."""

    seen = False

    def there() -> tuple[int, int]:
        identity = _identity(path)
        if identity is None:
            raise StoreError(
                "STORE_MISSING", f"the trial store {path.name} is gone; put it back where it was"
            )
        return identity

    def look(*_: object) -> None:
        if seen:  # connecting would make an empty file in its place
            there()

    def remember(_: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        nonlocal seen
        entry.info[_FILE], seen = there(), True

    def compare(_: sqlite3.Connection, entry: ConnectionPoolEntry, __: object) -> None:
        if there() != entry.info[_FILE]:
            raise DisconnectionError  # the pool connects again

    event.listen(engine, "do_connect", look)
    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that means to write takes the write lock at once: one that read first could
    # not be promoted after another wrote, and waiting would not help it.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _check_version(engine: Engine, *, create: bool) -> None:
    version = _stored_version(engine)
    if version == SCHEMA_VERSION:
        return
    if version is not None and version > SCHEMA_VERSION:
        raise StoreError(
            "STORE_SCHEMA", "a newer version of this program made the store; use that version"
        )
    if not create:
        raise StoreError(
            "STORE_SCHEMA",
            f"the store has schema {version or 'none'} and this program needs {SCHEMA_VERSION};"
            " register the protocol with this version of the program, which brings it there",
        )
    # Alembic takes longer to import than the store takes to open.
    from gateway.store.migrations.upgrade import upgrade

    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        upgrade(connection)


def _stored_version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the database library's exceptions into the store's own."""
    try:
        yield
    except DBAPIError as error:
        if "append only" in str(error.orig):
            raise StoreError(
                "STORE_APPEND_ONLY", "the trial record is append only; add a row instead"
            ) from error
        if isinstance(error, IntegrityError):
            raise StoreError(
                "STORE_CONFLICT", "another process wrote the same row first; try again"
            ) from error
        if isinstance(error, DatabaseUnavailable):
            raise StoreError(
                "STORE_UNAVAILABLE", "the trial store cannot be used now; try again later"
            ) from error
        raise StoreError(
            "STORE_FAILED", "the trial store answered with an error; check the database"
        ) from error
    except PoolTimeout as error:
        raise StoreError(
            "STORE_UNAVAILABLE", "every connection to the trial store is busy; try again later"
        ) from error

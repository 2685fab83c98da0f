"""Bring a database to this program's schema, without an alembic.ini."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from gateway.store.migrations import SCHEMA_VERSION
from protocols.errors import StoreError


def configuration(connection: Connection | None = None) -> Config:
    """Point Alembic at this folder and, where given, at an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Upgrade inside the caller's transaction, so that two processes cannot both do it.

    Raises
    ------
    StoreError
        A newer program made the store.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7167202611)"))
    if _is_newer(connection):
        raise StoreError(
            "STORE_SCHEMA", "a newer version of this program made the store; use that version"
        )
    command.upgrade(configuration(connection), "head")


def _is_newer(connection: Connection) -> bool:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return False
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version is not None and str(version) > SCHEMA_VERSION

"""Alembic's entry: always on the connection that the store hands over, never on one of its own."""

from alembic import context
from sqlmodel import SQLModel

from gateway.store import tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    # One transaction for all steps is already open.
    transactional_ddl=False,
)
context.run_migrations()

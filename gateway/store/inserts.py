"""Bulk inserts that leave what is already there: the same words for SQLite and PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Row = dict[str, object]


def table_of(model: type[SQLModel]) -> Table:
    """Name the table behind a model."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> int:
    """Insert the rows that break no unique constraint; return how many those were."""
    if not rows:
        return 0
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table_of(model)).on_conflict_do_nothing()
    # Without the option the PostgreSQL driver's count of many rows is not kept.
    counting = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counting, list(rows)).rowcount


def as_row(instance: SQLModel) -> Row:
    """Turn a model instance into an insertable row; the database gives the `id`."""
    row: Row = instance.model_dump()
    if "id" in row:
        del row["id"]
    return row

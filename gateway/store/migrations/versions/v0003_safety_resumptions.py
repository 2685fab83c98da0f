"""Resumptions after a pause that a safety rule raised: one row an alarm, append only."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_resumption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("resumed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resumed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial", "rule"),
    )
    op.create_index("ix_safety_resumption_trial", "safety_resumption", ["trial"])
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def _refuse_changes_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER safety_resumption_no_{action.lower()} BEFORE {action} "
            "ON safety_resumption "
            "BEGIN SELECT RAISE(ABORT, 'safety_resumption is append only'); END"
        )


def _refuse_changes_on_postgresql() -> None:
    for name, when, each in (
        ("change", "UPDATE OR DELETE", "ROW"),
        ("truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER safety_resumption_no_{name} BEFORE {when} ON safety_resumption "
            f"FOR EACH {each} EXECUTE FUNCTION equipoise_refuse_change()"
        )

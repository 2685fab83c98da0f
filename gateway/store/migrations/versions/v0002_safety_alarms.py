"""Alarms of safety rules that are read after every outcome: one row a rule, append only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("n_units", sa.Integer(), nullable=False),
        sa.Column("entered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("raised_at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial", "rule"),
    )
    op.create_index("ix_safety_alarm_trial", "safety_alarm", ["trial"])
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def _refuse_changes_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER safety_alarm_no_{action.lower()} BEFORE {action} ON safety_alarm "
            "BEGIN SELECT RAISE(ABORT, 'safety_alarm is append only'); END"
        )


def _refuse_changes_on_postgresql() -> None:
    for name, when, each in (
        ("change", "UPDATE OR DELETE", "ROW"),
        ("truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER safety_alarm_no_{name} BEFORE {when} ON safety_alarm "
            f"FOR EACH {each} EXECUTE FUNCTION equipoise_refuse_change()"
        )

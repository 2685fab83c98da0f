"""The trial store's first tables, and the triggers that keep them append only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "registration",
    "gap",
    "encounter",
    "observation",
    "outcome_report",
    "deviation",
    "refusal",
    "accrual_closure",
    "lock",
    "lock_part",
    "look_result",
)


def upgrade() -> None:
    _create_protocol_tables()
    _create_capture_tables()
    _create_encounter_tables()
    _create_arm_tables()
    _create_conduct_tables()
    _create_lock_tables()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def _create_protocol_tables() -> None:
    op.create_table(
        "registration",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("registered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("retrospective", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_registration_trial", "registration", ["trial"])
    op.create_table(
        "accrual_closure",
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("trial"),
    )


def _create_capture_tables() -> None:
    op.create_table(
        "epoch",
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("shipped_seq", sa.BigInteger(), nullable=False),
        sa.Column("accepted_seq", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
    )
    op.create_index("ix_epoch_trial", "epoch", ["trial"])
    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("epoch", "seq"),
    )
    op.create_index("ix_gap_trial", "gap", ["trial"])


def _create_encounter_tables() -> None:
    op.create_table(
        "encounter",
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at_us", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("encounter", sa.String(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("inputs_sha256", sa.String(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("ineligible_reason", sa.String(), nullable=True),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("duplicate_of", sa.String(), nullable=True),
        sa.Column("idempotency_token", sa.String(), nullable=True),
        sa.Column("client_disconnected", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pair_id"),
        sa.UniqueConstraint("epoch", "seq"),
    )
    op.create_index("ix_encounter_arrived_at_us", "encounter", ["arrived_at_us"])
    op.create_index("ix_encounter_encounter", "encounter", ["encounter"])
    op.create_index("ix_encounter_idempotency_token", "encounter", ["idempotency_token"])
    op.create_index("ix_encounter_subject", "encounter", ["subject"])
    op.create_index("ix_encounter_trial", "encounter", ["trial"])


def _create_arm_tables() -> None:
    op.create_table(
        "observation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("started_at_us", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("lag_ms", sa.Float(), nullable=False),
        sa.Column("model_name", sa.String(), nullable=True),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("model_digest", sa.String(), nullable=True),
        sa.Column("reply_sha256", sa.String(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pair_id", "arm"),
    )
    op.create_index("ix_observation_fate", "observation", ["fate"])
    op.create_index("ix_observation_pair_id", "observation", ["pair_id"])
    op.create_table(
        "outcome_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("ascertained_at_us", sa.BigInteger(), nullable=False),
        sa.Column("received_at_us", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pair_id", "name", "number"),
    )
    op.create_index("ix_outcome_report_pair_id", "outcome_report", ["pair_id"])


def _create_conduct_tables() -> None:
    op.create_table(
        "deviation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial", "code", "key"),
    )
    op.create_index("ix_deviation_trial", "deviation", ["trial"])
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refusal_trial", "refusal", ["trial"])


def _create_lock_tables() -> None:
    op.create_table(
        "lock",
        sa.Column("lock_id", sa.String(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("locked_at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("n_pairs", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lock_id"),
        sa.UniqueConstraint("trial", "look"),
    )
    op.create_index("ix_lock_trial", "lock", ["trial"])
    op.create_table(
        "lock_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lock_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lock_id", "number"),
    )
    op.create_index("ix_lock_part_lock_id", "lock_part", ["lock_id"])
    op.create_table(
        "look_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lock_id", sa.String(), nullable=False),
        sa.Column("conducted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("results_sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("trial", "look"),
    )
    op.create_index("ix_look_result_trial", "look_result", ["trial"])


def _refuse_changes_on_sqlite() -> None:
    for table in (*APPEND_ONLY, "epoch"):
        for action in ("DELETE",) if table == "epoch" else ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
            )


def _refuse_changes_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION equipoise_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME; END $$"
    )
    for table in (*APPEND_ONLY, "epoch"):
        changes = "DELETE" if table == "epoch" else "UPDATE OR DELETE"
        for name, when, each in (
            ("change", changes, "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_no_{name} BEFORE {when} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION equipoise_refuse_change()"
            )

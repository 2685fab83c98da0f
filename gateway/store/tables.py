"""The tables of the trial store. Rows are written once; triggers refuse changes.

Times are whole microseconds since 1970-01-01 UTC (`*_us`), so that SQLite and PostgreSQL hold the
same value; durations are milliseconds from a monotonic clock (`*_ms`). JSON columns hold canonical
text (RFC 8785).
"""

from sqlalchemy import BigInteger, Column, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


def _big(*, index: bool = False, nullable: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=nullable, index=index)


class Registration(SQLModel, table=True):
    """One registered protocol version. The newest registration of a trial is in force."""

    __tablename__ = "registration"

    digest: str = Field(primary_key=True)
    trial: str = Field(index=True)
    version: str
    canonical: str = Field(sa_column=Column(Text, nullable=False))
    source: str = Field(sa_column=Column(Text, nullable=False))
    registered_at_us: int = Field(sa_column=_big())
    registered_by: str
    retrospective: bool = False  # the first request predates the registration


class Epoch(SQLModel, table=True):
    """One life of one gateway process: its journal, and how far the trial store has read it."""

    __tablename__ = "epoch"

    epoch: str = Field(primary_key=True)
    trial: str = Field(index=True)
    started_at_us: int = Field(sa_column=_big())
    shipped_seq: int = Field(sa_column=_big())  # every journal row up to here is in the store
    accepted_seq: int = Field(sa_column=_big())  # highest number known to have been given out
    closed: bool = False  # the process said goodbye or is dead, so accepted_seq is final


class Gap(SQLModel, table=True):
    """One accepted request that was served although the journal had not confirmed it."""

    __tablename__ = "gap"
    __table_args__ = (UniqueConstraint("epoch", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    epoch: str
    seq: int = Field(sa_column=_big())
    pair_id: str
    at_us: int = Field(sa_column=_big())
    cause: str


class Encounter(SQLModel, table=True):
    """One accepted request. `subject` and `encounter` are HMAC tokens, never what was sent."""

    __tablename__ = "encounter"
    __table_args__ = (UniqueConstraint("epoch", "seq"),)

    pair_id: str = Field(primary_key=True)
    trial: str = Field(index=True)
    protocol_digest: str
    epoch: str
    seq: int = Field(sa_column=_big())
    arrived_at_us: int = Field(sa_column=_big(index=True))
    subject: str = Field(index=True)
    encounter: str = Field(index=True)
    inputs: str = Field(sa_column=Column(Text, nullable=False))  # stored fields only
    inputs_sha256: str
    eligible: bool
    ineligible_reason: str | None = None
    sampled: bool
    duplicate_of: str | None = None
    idempotency_token: str | None = Field(default=None, index=True)
    client_disconnected: bool = False


class Observation(SQLModel, table=True):
    """What asking one arm about one encounter gave. No row means pending."""

    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("pair_id", "arm"),)

    id: int | None = Field(default=None, primary_key=True)
    pair_id: str = Field(index=True)
    arm: str
    fate: str = Field(index=True)
    score: float | None = None
    flag: bool | None = None
    detail: str | None = None  # an error class from a closed list, never an arm's own text
    http_status: int | None = None
    started_at_us: int = Field(sa_column=_big())
    duration_ms: float
    lag_ms: float = 0.0  # mirror: from the request's arrival to the asking
    model_name: str | None = None
    model_version: str | None = None
    model_digest: str | None = None
    reply_sha256: str | None = None
    reply: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class OutcomeReport(SQLModel, table=True):
    """One report of one outcome. A second, different value is kept beside the first: a conflict."""

    __tablename__ = "outcome_report"
    __table_args__ = (UniqueConstraint("pair_id", "name", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    pair_id: str = Field(index=True)
    name: str
    number: int  # 1 for the first report
    value: str  # canonical JSON
    ascertained_at_us: int = Field(sa_column=_big())
    received_at_us: int = Field(sa_column=_big())
    source: str


class Deviation(SQLModel, table=True):
    """Conduct departed from the protocol."""

    __tablename__ = "deviation"
    __table_args__ = (UniqueConstraint("trial", "code", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    code: str
    key: str  # what makes this occurrence one: a pair id, an epoch, a look
    pair_id: str | None = None
    severity: str  # minor | major
    detail: str
    at_us: int = Field(sa_column=_big())


class Refusal(SQLModel, table=True):
    """Something that the protocol does not allow was asked for, and refused."""

    __tablename__ = "refusal"

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    code: str
    detail: str
    actor: str
    at_us: int = Field(sa_column=_big())


class SafetyAlarm(SQLModel, table=True):
    """A safety rule that is read after every outcome has raised its registered action; once."""

    __tablename__ = "safety_alarm"
    __table_args__ = (UniqueConstraint("trial", "rule"),)

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    rule: str
    action: str  # notify | pause | stop, as registered
    severity: str
    detail: str
    pair_id: str  # whose outcome raised it
    n_units: int  # that the rule had seen by then
    entered_at_us: int = Field(sa_column=_big())  # when that outcome began to count
    raised_at_us: int = Field(sa_column=_big())  # when the watch found it
    actor: str


class SafetyResumption(SQLModel, table=True):
    """A person has resumed what an alarm paused; once an alarm."""

    __tablename__ = "safety_resumption"
    __table_args__ = (UniqueConstraint("trial", "rule"),)

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    rule: str
    resumed_by: str
    reason: str
    resumed_at_us: int = Field(sa_column=_big())
    actor: str  # the account that gave the command


class AccrualClosure(SQLModel, table=True):
    """Accrual was declared closed; what is not mature by the last look stays missing."""

    __tablename__ = "accrual_closure"

    trial: str = Field(primary_key=True)
    reason: str
    actor: str
    at_us: int = Field(sa_column=_big())


class Lock(SQLModel, table=True):
    """The moment after which a look's data cannot change. `digest` covers every part, in order."""

    __tablename__ = "lock"
    __table_args__ = (UniqueConstraint("trial", "look"),)

    lock_id: str = Field(primary_key=True)  # the digest itself
    trial: str = Field(index=True)
    look: str
    protocol_digest: str
    locked_at_us: int = Field(sa_column=_big())
    actor: str
    n_pairs: int
    facts: str = Field(sa_column=Column(Text, nullable=False))  # what is not per pair, canonical


class LockPart(SQLModel, table=True):
    """A run of locked pair records: canonical JSON lines, zlib-compressed."""

    __tablename__ = "lock_part"
    __table_args__ = (UniqueConstraint("lock_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    lock_id: str = Field(index=True)
    number: int
    sha256: str  # of the uncompressed bytes
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LookResult(SQLModel, table=True):
    """What a registered look found; written once."""

    __tablename__ = "look_result"
    __table_args__ = (UniqueConstraint("trial", "look"),)

    id: int | None = Field(default=None, primary_key=True)
    trial: str = Field(index=True)
    look: str
    number: int
    lock_id: str
    conducted_at_us: int = Field(sa_column=_big())
    actor: str
    results: str = Field(sa_column=Column(Text, nullable=False))  # results.json, byte for byte
    results_sha256: str

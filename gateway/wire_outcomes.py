"""What a report of outcomes looks like on the wire: strict, unknown keys refused."""

from typing import Annotated, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from gateway.access import Tokeniser
from gateway.errors import INVALID_REQUEST, FieldError, Problem
from gateway.store.capture import OutcomeItem, OutcomeReceipt
from gateway.strict_json import NotStrictJSONError, parse, what_is_wrong, write
from gateway.timestamps import microseconds
from protocols.errors import EquipoiseError

LARGEST_BATCH = 5000


def _time(text: str) -> str:
    microseconds(text)
    return text


Time = Annotated[str, AfterValidator(_time), Field(examples=["2026-11-20T09:00:00Z"])]
Source = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Value = Annotated[
    object,
    WithJsonSchema(
        {
            "description": "As the protocol types the outcome: true or false; a number or a count;"
            " a level; an object of time and event; for an outcome per arm an object of"
            " standard_of_care and candidate, each holding one of these.",
            "anyOf": [{"type": kind} for kind in ("boolean", "number", "string", "object")],
        }
    ),
]
"""Checked by the store, which knows the outcome's type."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SubjectKey(_Wire):
    """A subject with whose numbering the value comes from, as in the decision request."""

    system: Name
    value: Name


class OutcomeBody(_Wire):
    """What happened, when that was known for certain, and who says so."""

    value: Value
    ascertained_at: Time
    source: Source

    def item(self, pair_id: str, name: str) -> OutcomeItem:
        """The report of one pair's outcome, as the store takes it."""
        return OutcomeItem(
            pair_id=pair_id,
            name=name,
            value=self.value,
            ascertained_at_us=microseconds(self.ascertained_at),
            source=self.source,
        )


class OutcomeLine(OutcomeBody):
    """One item of a batch: of a pair, or of an encounter as the requests named it.

    `name` may be left out: it is the protocol's own outcome then.
    """

    name: Name | None = None
    pair_id: Name | None = None
    subject: Name | SubjectKey | None = None
    encounter: Name | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        by_encounter = self.subject is not None and self.encounter is not None
        either = self.subject is not None or self.encounter is not None
        by_pair = self.pair_id is not None and not either
        if not (by_pair or (by_encounter and self.pair_id is None)):
            raise ValueError("give either pair_id, or subject and encounter")
        return self

    def tokenised(self, tokeniser: Tokeniser) -> OutcomeItem:
        """Replace identifiers by their tokens."""
        match self.subject:
            case None:
                subject = None
            case SubjectKey(system=system, value=value):
                subject = tokeniser.subject(value, system)
            case value:
                subject = tokeniser.subject(value)
        return OutcomeItem(
            pair_id=self.pair_id,
            subject=subject,
            encounter=None if self.encounter is None else tokeniser.encounter(self.encounter),
            name=self.name,
            value=self.value,
            ascertained_at_us=microseconds(self.ascertained_at),
            source=self.source,
        )


class OutcomeBatch(_Wire):
    """Many reports; each is judged for itself, so that a wrong one stops no other."""

    outcomes: Annotated[tuple[object, ...], Field(min_length=1, max_length=LARGEST_BATCH)]


class OutcomeLines(_Wire):
    """What a batch should hold: for the API's description."""

    outcomes: Annotated[tuple[OutcomeLine, ...], Field(min_length=1, max_length=LARGEST_BATCH)]


class OutcomeReply(_Wire):
    """What became of one report; `code` and `detail` only where it was refused.

    `state` is created, unchanged, or conflict: contradicting reports are all kept.
    """

    status: int
    state: str | None = None
    pair_ids: tuple[str, ...] = ()
    code: str | None = None
    detail: str | None = None


class OutcomeBatchReply(_Wire):
    """One result per item, in the order of the request."""

    results: tuple[OutcomeReply, ...]


def reply_of(result: OutcomeReceipt | EquipoiseError) -> OutcomeReply:
    """Write one result: 201 kept, 200 on record already, 404 and 422 refused."""
    if isinstance(result, EquipoiseError):
        status = 404 if result.code == "UNKNOWN_PAIR" else 422
        return OutcomeReply(status=status, code=result.code, detail=str(result))
    return OutcomeReply(
        status=201 if result.kept else 200, state=result.state, pair_ids=result.pair_ids
    )


def read_outcome(body: bytes) -> OutcomeBody:
    """Read the body of one report; Problem invalid-request where it is not one."""
    return _read(OutcomeBody, body)


def read_batch(body: bytes) -> list[OutcomeLine | EquipoiseError]:
    """Read a batch; Problem invalid-request only where the envelope is wrong."""
    return [_line(item) for item in _read(OutcomeBatch, body).outcomes]


def _line(item: object) -> OutcomeLine | EquipoiseError:
    try:
        return OutcomeLine.model_validate_json(write(item))
    except ValidationError as error:
        wrong = "; ".join(f"{field.pointer or '/'}: {field.message}" for field in fields_of(error))
        return EquipoiseError("INVALID_ITEM", f"correct the item: {wrong}")


M = TypeVar("M", bound=BaseModel)


def _read(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate_json(write(parse(body)))
    except NotStrictJSONError as error:
        errors: tuple[FieldError, ...] = (FieldError("", what_is_wrong(error)),)
    except ValidationError as error:
        errors = fields_of(error)
    raise Problem(INVALID_REQUEST, "Correct what `errors` lists and send again.", errors=errors)


def fields_of(error: ValidationError) -> tuple[FieldError, ...]:
    """List what is wrong, without any value that was sent."""
    return tuple(
        FieldError("".join(f"/{part}" for part in item["loc"]), item["msg"])
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )

"""How the trial is run: arms, inputs, eligibility, outcome, capture, mirror."""

from typing import Literal

from pydantic import Field

from protocols.schema.base import (
    Code,
    Digest,
    Expression,
    Milliseconds,
    Path,
    Section,
    Sentence,
    Share,
    Word,
)


class OutputPlan(Section):
    """An arm's score: kind, unit and the closed range outside of which it is invalid.

    `value` is a dose or a measurement; `category` a whole number that names a level, from 0.
    """

    kind: Literal["score", "probability", "value", "category"]
    unit: Word
    low: float
    high: float


class DecisionReading(Section):
    """How a score becomes a flag; the threshold is frozen at registration."""

    flag_when: Literal["score_at_or_above", "score_above", "score_at_or_below", "score_below"]
    threshold: float
    threshold_source: Sentence


class ArmPlan(Section):
    """One predictor as registered: identity, where to read its reply, when it flags.

    `identity` is the JMESPath of an object with the keys name, version and digest; `score` the
    JMESPath of a finite number.
    """

    name: Word
    version: Word
    digest: Digest
    kind: Literal["model", "rule", "human_read"]
    description: Sentence
    identity: Path
    score: Path
    output: OutputPlan
    decision: DecisionReading
    seen_by_clinician: bool
    training_data_end: Word | None


class Arms(Section):
    """The two predictors that every encounter meets."""

    standard_of_care: ArmPlan
    candidate: ArmPlan


class InputField(Section):
    """One field of a request's `inputs`. A missing optional field is a null, never a guess."""

    name: Code
    type: Literal["number", "integer", "string", "boolean"]
    unit: Word
    required: bool
    stored: bool
    description: Sentence


class Inputs(Section):
    """Both arms get the same bytes; only fields with `stored: true` reach the trial store."""

    acquisition: Sentence
    poor_or_missing_input: Sentence
    fields: tuple[InputField, ...] = Field(min_length=1)


class CodedExpression(Section):
    """One criterion, by the id that a refused encounter is counted under."""

    id: Code
    expression: Expression
    description: Sentence


class Eligibility(Section):
    """Every expression must be true; one that is not evaluable makes the request ineligible."""

    participant: tuple[CodedExpression, ...]
    input: tuple[CodedExpression, ...]


class KeyDescription(Section):
    """Whose numbering a key comes from."""

    system: Word
    description: Sentence


class Keys(Section):
    """What `subject` and `encounter` in a request stand for."""

    subject: KeyDescription
    encounter: KeyDescription


class OutcomePlan(Section):
    """The reference standard.

    `maturity: ascertained` takes an outcome as mature when it was reported as final;
    `elapsed` further asks that horizon and lag have passed since the request arrived.
    """

    name: Code
    type: Literal["binary"]
    definition: Sentence
    source: Sentence
    horizon_days: float = Field(gt=0)
    maturity_lag_days: float = Field(ge=0)
    maturity: Literal["ascertained", "elapsed"]
    assessor_blinded_to: tuple[Literal["standard_of_care", "candidate"], ...]
    verification: Sentence
    conflict: Literal["exclude_and_bound", "latest_report"]


class FurtherOutcome(Section):
    """Something else that is learnt of a pair; horizon, maturity and conflicts as of `outcome`.

    `per_arm` is a value for each arm. What follows from acting on an answer is never `observed`
    for both arms in shadow mode: it is `adjudicated` by people who saw both answers, or
    `simulated`. `low` and `high` close the range of a number or count; `levels` are the words of
    an ordinal (in order) or nominal outcome.
    """

    name: Code
    type: Literal["binary", "number", "count", "ordinal", "nominal", "time_to_event"]
    per_arm: bool
    basis: Literal["observed", "adjudicated", "simulated"]
    definition: Sentence
    source: Sentence
    unit: Word
    low: float | None
    high: float | None
    levels: tuple[Code, ...]


class Design(Section):
    """The unit of analysis and what repeats within a subject."""

    type: Literal["paired_shadow"]
    unit_of_analysis: Literal["encounter"]
    cluster: Literal["subject", "none"]
    cluster_justification: Sentence
    repeated_predictions: Literal["all", "first_per_encounter"]


class Capture(Section):
    """What the gateway does when the journal is slow or broken."""

    policy: Literal["clinical-first", "trial-first"]
    budget_ms: Milliseconds
    largest_gap_share: Share


class Mirror(Section):
    """How the candidate is asked: `deadline_ms` for an on-time answer, `late_until_ms` a kept one.

    `attempts` counts askings of one pair; 1 means that an outage is the candidate's failure.
    """

    share: Share
    sampling_unit: Literal["subject"]
    deadline_ms: Milliseconds
    late_until_ms: Milliseconds
    attempts: Literal[1]


class Setting(Section):
    """Where the trial runs, and how long the standard of care may take."""

    sites: tuple[Word, ...] = Field(min_length=1)
    isolation: Sentence
    standard_of_care_deadline_ms: Milliseconds
    mirror: Mirror
    capture: Capture

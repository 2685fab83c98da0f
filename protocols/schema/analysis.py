"""What is tested, on whom, when, and what follows from it."""

from typing import Literal

from pydantic import Field

from protocols.methods.measures import Measure
from protocols.schema.base import (
    Code,
    Expression,
    OneSidedAlpha,
    ParameterValue,
    Section,
    Sentence,
    Share,
    Word,
)
from protocols.schema.sequential import Action, Severity
from protocols.vocabulary import Direction, Framework, Role


class IntercurrentEvent(Section):
    """ICH E9(R1): what happens after the prediction that changes or hides the outcome."""

    event: Word
    strategy: Literal[
        "treatment_policy", "composite", "hypothetical", "while_on_treatment", "principal_stratum"
    ]
    rule: Sentence


class Estimand(Section):
    """The five attributes of ICH E9(R1) A.3."""

    id: Code
    treatments: Sentence
    population: Sentence
    variable: Sentence
    intercurrent_events: tuple[IntercurrentEvent, ...]
    summary: Sentence


class Identifiability(Section):
    """Whether shadow mode can show it: an outcome of acting on the candidate it cannot."""

    identifiable: bool
    reason: Sentence


class Endpoint(Section):
    """An outcome-based measure with its role in the trial.

    `outcome` names the protocol's outcome or a further one; `parameters` are the measure's own.
    """

    id: Code
    title: Word
    role: Role
    measure: Measure
    outcome: Code
    parameters: dict[Code, ParameterValue]
    direction: Direction
    estimand: Code
    time_frame: Sentence
    identifiability: Identifiability


class Margin(Section):
    """The largest acceptable loss: a positive number on the endpoint's scale.

    On the ratio scale `value` is the ratio itself: below 1 where higher is better (0.9), above 1
    where lower is (1.25).
    """

    value: float = Field(gt=0)
    scale: Literal["absolute", "ratio"]
    clinical_basis: Sentence
    statistical_basis: Sentence
    source: Sentence
    agreed_by: tuple[Word, ...] = Field(min_length=1)


class Resampling(Section):
    """What a method that draws needs, so that two runs draw alike."""

    seed: int = Field(ge=0)
    resamples: int = Field(ge=200, le=100_000)


class Hypothesis(Section):
    """One registered test. Superiority has no margin; the other frameworks must have one.

    `test` is a word of `protocols.methods`; `parameters` are that test's own.
    """

    id: Code
    endpoint: Code
    framework: Framework
    effect: Literal["candidate_minus_standard_of_care", "candidate_over_standard_of_care"]
    margin: Margin | None
    alpha: OneSidedAlpha
    sided: Literal[1]
    test: Code
    parameters: dict[Code, ParameterValue]
    resampling: Resampling | None
    sensitivity_tests: tuple[Literal["mcnemar_exact", "mcnemar_midp"], ...]


class Analysis(Section):
    """A registered estimate without a verdict; it spends no alpha.

    `estimator` and `interval` are words of `protocols.methods`; `level` is two-sided.
    """

    id: Code
    title: Word
    endpoint: Code
    role: Literal["supporting", "descriptive", "exploratory"]
    estimator: Code
    interval: Code
    level: float = Field(gt=0.5, lt=1)
    population: Code
    parameters: dict[Code, ParameterValue]
    resampling: Resampling | None


class AnalysisPopulation(Section):
    """Which pairs count, and what a candidate without an answer is counted as.

    `counts_as_failure`: wrong in every binary endpoint, the worst rank in AUC.
    """

    id: Code
    title: Word
    definition: Sentence
    role: Literal["primary", "supporting"]
    candidate_without_answer: Literal["counts_as_failure", "excluded"]
    standard_of_care_without_answer: Literal["excluded"]


class MissingData(Section):
    """What is assumed of missing outcomes and predictions, and how far they could reach."""

    outcome_assumption: Sentence
    outcome_primary: Literal["complete_pairs"]
    outcome_bounds: Literal["worst_and_best_case"]
    prediction: Sentence


class SubgroupLevel(Section):
    """The pairs for which `expression` is true."""

    id: Code
    title: Word
    expression: Expression


class Subgroup(Section):
    """Descriptive: intervals, no verdict. Cells below `minimum_cell` are suppressed."""

    id: Code
    title: Word
    levels: tuple[SubgroupLevel, ...] = Field(min_length=2)
    minimum_cell: int = Field(ge=1)


class SafetyRule(Section):
    """A share among pairs, held against a limit by exact one-sided bounds (at the effective number
    of pairs where `design.cluster` is subject).

    The rule is exceeded when the lower bound lies above the limit. `event` and `among` are
    expressions over flags and outcome of one pair; a pair without outcome is not counted.
    """

    id: Code
    title: Word
    event: Expression
    among: Expression
    limit: Share
    confidence: float = Field(gt=0.5, lt=1)
    limit_basis: Sentence
    severity: Severity
    action: Action


class Recommendation(Section):
    """First rule whose `when` is true wins; `when` speaks of hypotheses and safety rules by id."""

    id: Code
    recommendation: Literal[
        "switch", "randomised_pilot", "extend", "continue", "keep_standard_of_care", "stop"
    ]
    at: Literal["any_look", "interim", "final"]
    when: Expression
    sentence: Sentence


class DecisionRule(Section):
    """The rules in the order in which they are read, and who decides in the end."""

    rules: tuple[Recommendation, ...] = Field(min_length=1)
    decided_by: tuple[Word, ...] = Field(min_length=1)

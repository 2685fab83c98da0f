"""The whole document and its administrative head."""

from typing import Literal

from pydantic import Field

from protocols.schema.analysis import (
    Analysis,
    AnalysisPopulation,
    DecisionRule,
    Endpoint,
    Estimand,
    Hypothesis,
    MissingData,
    SafetyRule,
    Subgroup,
)
from protocols.schema.base import Code, Section, Sentence, Slug, Word
from protocols.schema.conduct import (
    Arms,
    Design,
    Eligibility,
    FurtherOutcome,
    Inputs,
    Keys,
    OutcomePlan,
    Setting,
)
from protocols.schema.planning import Multiplicity, SampleSize, Simulation
from protocols.schema.sequential import (
    AnytimeGroup,
    AnytimeRule,
    FateMixRule,
    FutilityRule,
    HarmBound,
    Monitoring,
    ReEstimation,
)


class Identity(Section):
    """`id` names the trial in URLs; version and date are the author's, the status never is."""

    id: Slug
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    title: Sentence
    acronym: Word
    registrations: tuple[Word, ...]


class Person(Section):
    """Somebody with a role, who signs or does not, masked or not."""

    name: Word
    affiliation: Word
    role: Literal[
        "sponsor",
        "principal_investigator",
        "trial_statistician",
        "unblinded_statistician",
        "data_manager",
        "safety_monitor",
        "model_owner",
    ]
    signs: bool
    masked: bool


class Background(Section):
    """Why the question is worth asking."""

    rationale: Sentence
    prior_evidence: Sentence
    benefit_sought: Sentence
    intended_use: Sentence


class PriorDataAccess(Section):
    """What was known of the trial's data when this was written."""

    status: Literal["none_seen", "predictions_seen", "outcomes_seen"]
    explanation: Sentence


class Governance(Section):
    """Protection of the data; counts below `small_cell` are not shown."""

    de_identification: Sentence
    small_cell: int = Field(ge=1)
    retention: Sentence
    dissemination: Sentence


class ModelChangePolicy(Section):
    """What a new version of an arm does to the trial."""

    on_change: Literal["stop", "count_as_deviation"]
    explanation: Sentence


class Objective(Section):
    """One aim, in words."""

    id: Code
    kind: Literal["primary", "secondary", "safety", "exploratory"]
    text: Sentence


class ExamplePair(Section):
    """One made-up encounter: what each arm scored (null for no answer) and what happened."""

    inputs: dict[str, float | int | str | bool | None]
    standard_of_care_score: float | None
    candidate_score: float | None
    outcome: bool | None


class ExampleAnswer(Section):
    """What the author expects the protocol to mean for that encounter; null where it is undefined.

    `correct` maps an endpoint id to whether each arm is right: [standard of care, candidate].
    """

    eligible: bool
    standard_of_care_flag: bool | None
    candidate_flag: bool | None
    correct: dict[str, tuple[bool | None, bool | None]]
    safety_events: tuple[Code, ...]


class WorkedExample(Section):
    """An encounter and its meaning, which `lint` compares with the protocol's."""

    description: Sentence
    pair: ExamplePair
    expect: ExampleAnswer


class Protocol(Section):
    """One comparison's signed plan. Read it with `protocols.load.load`."""

    schema_version: Literal["1.0"]
    protocol: Identity
    roles: tuple[Person, ...] = Field(min_length=1)
    background: Background
    objectives: tuple[Objective, ...] = Field(min_length=1)
    arms: Arms
    keys: Keys
    inputs: Inputs
    setting: Setting
    design: Design
    eligibility: Eligibility
    outcome: OutcomePlan
    further_outcomes: tuple[FurtherOutcome, ...]
    estimands: tuple[Estimand, ...] = Field(min_length=1)
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    hypotheses: tuple[Hypothesis, ...] = Field(min_length=1)
    analyses: tuple[Analysis, ...]
    multiplicity: Multiplicity
    sample_size: SampleSize
    monitoring: Monitoring
    futility: tuple[FutilityRule, ...]
    harm_bounds: tuple[HarmBound, ...]
    re_estimation: ReEstimation | None
    simulation: Simulation | None
    analysis_populations: tuple[AnalysisPopulation, ...] = Field(min_length=1)
    missing_data: MissingData
    subgroups: tuple[Subgroup, ...]
    safety: tuple[SafetyRule, ...] = Field(min_length=1)
    anytime_safety: tuple[AnytimeRule, ...]
    anytime_groups: tuple[AnytimeGroup, ...]
    fate_mix: FateMixRule | None
    decision_rule: DecisionRule
    model_change_policy: ModelChangePolicy
    prior_data_access: PriorDataAccess
    governance: Governance
    worked_examples: tuple[WorkedExample, ...] = Field(min_length=1)

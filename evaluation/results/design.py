"""What a registered design does before any data: the content of `design.json`.

Effects are on the hypothesis' own scale (candidate minus, or over, standard of care). Shares lie in
[0, 1]; alpha and p are one-sided; z is positive where data favour the alternative. Pairs are
evaluable pairs. A number that the protocol does not determine is None, with a reason beside it.
"""

from typing import Literal

from evaluation.results.base import Result
from protocols.methods.measures import Measure
from protocols.vocabulary import Direction, Framework


class LookPlanned(Result):
    """One planned look; `pairs` are the fewest whole pairs that have its information."""

    id: str
    number: int
    information: float
    pairs: int


class BoundAt(Result):
    """A bound at one look on every scale; `z` is None where the look cannot stop this way.

    `spent` is the error rate used so far (None where the rule spends none) and `p` the nominal
    one-sided p of the bound. `effect` is the estimate that lies on it, by the registered size
    design; an equivalence is claimed between it and `effect_other`, or nowhere. The powers are the
    chance of crossing an efficacy bound at any later look from here, futility not obeyed, if the
    effect were the registered one, the estimate, or that on the edge of the null.
    """

    look: str
    information: float
    spent: float | None
    z: float | None
    p: float | None
    effect: float | None
    effect_other: float | None
    power_registered: float | None
    power_estimate: float | None
    power_null: float | None


class Passage(Result):
    """How trials end under one effect, by look, futility and harm stops obeyed."""

    effect: float
    efficacy: tuple[float, ...]
    futility: tuple[float, ...]
    harm: tuple[float, ...]
    stopping: tuple[float, ...]
    power: float
    expected_pairs: float


class MarginBasis(Result):
    """What is registered on a margin: the loss that patients and statistics allow, and by whom."""

    value: float
    scale: str
    clinical_basis: str
    statistical_basis: str
    source: str
    agreed_by: tuple[str, ...]


class HypothesisBounds(Result):
    """The bounds of one hypothesis and what they do. `reason` says why the effects are missing.

    `null_other` is the other edge of the null, which an equivalence has.
    """

    id: str
    endpoint_title: str
    measure: Measure
    direction: Direction
    framework: Framework
    scale: str
    alpha: float
    alpha_reason: str
    null_effect: float
    null_other: float | None
    margin: MarginBasis | None
    true_effect: float | None
    spending: str
    efficacy: tuple[BoundAt, ...]
    futility: tuple[BoundAt, ...]
    futility_binding: bool
    harm: tuple[BoundAt, ...]
    under_null: Passage
    under_effect: Passage | None
    reason: str | None


class PowerPoint(Result):
    """Power and expected pairs if this were the true effect."""

    effect: float
    power: float
    expected_pairs: float


class GridCell(Result):
    """A guess of the discordance and the effect; None where the two contradict each other."""

    discordance: float
    effect: float
    pairs: int | None
    power: float | None


class HypothesisPower(Result):
    """Power at the planned pairs. `registered` is the power that the size design asks for."""

    id: str
    endpoint_title: str
    measure: Measure
    scale: str
    null_effect: float
    true_effect: float
    registered: float
    power: float
    expected_pairs: float
    curve: tuple[PowerPoint, ...]
    grid: tuple[tuple[GridCell, ...], ...]


class JointPower(Result):
    """The chance that `all` of a group are shown, or `any` of those that share alpha.

    `at_least` and `at_most` hold whatever their dependence; `exact` is None where that is not
    known, and `exact_by` says why it is. `asked` is the power of the trial, `pairs` what all of
    them need for it together.
    """

    kind: Literal["all", "any"]
    hypotheses: tuple[str, ...]
    independent: float
    at_least: float
    at_most: float
    exact: float | None
    exact_by: str | None
    asked: float
    pairs: int | None


class HypothesisSize(Result):
    """The pairs one hypothesis needs. `n_exact` is before rounding, looks and clusters counted.

    `n_independent` is for one look at independent pairs; `inflation` and `design_effect` are the
    factors between the two. `n_enrolled` divides by the share of known outcomes. `attained_power`
    is that of `n_pairs` with all looks. Where the plan takes the candidate for better beside a
    margin, `n_without_effect` is what it would need if the arms were worth the same.
    """

    id: str
    endpoint_title: str
    method: str
    power: float
    alpha: float
    true_effect: float
    n_independent: float
    inflation: float
    design_effect: float
    ascertainment: float
    n_exact: float
    n_pairs: int
    n_enrolled: int
    n_subjects: int
    attained_power: float
    n_without_effect: int | None
    drives: bool


class Sizes(Result):
    """All of them against the plan; `short_by` is 0 where the plan is enough."""

    planned_pairs: int
    needed_pairs: int
    short_by: int
    hypotheses: tuple[HypothesisSize, ...]
    sentence: str


class Simulated(Result):
    """A simulated number with its Monte Carlo standard error."""

    value: float
    standard_error: float


class EstimationAtStop(Result):
    """How estimates at the stop behave, in a `unit`: standard_errors of the last planned look, or
    the effect's own.

    Coverage is of two-sided intervals at 1 - 2 alpha; from the first `replicates` trials. None
    where no trial has such an estimate or interval.
    """

    replicates: int
    unit: str  # standard_errors | effect
    bias_naive: Simulated | None
    bias_median_unbiased: Simulated | None
    rmse_naive: Simulated | None
    rmse_median_unbiased: Simulated | None
    coverage_naive: Simulated | None
    coverage_repeated: Simulated | None
    coverage_stagewise: Simulated | None


class HarmSignals(Result):
    """How often harm is signalled, and the mean evaluable pairs at its first signal.

    `false`: the candidate is no worse in this scenario, so each is a false alarm; None where the
    effect drifts. `pairs` is None with fewer than two signals.
    """

    share: Simulated
    pairs: Simulated | None
    false: bool | None


class RuleAlarms(Result):
    """A rule or group of rules between looks: in how many trials it raised its alarm, and when."""

    rule: str
    title: str
    signals: HarmSignals


class SimulatedScenario(Result):
    """One hypothesis under one registered scenario.

    `claims` is the chance of a claim: type I error where the truth lies on the edge of the null or
    beyond, power otherwise. Shares by look are of trials that end there for futility or for harm.
    `harm` is of harm bounds, `alarms` of the first of all rules between looks, watched by the full
    engine alone; each None where none is registered. `rules` are those rules and their groups, each
    by itself. `reached` says whether the registered standard error was;
    `interrupted` that a person ended it before.
    """

    scenario: str
    hypothesis: str
    true_effect: float
    drift: float | None
    replicates: int
    reached: bool
    interrupted: bool
    claims: Simulated
    claims_by_look: tuple[Simulated, ...]
    futility_by_look: tuple[Simulated, ...]
    harm_by_look: tuple[Simulated, ...]
    expected_pairs: Simulated
    expected_information: Simulated
    estimation: EstimationAtStop | None
    harm: HarmSignals | None
    alarms: HarmSignals | None
    rules: tuple[RuleAlarms, ...]


class SimulatedTogether(Result):
    """All hypotheses in the same trials under one scenario, by the registered procedure.

    `claims` is by hypothesis: its power, or its share in the error, with alpha passed on;
    `any_claim` disjunctive, `all_claims` conjunctive power. `family_error` is the chance of a claim
    of any of `true_nulls`; None with a reason. `correlation` is registered, or generated with the
    encounters.
    """

    scenario: str
    hypotheses: tuple[str, ...]
    procedure: str
    correlation: str
    replicates: int
    reached: bool
    interrupted: bool
    claims: tuple[Simulated, ...]
    claims_by_look: tuple[tuple[Simulated, ...], ...]
    any_claim: Simulated
    all_claims: Simulated
    true_nulls: tuple[str, ...]
    family_error: Simulated | None
    family_error_reason: str | None
    expected_pairs: Simulated


class Simulations(Result):
    """All scenarios that were run, whole or in part.

    `engine` is statistics (scores that walk) or full (encounters through the conduct of a look);
    `versions` are of what computed them. `notes` say what is left out.
    """

    engine: str
    versions: dict[str, str]
    seed: int
    target_se: float
    most_replicates: int
    interrupted: bool
    scenarios: tuple[SimulatedScenario, ...]
    together: tuple[SimulatedTogether, ...]
    notes: tuple[str, ...]


class DesignResults(Result):
    """One protocol's design. A part that was not asked for, or cannot be had, is None."""

    trial: str
    acronym: str
    title: str
    version: str
    digest: str
    planned_pairs: int
    looks: tuple[LookPlanned, ...]
    bounds: tuple[HypothesisBounds, ...]
    power: tuple[HypothesisPower, ...] | None
    joint: tuple[JointPower, ...]
    sizes: Sizes | None
    simulations: Simulations | None
    notes: tuple[str, ...]

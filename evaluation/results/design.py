"""What a registered design does before any data: the content of `design.json`.

Effects are on the hypothesis' own scale (candidate minus, or over, standard of care). Shares lie in
[0, 1]; alpha and p are one-sided; z is positive where data favour the alternative. Pairs are
evaluable pairs. A number that the protocol does not determine is None, with a reason beside it.
"""

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
    design. The powers are the chance of crossing an efficacy bound at any later look from here,
    futility not obeyed, if the effect were the registered one, the estimate, or that on the edge
    of the null.
    """

    look: str
    information: float
    spent: float | None
    z: float | None
    p: float | None
    effect: float | None
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


class HypothesisBounds(Result):
    """The bounds of one hypothesis and what they do. `reason` says why the effects are missing."""

    id: str
    endpoint_title: str
    measure: Measure
    direction: Direction
    framework: Framework
    scale: str
    alpha: float
    alpha_reason: str
    null_effect: float
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
    """The chance that all of a group are shown: if independent, and whatever their dependence."""

    hypotheses: tuple[str, ...]
    independent: float
    at_least: float


class HypothesisSize(Result):
    """The pairs one hypothesis needs. `n_exact` is before rounding, looks and clusters counted.

    `n_independent` is for one look at independent pairs; `inflation` and `design_effect` are the
    factors between the two. `n_enrolled` divides by the share of known outcomes.
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
    """How estimates at the stop behave, in standard errors of the last planned look.

    Coverage is of two-sided intervals at 1 - 2 alpha; from the first `replicates` trials.
    """

    replicates: int
    bias_naive: Simulated
    bias_median_unbiased: Simulated
    rmse_naive: Simulated
    rmse_median_unbiased: Simulated
    coverage_naive: Simulated
    coverage_repeated: Simulated
    coverage_stagewise: Simulated


class SimulatedScenario(Result):
    """One hypothesis under one registered scenario.

    `claims` is the chance of a claim: type I error where the truth lies on the edge of the null or
    beyond, power otherwise. `lower` are stops for futility or harm, by look. `reached` says whether
    the registered standard error was; `interrupted` that a person ended it before.
    """

    scenario: str
    hypothesis: str
    true_effect: float
    drift: float
    replicates: int
    reached: bool
    interrupted: bool
    claims: Simulated
    claims_by_look: tuple[Simulated, ...]
    lower_by_look: tuple[Simulated, ...]
    expected_pairs: Simulated
    estimation: EstimationAtStop | None


class Simulations(Result):
    """All scenarios that were run, whole or in part."""

    seed: int
    target_se: float
    most_replicates: int
    interrupted: bool
    scenarios: tuple[SimulatedScenario, ...]


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

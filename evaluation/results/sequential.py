"""What a look found beside its efficacy bound: futility, harm, inferences, shared alpha."""

from evaluation.results.base import Result


class FutilityReading(Result):
    """One futility rule at one look; the bound is kept on z, whatever scale it was written on.

    `crossed` is whether the statistic lies below it, None where there is no bound, with a reason.
    """

    scale: str  # z | effect | conditional_power | predictive_power | beta_spending
    value: float | None  # as registered, on that scale; None for beta_spending
    beta_spent: float | None  # cumulative, for beta_spending
    z: float | None
    effect: float | None  # the estimate that has this z
    crossed: bool | None
    binding: bool
    when_ignored: str
    reason: str | None


class HarmReading(Result):
    """The bound on the side of harm: the registered test against no effect, turned the other way.

    `statistic` is large where the candidate is worse. Its alpha is its own and taken from nobody.
    """

    alpha: float  # one-sided, of all looks together
    alpha_spent: float  # cumulative
    nominal_alpha: float  # of this look
    information: float | None  # 1 / SE^2
    z: float | None
    statistic: float | None
    z_of_hypothesis: float | None  # the bound on the hypothesis' own z, for the figure
    crossed: bool | None
    action: str
    reason: str | None


class Inference(Result):
    """An estimate with a two-sided interval at `level`; `p_value` is one-sided against the null.

    `kind` is naive, repeated, stagewise, estimate_order, likelihood_ratio_order, or, for outcomes
    that came after the claim, weighted or deletion. `claim` marks the registered one. A limit may
    not exist.
    """

    kind: str
    estimate: float
    low: float | None
    high: float | None
    level: float
    p_value: float
    claim: bool


class PowerAhead(Result):
    """The chance of a claim at a later look, if the effect were `effect` (None: averaged).

    `any_look` counts a first crossing at any later look, `last_look` that of the last one alone.
    """

    under: str  # design | estimate | null | predictive
    effect: float | None
    any_look: float
    last_look: float


class SequentialInference(Result):
    """Naive, repeated and stage-wise side by side, and what lies ahead; reasons where one is not.

    `repeated_p` is the smallest alpha of all looks together at which this look would have claimed,
    `sequential_p` the smallest of the looks so far. `bias_adjusted` is the effect under which
    trials find this estimate on average, where the trial ends at this look.
    """

    inferences: tuple[Inference, ...]
    repeated_p: float | None
    sequential_p: float | None
    ahead: tuple[PowerAhead, ...]
    reasons: tuple[str, ...]
    bias_adjusted: float | None = None


class Unweighted(Result):
    """All pairs together, where a look is decided on stages combined by planned weights."""

    information: float  # 1 / SE^2
    statistic: float  # z on the normal scale


class ReEstimationResult(Result):
    """The one registered change of the planned total: what was read, and what follows.

    Pairs are evaluable pairs. `weighted`: the effect was looked at, so that later looks combine
    stages by planned weights. `reason` says why nothing was changed where nothing could be.
    """

    kind: str  # blinded_discordance | promising_zone
    look: str
    hypothesis: str
    evaluable_pairs: int
    nuisance: str | None  # discordance | standard_deviation
    nuisance_planned: float | None
    nuisance_seen: float | None
    nuisance_pairs: int | None  # that it was read from
    statistic: float | None  # z; of promising_zone alone
    final_bound: float | None  # that the weighted z of the last look is held against
    conditional_power: float | None  # under the estimate, at the planned total
    power_at_total: float | None  # the same at the new one
    zone: str | None  # stopped | unfavourable | promising | favourable
    target_power: float
    wanted_pairs: int | None  # for the target, without floor and cap
    planned_pairs: int
    cap_pairs: int
    total_pairs: int
    capped: bool
    weighted: bool
    who_is_unblinded: str
    sentence: str
    reason: str | None


class SharedAlpha(Result):
    """How one hypothesis stands where alpha is shared; shares and levels are one-sided.

    `local_alpha` is what it was held against at this look; `passed_on_by` are the shown hypotheses
    whose alpha came to it. `adjusted_p` is None where looking back is not registered.
    """

    procedure: str
    alpha: float
    local_alpha: float
    passed_on_by: tuple[str, ...]
    repeated_p: float | None
    sequential_p: float | None
    adjusted_p: float | None

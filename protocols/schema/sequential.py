"""How a running trial is watched: looks, spending, futility, harm, safety at any time, resizing."""

from typing import Literal

from pydantic import Field

from protocols.schema.base import (
    Code,
    Expression,
    OneSidedAlpha,
    ParameterValue,
    Positive,
    Section,
    Sentence,
    Share,
    Word,
)

Severity = Literal["minor", "moderate", "serious", "life_threatening"]
Action = Literal["notify", "pause", "stop"]


class SpendingPlan(Section):
    """How much of an error rate may be used by which spending time.

    `parameter` is gamma of hwang_shih_decani and rho of kim_demets, else null. `points` are
    (spending time, share of the whole): for `table` one per look, spent at that look whatever
    information it has; for `piecewise` joined by straight lines. Nothing is spent up to `start`.
    """

    family: Literal[
        "lan_demets_obrien_fleming",
        "lan_demets_pocock",
        "hwang_shih_decani",
        "kim_demets",
        "table",
        "piecewise",
    ]
    parameter: float | None
    points: tuple[tuple[float, float], ...]
    start: float | None


class Look(Section):
    """A planned analysis at a share of the planned evaluable pairs, in (0, 1]."""

    id: Code
    information: float = Field(gt=0, le=1)


class Monitoring(Section):
    """When looks happen and how alpha is spent over information.

    A look may be run once the evaluable pairs reach `information` times the planned total less
    `tolerance`, the last look without it; on the clocks `events` and `calendar` once these reach
    that share of their maximum. Every look may be run short once accrual is closed.
    The clock says how much alpha may be spent; statistical information drives the correlations.
    `clock_maximum` is where all is spent: statistical information by hypothesis for `information`,
    `events` or `days` for these clocks, empty for shares of pairs. `clock_start` (YYYY-MM-DD, UTC)
    is day 0 of `calendar`, else null.
    """

    looks: tuple[Look, ...] = Field(min_length=1)
    clock: Literal[
        "evaluable_pairs", "smaller_of_planned_and_observed", "information", "events", "calendar"
    ]
    clock_maximum: dict[Code, Positive]
    clock_start: str | None = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    tolerance: Share
    spending: SpendingPlan
    final_look: Literal["full_alpha", "information_fraction"]
    unplanned_looks: Literal["forbidden", "allowed"]
    skipped_looks: Literal["forbidden", "allowed"]
    claim_interval: Literal["repeated", "stagewise", "estimate_order", "likelihood_ratio_order"]
    late_outcomes: Literal["repeated", "weighted", "deletion", "delayed_response"]


class FutilityRule(Section):
    """When a look may give a hypothesis up; alpha is never regained unless `binding`.

    `values` are on `scale`, one per look, and none for beta_spending. `true_effect` is the effect
    that power is reckoned under, on the hypothesis' scale; null takes the current estimate.
    """

    hypothesis: Code
    looks: tuple[Code, ...] = Field(min_length=1)
    scale: Literal["z", "effect", "conditional_power", "predictive_power", "beta_spending"]
    values: tuple[float, ...]
    beta: float | None
    spending: SpendingPlan | None
    true_effect: float | None
    binding: bool
    binding_reason: Sentence | None
    when_ignored: Sentence


class HarmBound(Section):
    """A bound on the other side: that the candidate is worse, with an alpha of its own."""

    hypothesis: Code
    alpha: OneSidedAlpha
    spending: SpendingPlan
    action: Action


class AnytimeRule(Section):
    """Harm held against a limit after every outcome, with an alpha of its own.

    Either `event` is the harm, alone or less its `counterpart` under the standard of care, or the
    harm is the paired loss of an `endpoint`. Paired, `limit` is the largest acceptable excess.
    """

    id: Code
    title: Word
    method: Literal[
        "betting",
        "empirical_bernstein",
        "normal_mixture",
        "stitched",
        "asymptotic",
        "poisson_maxsprt",
        "binomial_maxsprt",
        "sprt",
        "binomial_group_sequential",
    ]
    event: Expression | None
    counterpart: Expression | None
    endpoint: Code | None
    among: Expression
    unit: Literal["subject", "pair"]
    order: Literal["outcome_arrival"]
    alpha: OneSidedAlpha
    limit: float = Field(ge=0)
    parameters: dict[Code, ParameterValue]
    burn_in: int = Field(ge=0)
    severity: Severity
    action: Action


class AnytimeGroup(Section):
    """Several rules of `anytime_safety` as one: its own alpha for all of them together.

    `average` signals that some harm is there, `e_bh` also which, few of them falsely.
    """

    id: Code
    title: Word
    rules: tuple[Code, ...] = Field(min_length=2)
    merge: Literal["average", "e_bh"]
    alpha: OneSidedAlpha
    severity: Severity
    action: Action


class FateMixRule(Section):
    """What becomes of the mirror's askings against registered shares, after every asking.

    `shares` are of the candidate's fates and of `other`, all those not named. `weight` is that of
    the prior, in askings: near it a change of the mix is noticed soonest.
    """

    id: Code
    title: Word
    shares: dict[Code, float]
    weight: float = Field(gt=0)
    alpha: OneSidedAlpha
    severity: Severity
    action: Action


class ReEstimation(Section):
    """One change of the planned total at a look, never above `cap_pairs`.

    The zone is one of conditional power; null for blinded_discordance, which sees no effect.
    """

    kind: Literal["blinded_discordance", "promising_zone"]
    look: Code
    cap_pairs: int = Field(gt=1)
    lower_zone: Share | None
    upper_zone: Share | None
    target_power: float = Field(gt=0.5, lt=1)
    who_is_unblinded: Sentence

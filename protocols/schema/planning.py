"""How alpha is shared between hypotheses, how large the trial is, and how that was tried out."""

from typing import Annotated, Literal

from pydantic import Field

from protocols.schema.base import Code, OneSidedAlpha, Section, Sentence, Share

Correlation = Annotated[float, Field(ge=-1, le=1)]


class Graph(Section):
    """What holm, hochberg, hommel, fallback and graph share one `alpha` by.

    `weights` give each hypothesis its first share; `transitions` (from, to, share) say where the
    share of a shown hypothesis goes, and are written for graph alone: the other procedures have
    their own. `look_back` lets an earlier look's statistic claim with alpha that came later.
    """

    alpha: OneSidedAlpha
    weights: dict[Code, Share]
    transitions: tuple[tuple[Code, Code, Share], ...]
    local_test: Literal["bonferroni", "simes"]
    justification: Sentence | None
    look_back: bool


class Multiplicity(Section):
    """`single`: one hypothesis. `co_primary`: all of a group must pass, each at full alpha.

    `fixed_sequence`: groups in order; a group is tested only when every one before it passed;
    inside a group all must pass (intersection-union). The other procedures share the alpha of
    `graph` between hypotheses, each of which is a group of its own.
    """

    procedure: Literal[
        "single",
        "co_primary",
        "fixed_sequence",
        "holm",
        "hochberg",
        "hommel",
        "fallback",
        "graph",
    ]
    order: tuple[tuple[Code, ...], ...] = Field(min_length=1)
    graph: Graph | None
    reason: Sentence


class SizeDesign(Section):
    """What the size of one hypothesis was reckoned from.

    `true_effect` is on the hypothesis' scale. `nuisance` names what else its formula asks for:
    discordance, standard_deviation, prevalence, auc_standard_of_care, correlation, ...
    """

    hypothesis: Code
    power: float = Field(gt=0, lt=1)
    true_effect: float
    nuisance: dict[Code, float]
    pairs_per_subject: float = Field(ge=1)
    cv_of_pairs: float = Field(ge=0)
    icc: Share
    ascertainment: float = Field(gt=0, le=1)


class SampleSize(Section):
    """`evaluable_pairs` is the planned total: information 1.0 on the spending clock."""

    evaluable_pairs: int = Field(gt=1)
    power: Share
    assumptions: Sentence
    calculation: Sentence
    accrual: Sentence
    design: tuple[SizeDesign, ...]


class Scenario(Section):
    """One truth that the design is tried out under.

    `true_effect` is that of every hypothesis which `true_effects` does not name, each on its own
    scale. `drift` half_way changes the effect in mid-trial; `jitter` moves looks by up to this
    share; `ignore_futility` goes on where a rule would have given up.
    """

    id: Code
    true_effect: float
    true_effects: dict[Code, float]
    nuisance: dict[Code, float]
    drift: Literal["none", "half_way"]
    jitter: Share
    missing_share: Share
    late_share: Share
    ignore_futility: bool


class Simulation(Section):
    """Trials that never were: until the standard error of a share is `target_se`, or no more.

    `correlations` (one, other, number) are those of two hypotheses' statistics at the same look;
    every pair of them stands there once, or none does, and then nothing is said of several
    hypotheses together without making encounters. `correlation_basis` says where they are from.
    """

    scenarios: tuple[Scenario, ...] = Field(min_length=1)
    correlations: tuple[tuple[Code, Code, Correlation], ...]
    correlation_basis: Sentence | None
    target_se: float = Field(gt=0, lt=0.5)
    most_replicates: int = Field(ge=100, le=100_000_000)
    seed: int = Field(ge=0)

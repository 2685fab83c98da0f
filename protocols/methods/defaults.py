"""The test to take for a measure when nothing speaks for another: one that keeps its error rate.

A recommendation to the author of a protocol; nothing is ever filled in from here. What each of
them was measured to do stands in evaluation/README.md, under OPERATING CHARACTERISTICS.
"""

from dataclasses import dataclass
from typing import Final, Literal

from protocols.methods.measures import Measure

When = Literal["", "fewer than 50 pairs", "a count", "ordered levels", "levels without order"]


@dataclass(frozen=True, slots=True)
class Default:
    """Words of `hypotheses[].test` for pairs that are independent, and within subjects.

    `when` narrows the measure; the line without it is for all other cases. `independent` and
    `clustered` are the same word where a test does what `design.cluster` says. `simulated` says
    whether its error rate was measured; the others rest on their source and their second routes.
    """

    measure: Measure
    independent: str
    clustered: str
    simulated: bool
    when: When = ""


def _shares(measure: Measure) -> tuple[Default, ...]:
    return (
        Default(measure, "tango_score", "clustered_score", simulated=True),
        Default(
            measure,
            "exact_difference",
            "clustered_score",
            simulated=True,
            when="fewer than 50 pairs",
        ),
    )


def _means(measure: Measure, independent: str = "clustered_difference_cr2") -> Default:
    return Default(measure, independent, "clustered_difference_cr2", simulated=True)


def _both(measure: Measure, word: str, when: When = "") -> Default:
    return Default(measure, word, word, simulated=word == "delong_at_margin", when=when)


DEFAULTS: Final[tuple[Default, ...]] = (
    *_shares("sensitivity"),
    *_shares("specificity"),
    *_shares("accuracy"),
    *_shares("flagged"),
    *_shares("within_tolerance"),
    *_shares("in_range"),
    _both("ppv", "predictive_value_difference"),
    _both("npv", "predictive_value_difference"),
    _both("positive_likelihood_ratio", "likelihood_ratio_regression"),
    _both("negative_likelihood_ratio", "likelihood_ratio_regression"),
    _both("auc", "delong_at_margin"),
    _both("pr_auc", "bootstrap_rank_difference"),
    _both("partial_auc", "bootstrap_rank_difference"),
    _both("sensitivity_at_specificity", "bootstrap_rank_difference"),
    _both("recall_at_alert_rate", "bootstrap_rank_difference"),
    _both("c_index", "c_index_difference"),
    _means("brier"),
    _means("log_loss"),
    _means("net_benefit"),
    _means("absolute_error", "paired_t"),
    _means("squared_error", "paired_t"),
    _means("value", "paired_t"),
    _both("value", "poisson_rate_ratio", "a count"),
    _means("score", "paired_t"),
    _both("category", "mean_score_difference", "ordered levels"),
    _both("category", "kappa_difference", "levels without order"),
    _both("hazard", "cox_stratified_by_pair"),
)
"""One line a measure, more where the data decide."""


def default_tests(measure: Measure, *, clustered: bool) -> tuple[str, ...]:
    """The recommended words for a measure, the most general first; none twice."""
    lines = [line for line in DEFAULTS if line.measure == measure]
    words = [line.clustered if clustered else line.independent for line in lines]
    return tuple(dict.fromkeys(words))


def default_first(words: tuple[str, ...], measure: Measure, *, clustered: bool) -> tuple[str, ...]:
    """The same words in the same order, but for the recommended ones, which lead."""
    leading = [word for word in default_tests(measure, clustered=clustered) if word in words]
    return (*leading, *(word for word in words if word not in leading))

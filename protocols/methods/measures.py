"""The measures an endpoint may have: what each needs of the outcome, the arms and the author."""

from dataclasses import dataclass
from typing import Final, Literal

from protocols.methods.base import Parameter

Measure = Literal[
    "auc",
    "pr_auc",
    "partial_auc",
    "sensitivity_at_specificity",
    "recall_at_alert_rate",
    "c_index",
    "sensitivity",
    "specificity",
    "accuracy",
    "flagged",
    "within_tolerance",
    "in_range",
    "ppv",
    "npv",
    "positive_likelihood_ratio",
    "negative_likelihood_ratio",
    "brier",
    "log_loss",
    "net_benefit",
    "absolute_error",
    "squared_error",
    "value",
    "score",
    "category",
    "hazard",
]
OutcomeType = Literal["binary", "number", "count", "ordinal", "nominal", "time_to_event"]
ALL_TYPES: Final[tuple[OutcomeType, ...]] = (
    "binary",
    "number",
    "count",
    "ordinal",
    "nominal",
    "time_to_event",
)


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """A word for `endpoints[].measure`.

    `outcome_types` are the outcomes it can be taken of; `per_arm` says whether that outcome has a
    value for each arm (`needed`), one for the pair (`forbidden`), or does not enter the value
    (`not_used`). `direction` is the only sensible one, or `either`. `share` is true where a
    difference of two values lies in [-1, 1].
    """

    title: str
    kind: Literal["binary", "predictive", "ranking", "mean", "category", "time"]
    outcome_types: tuple[OutcomeType, ...]
    per_arm: Literal["needed", "forbidden", "not_used"]
    direction: Literal["higher_is_better", "lower_is_better", "either"]
    share: bool
    parameters: tuple[Parameter, ...] = ()
    needs_probability: bool = False


def _flags(title: str) -> MeasureSpec:
    return MeasureSpec(title, "binary", ("binary",), "forbidden", "higher_is_better", share=True)


def _ranking(title: str, *parameters: Parameter) -> MeasureSpec:
    return MeasureSpec(
        title,
        "ranking",
        ("binary",),
        "forbidden",
        "higher_is_better",
        share=True,
        parameters=parameters,
    )


def _predictive(
    title: str, direction: Literal["higher_is_better", "lower_is_better"], *, share: bool
) -> MeasureSpec:
    return MeasureSpec(title, "predictive", ("binary",), "forbidden", direction, share=share)


def _loss(title: str, *parameters: Parameter, share: bool) -> MeasureSpec:
    return MeasureSpec(
        title,
        "mean",
        ("binary",),
        "forbidden",
        "lower_is_better",
        share=share,
        parameters=parameters,
        needs_probability=True,
    )


def _error(title: str) -> MeasureSpec:
    return MeasureSpec(
        title, "mean", ("number", "count"), "forbidden", "lower_is_better", share=False
    )


def _share(name: str, meaning: str) -> Parameter:
    return Parameter(name, "number", meaning, low=0.0, high=1.0)


MEASURES: Final[dict[Measure, MeasureSpec]] = {
    "auc": _ranking("AUC"),
    "pr_auc": _ranking("precision-recall AUC"),
    "partial_auc": _ranking(
        "partial AUC between two specificities",
        _share("specificity_low", "lower end of the range of specificity"),
        _share("specificity_high", "upper end of the range of specificity"),
    ),
    "sensitivity_at_specificity": _ranking(
        "sensitivity at a fixed specificity", _share("specificity", "the specificity")
    ),
    "recall_at_alert_rate": _ranking(
        "sensitivity at a fixed share of alerts", _share("alert_rate", "share of pairs flagged")
    ),
    "c_index": MeasureSpec(
        "concordance with a censored time",
        "ranking",
        ("time_to_event",),
        "forbidden",
        "higher_is_better",
        share=True,
    ),
    "sensitivity": _flags("sensitivity"),
    "specificity": _flags("specificity"),
    "accuracy": _flags("share of pairs with the right flag"),
    "flagged": MeasureSpec(
        "share of pairs flagged", "binary", ALL_TYPES, "not_used", "either", share=True
    ),
    "within_tolerance": MeasureSpec(
        "share of answers within a tolerance of the reference",
        "binary",
        ("number", "count"),
        "forbidden",
        "higher_is_better",
        share=True,
        parameters=(
            Parameter("relative", "number", "tolerance as a share of the reference", low=0.0),
            Parameter("absolute", "number", "tolerance in the reference's unit", low=0.0),
        ),
    ),
    "in_range": MeasureSpec(
        "share of values in a closed range",
        "binary",
        ("number", "count"),
        "needed",
        "higher_is_better",
        share=True,
        parameters=(
            Parameter("low", "number", "lower end of the range"),
            Parameter("high", "number", "upper end of the range"),
        ),
    ),
    "ppv": _predictive("positive predictive value", "higher_is_better", share=True),
    "npv": _predictive("negative predictive value", "higher_is_better", share=True),
    "positive_likelihood_ratio": _predictive(
        "positive likelihood ratio", "higher_is_better", share=False
    ),
    "negative_likelihood_ratio": _predictive(
        "negative likelihood ratio", "lower_is_better", share=False
    ),
    "brier": _loss("Brier score", share=True),
    "log_loss": _loss(
        "log loss",
        Parameter(
            "clip", "number", "probabilities are kept this far from 0 and 1", low=1e-15, high=0.1
        ),
        share=False,
    ),
    "net_benefit": MeasureSpec(
        "net benefit",
        "mean",
        ("binary",),
        "forbidden",
        "higher_is_better",
        share=False,
        parameters=(
            Parameter(
                "threshold", "number", "probability at which one would act", low=0.001, high=0.999
            ),
        ),
        needs_probability=True,
    ),
    "absolute_error": _error("absolute error against the reference"),
    "squared_error": _error("squared error against the reference"),
    "value": MeasureSpec(
        "value recorded for each arm",
        "mean",
        ("binary", "number", "count", "ordinal"),
        "needed",
        "either",
        share=False,
    ),
    "score": MeasureSpec("the arm's answer", "mean", ALL_TYPES, "not_used", "either", share=False),
    "category": MeasureSpec(
        "the arm's class against the reference",
        "category",
        ("ordinal", "nominal"),
        "forbidden",
        "either",
        share=True,
    ),
    "hazard": MeasureSpec(
        "hazard of the event",
        "time",
        ("time_to_event",),
        "needed",
        "either",
        share=False,
    ),
}
"""The one list of measures."""

"""The words of counts, rates, times to event and concordance, and what each must fix."""

from typing import Final

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

EXPOSURE: Final = Parameter(
    "exposure",
    "input",
    "time under observation of the pair, the same for both arms",
    numeric=True,
)

TESTS: Final[dict[str, HypothesisTestSpec]] = {
    "count_ratio": HypothesisTestSpec(
        group="events",
        title="ratio of paired counts, exact given their total",
        measures=("value",),
        scale="ratio",
        pairs="independent",
    ),
    "poisson_rate_ratio": HypothesisTestSpec(
        group="events",
        title="ratio of event rates, variance between subjects",
        measures=("value",),
        scale="ratio",
        pairs="either",
    ),
    "negative_binomial_rate_ratio": HypothesisTestSpec(
        group="events",
        title="ratio of event rates in a negative binomial model, variance between subjects",
        measures=("value",),
        scale="ratio",
        pairs="either",
        parameters=(EXPOSURE,),
    ),
    "cox_stratified_by_pair": HypothesisTestSpec(
        group="events",
        title="hazard ratio within pairs; the direction is that of the hazard",
        measures=("hazard",),
        scale="ratio",
        pairs="either",
    ),
    "cox_marginal": HypothesisTestSpec(
        group="events",
        title="hazard ratio over all pairs; the direction is that of the hazard",
        measures=("hazard",),
        scale="ratio",
        pairs="either",
    ),
    "c_index_difference": HypothesisTestSpec(
        group="events",
        title="difference of concordance with a censored time",
        measures=("c_index",),
        scale="difference",
        pairs="either",
        draws=True,
    ),
}
ESTIMATORS: Final[dict[str, EstimatorSpec]] = {
    "count_ratio_estimate": EstimatorSpec(
        group="events",
        title="ratio of paired counts",
        measures=("value",),
        intervals=("exact",),
        pairs="independent",
    ),
    "rate_ratio": EstimatorSpec(
        group="events",
        title="ratio of event rates",
        measures=("value",),
        intervals=("wald",),
        pairs="either",
        parameters=(
            Parameter("model", "word", "how counts vary", choices=("poisson", "negative_binomial")),
            EXPOSURE,
        ),
    ),
    "exact_rate_ratio": EstimatorSpec(
        group="events",
        title="ratio of two independent Poisson rates",
        measures=("value",),
        intervals=("exact",),
        pairs="independent",
        parameters=(
            Parameter(
                "candidate_exposure", "input", "time under observation, candidate", numeric=True
            ),
            Parameter(
                "standard_of_care_exposure",
                "input",
                "time under observation, standard of care",
                numeric=True,
            ),
        ),
    ),
    "kaplan_meier": EstimatorSpec(
        group="events",
        title="share without event",
        measures=("hazard",),
        intervals=("log_log",),
        pairs="either",
        parameters=(Parameter("times", "numbers", "times since the start, in the unit of time"),),
    ),
    "cox": EstimatorSpec(
        group="events",
        title="hazard ratio",
        measures=("hazard",),
        intervals=("wald",),
        pairs="either",
        parameters=(
            Parameter(
                "model",
                "word",
                "compared within pairs or over all",
                choices=("stratified", "marginal"),
            ),
        ),
    ),
    "concordance_index": EstimatorSpec(
        group="events",
        title="concordance with a censored time",
        measures=("c_index",),
        intervals=("percentile",),
        pairs="either",
        draws=True,
    ),
}

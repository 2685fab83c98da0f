"""The words of the family clusters: means and shares when subjects come back."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter
from protocols.methods.proportions import BINARY

MEANS = (
    *BINARY,
    "brier",
    "log_loss",
    "net_benefit",
    "absolute_error",
    "squared_error",
    "value",
    "score",
)
WORKING = Parameter(
    "working_correlation",
    "word",
    "correlation that the equations assume within a subject",
    choices=("independence", "exchangeable"),
)
WEIGHTING = Parameter(
    "weighting",
    "word",
    "whether every encounter or every subject counts alike",
    choices=("encounter_weighted", "subject_weighted"),
)


def _difference(title: str, *parameters: Parameter, draws: bool = False) -> HypothesisTestSpec:
    return HypothesisTestSpec(
        "clusters", title, MEANS, "difference", "either", parameters=parameters, draws=draws
    )


TESTS: dict[str, HypothesisTestSpec] = {
    "clustered_difference": _difference("difference of means between subjects"),
    "clustered_score": HypothesisTestSpec(
        "clusters",
        "difference of paired shares, never surer than for independent pairs",
        BINARY,
        "difference",
        "either",
    ),
    "clustered_difference_cr2": _difference(
        "difference of means between subjects, leverage-adjusted"
    ),
    "subject_weighted_difference": _difference("mean of the subjects' own differences"),
    "jackknife_difference": _difference("difference of means, leaving out one subject at a time"),
    "bootstrap_difference": _difference("difference of means, resampling subjects", draws=True),
    "gee_difference": _difference("difference of means from estimating equations", WORKING),
    "durkalski_margin": _difference("Durkalski's difference against a margin"),
    "yang_margin": _difference("Yang's difference against a margin"),
    "clustered_ratio": HypothesisTestSpec(
        "clusters", "ratio of means between subjects", MEANS, "ratio", "either"
    ),
}

ESTIMATORS: dict[str, EstimatorSpec] = {
    "clustered_effect": EstimatorSpec(
        "clusters",
        "difference of means between subjects",
        MEANS,
        ("linearised", "cr2", "jackknife"),
        "either",
        parameters=(WEIGHTING,),
    ),
    "clustered_effect_bootstrap": EstimatorSpec(
        "clusters",
        "difference of means between subjects, resampled",
        MEANS,
        ("bootstrap_percentile", "bootstrap_basic", "bootstrap_bca"),
        "either",
        parameters=(WEIGHTING,),
        draws=True,
    ),
    "clustered_ratio_estimate": EstimatorSpec(
        "clusters", "ratio of means between subjects", MEANS, ("linearised",), "either"
    ),
    "clustered_mcnemar": EstimatorSpec(
        "clusters",
        "published tests of equal shares between subjects",
        BINARY,
        ("none",),
        "either",
    ),
    "mixed_model_effect": EstimatorSpec(
        "clusters", "mean difference with random subjects", MEANS, ("wald",), "clustered"
    ),
    "gee_arm_effect": EstimatorSpec(
        "clusters",
        "effect of the arm from estimating equations",
        MEANS,
        ("sandwich",),
        "either",
        parameters=(
            Parameter(
                "link",
                "word",
                "scale of the effect; log and logit take flags only",
                choices=("identity", "log", "logit"),
            ),
            WORKING,
        ),
    ),
}

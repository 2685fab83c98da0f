"""The words of the family subgroups."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

SUBGROUP = Parameter("subgroup", "subgroup", "the registered subgroup whose levels are compared")
MEANS = (
    "sensitivity",
    "specificity",
    "accuracy",
    "flagged",
    "within_tolerance",
    "in_range",
    "brier",
    "log_loss",
    "net_benefit",
    "absolute_error",
    "squared_error",
    "value",
    "score",
)
FLAGS = ("accuracy", "ppv", "npv")

TESTS: dict[str, HypothesisTestSpec] = {}
ESTIMATORS: dict[str, EstimatorSpec] = {
    "subgroup_interaction": EstimatorSpec(
        "subgroups",
        "differences by level and their interactions",
        MEANS,
        ("clustered_t",),
        "either",
        (SUBGROUP,),
    ),
    "heterogeneity": EstimatorSpec(
        "subgroups",
        "heterogeneity of differences between levels",
        MEANS,
        ("clustered_t",),
        "either",
        (SUBGROUP,),
    ),
    "stratified_odds": EstimatorSpec(
        "subgroups",
        "odds ratios of flag and outcome over levels",
        FLAGS,
        ("mantel_haenszel",),
        "independent",
        (SUBGROUP,),
    ),
    "fairness_gaps": EstimatorSpec(
        "subgroups",
        "rates by level and their largest gaps",
        FLAGS,
        ("bootstrap_percentile",),
        "either",
        (SUBGROUP,),
        draws=True,
    ),
    "calibration_gap": EstimatorSpec(
        "subgroups",
        "calibration by level and its largest gap",
        ("brier", "log_loss", "net_benefit"),
        ("bootstrap_percentile",),
        "either",
        (SUBGROUP,),
        draws=True,
    ),
}

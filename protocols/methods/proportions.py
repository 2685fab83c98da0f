"""The words of the family proportions: pairs of flags, every pair on its own."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

BINARY = ("sensitivity", "specificity", "accuracy", "flagged", "within_tolerance", "in_range")

TESTS: dict[str, HypothesisTestSpec] = {
    "tango_score": HypothesisTestSpec(
        "proportions", "score test of a paired difference", BINARY, "difference", "independent"
    ),
    "scas_score": HypothesisTestSpec(
        "proportions",
        "score test of a paired difference, corrected for skewness",
        BINARY,
        "difference",
        "independent",
    ),
    "exact_difference": HypothesisTestSpec(
        "proportions", "exact test of a paired difference", BINARY, "difference", "independent"
    ),
    "tang_score_ratio": HypothesisTestSpec(
        "proportions", "score test of a paired ratio", BINARY, "ratio", "independent"
    ),
}

ESTIMATORS: dict[str, EstimatorSpec] = {
    "paired_difference": EstimatorSpec(
        "proportions",
        "difference of two paired shares",
        BINARY,
        ("tango_score", "newcombe", "wald", "agresti_min", "bonett_price", "scas", "exact"),
        "independent",
    ),
    "paired_ratio": EstimatorSpec(
        "proportions",
        "ratio of two paired shares",
        BINARY,
        ("tang_score", "mover", "bonett_price", "wald_log"),
        "independent",
    ),
    "conditional_odds": EstimatorSpec(
        "proportions",
        "odds among discordant pairs",
        BINARY,
        ("exact", "midp", "wilson"),
        "independent",
    ),
    "mcnemar": EstimatorSpec(
        "proportions", "McNemar's tests of equal shares", BINARY, ("none",), "independent"
    ),
    "paired_equivalence": EstimatorSpec(
        "proportions",
        "two one-sided score tests of equivalence",
        BINARY,
        ("tango_score",),
        "independent",
        parameters=(
            Parameter("margin", "number", "largest difference that still counts as none", 0.0, 1.0),
        ),
    ),
}

"""The words of the family continuous."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

NUMBERS = ("absolute_error", "squared_error", "value", "score")
MEANS = (*NUMBERS, "within_tolerance", "in_range", "flagged", "brier", "log_loss", "net_benefit")
ANSWERS = ("score", "value")

RESOLUTION = Parameter(
    "resolution", "number", "smallest step of a value; differences are rounded to it", low=1e-12
)
ZEROS = Parameter(
    "zeros",
    "word",
    "differences equal to the margin: left out (wilcox) or ranked (pratt)",
    choices=("wilcox", "pratt"),
)
UNIT = Parameter(
    "unit",
    "word",
    "unit of glucose, with the factor from mmol/L to mg/dL",
    choices=("mg_per_dl", "mmol_per_l_18", "mmol_per_l_18_016"),
)

TESTS: dict[str, HypothesisTestSpec] = {
    "paired_t": HypothesisTestSpec(
        "continuous", "paired t", NUMBERS, scale="difference", pairs="independent"
    ),
    "wilcoxon_signed_rank": HypothesisTestSpec(
        "continuous",
        "signed ranks of the paired differences",
        NUMBERS,
        scale="difference",
        pairs="independent",
        parameters=(RESOLUTION, ZEROS),
    ),
}
ESTIMATORS: dict[str, EstimatorSpec] = {
    "mean_difference": EstimatorSpec(
        "continuous", "means of both arms and their difference", MEANS, ("t",), pairs="either"
    ),
    "mean_equivalence": EstimatorSpec(
        "continuous",
        "two one-sided paired t-tests",
        NUMBERS,
        ("t",),
        pairs="independent",
        parameters=(
            Parameter("lower", "number", "lower limit of equivalence of the difference"),
            Parameter("upper", "number", "upper limit of equivalence of the difference"),
        ),
    ),
    "hodges_lehmann": EstimatorSpec(
        "continuous",
        "median of the averages of differences",
        NUMBERS,
        ("rank",),
        pairs="independent",
        parameters=(RESOLUTION, ZEROS),
    ),
    "sign_flip": EstimatorSpec(
        "continuous",
        "exact test over all patterns of signs",
        NUMBERS,
        ("none",),
        pairs="either",
        parameters=(RESOLUTION,),
    ),
    "limits_of_agreement": EstimatorSpec(
        "continuous",
        "Bland and Altman's limits of agreement",
        ANSWERS,
        ("exact", "mover", "approximate", "approximate_1986"),
        pairs="either",
        parameters=(
            Parameter(
                "coverage", "number", "share of differences inside the limits", low=0.5, high=0.999
            ),
            Parameter(
                "replicates",
                "word",
                "several pairs a subject: none, or of a constant or a varying quantity",
                choices=("none", "constant", "varying"),
            ),
        ),
    ),
    "deming_regression": EstimatorSpec(
        "continuous",
        "Deming's line of candidate on standard of care",
        ANSWERS,
        ("jackknife_t", "jackknife_normal"),
        pairs="either",
        parameters=(
            Parameter(
                "error_ratio",
                "number",
                "error variance of the candidate over that of the standard of care",
                low=1e-6,
                high=1e6,
            ),
        ),
    ),
    "passing_bablok_regression": EstimatorSpec(
        "continuous",
        "Passing and Bablok's line of candidate on standard of care",
        ANSWERS,
        ("rank",),
        pairs="independent",
    ),
    "concordance_correlation": EstimatorSpec(
        "continuous", "Lin's concordance correlation", ANSWERS, ("z_transform",), "independent"
    ),
    "intraclass_correlation": EstimatorSpec(
        "continuous",
        "intraclass correlation of the arms",
        ANSWERS,
        ("f",),
        pairs="independent",
        parameters=(
            Parameter(
                "form",
                "word",
                "which of the six forms",
                choices=(
                    "one_way_single",
                    "agreement_single",
                    "consistency_single",
                    "one_way_average",
                    "agreement_average",
                    "consistency_average",
                ),
            ),
        ),
    ),
    "error_grid": EstimatorSpec(
        "continuous",
        "zones of an error grid of glucose",
        ("score",),
        ("t",),
        pairs="either",
        needs_reference=True,
        parameters=(
            Parameter(
                "grid",
                "word",
                "whose grid",
                choices=("clarke", "parkes_type_1", "parkes_type_2"),
            ),
            UNIT,
        ),
    ),
    "glucose_ranges": EstimatorSpec(
        "continuous",
        "time in, below and above range and glucose indices",
        ANSWERS,
        ("t",),
        pairs="either",
        parameters=(UNIT,),
    ),
    "within_tolerance": EstimatorSpec(
        "continuous",
        "share of answers within a tolerance of the reference",
        ("score",),
        ("t",),
        pairs="either",
        needs_reference=True,
        parameters=(
            Parameter("relative", "number", "tolerance as a share of the reference", low=0.0),
            Parameter("absolute", "number", "tolerance in the reference's unit", low=0.0),
        ),
    ),
}

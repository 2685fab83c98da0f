"""The words of the family missing."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

BINARY = ("sensitivity", "specificity", "accuracy")
PER_OUTCOME = (*BINARY, "brier", "log_loss", "net_benefit")
NUMBERS = ("absolute_error", "squared_error", "value")
MEANS = (*PER_OUTCOME, "within_tolerance", "in_range", *NUMBERS)

COVARIATE = Parameter(
    "covariate",
    "input",
    "the input that predicts beside both arms' answers; with registered weights, the probability "
    "of being known itself",
)
PREDICTOR = Parameter("covariate", "input", "the input that predicts beside both arms' answers")
WEIGHTS = Parameter(
    "weights",
    "word",
    "whether the probability of being known is fitted or given",
    choices=("delay_model", "registered"),
)
POSTERIOR = Parameter(
    "posterior",
    "word",
    "how the model's coefficients are drawn: around their estimate, or by reweighting subjects",
    choices=("normal_approximation", "bayesian_bootstrap"),
)
SHARES = Parameter(
    "shares",
    "numbers",
    "shares of the unresolved pairs of each kind that go against the candidate, 21 at most",
    low=0.0,
    high=1.0,
)
DELTAS = Parameter(
    "deltas",
    "numbers",
    "shifts of what is imputed: log-odds of an event, or the unit of a number",
)
SHIFT = Parameter(
    "shift",
    "word",
    "what a shift moves: the event in every pair, or the outcome that favours the candidate",
    choices=("event", "candidate"),
)

TESTS: dict[str, HypothesisTestSpec] = {
    "ipw_difference": HypothesisTestSpec(
        "missing",
        "difference weighted for delayed outcomes",
        MEANS,
        "difference",
        "either",
        (WEIGHTS, COVARIATE),
    ),
    "imputed_difference": HypothesisTestSpec(
        "missing",
        "difference with multiply imputed outcomes",
        (*PER_OUTCOME, *NUMBERS),
        "difference",
        "either",
        (POSTERIOR, PREDICTOR),
        draws=True,
    ),
}
ESTIMATORS: dict[str, EstimatorSpec] = {
    "worst_and_best_case": EstimatorSpec(
        "missing",
        "worst and best case of unascertained outcomes",
        (*PER_OUTCOME, "auc"),
        ("tango", "clustered_t", "delong"),
        "either",
        restricted={"tango": BINARY, "clustered_t": PER_OUTCOME, "delong": ("auc",)},
    ),
    "tipping_point": EstimatorSpec(
        "missing",
        "tipping point of unascertained outcomes",
        BINARY,
        ("tango", "clustered_t"),
        "either",
        (SHARES,),
    ),
    "delta_adjustment": EstimatorSpec(
        "missing",
        "imputed outcomes shifted over a grid",
        (*PER_OUTCOME, *NUMBERS),
        ("rubin_t",),
        "either",
        (POSTERIOR, PREDICTOR, DELTAS, SHIFT),
        draws=True,
    ),
    "inverse_probability_weighting": EstimatorSpec(
        "missing",
        "difference weighted for delayed outcomes",
        MEANS,
        ("clustered_t",),
        "either",
        (WEIGHTS, COVARIATE),
    ),
    "multiple_imputation": EstimatorSpec(
        "missing",
        "difference with multiply imputed outcomes",
        (*PER_OUTCOME, *NUMBERS),
        ("rubin_t",),
        "either",
        (POSTERIOR, PREDICTOR),
        draws=True,
    ),
    "ascertainment": EstimatorSpec(
        "missing",
        "share of outcomes known by what both arms predicted",
        (*PER_OUTCOME, "auc", "ppv", "npv", "flagged"),
        ("exact",),
        "either",
    ),
}

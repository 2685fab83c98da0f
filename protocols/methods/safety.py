"""Safety analyses beside the safety rules: what a protocol may register."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

# Endpoints with 0 or 1 for each arm, and those whose rows hold the flags of all pairs.
BINARY = ("sensitivity", "specificity", "accuracy", "within_tolerance", "in_range")
FLAGS = ("ppv", "npv", "positive_likelihood_ratio", "negative_likelihood_ratio")

_HARM = Parameter(
    "harm",
    "word",
    "what harms a pair: what the endpoint calls wrong (a 0, a wrong flag, the recorded count), an "
    "event that the arm did not flag, or a flag without event",
    choices=("endpoint", "missed_event", "false_alarm"),
)
_LIMIT = Parameter("limit", "number", "largest acceptable share", low=1e-9, high=1 - 1e-9)
_PRIOR = "parameter of the beta prior"

TESTS: dict[str, HypothesisTestSpec] = {}
ESTIMATORS: dict[str, EstimatorSpec] = {
    "exact_share_bound": EstimatorSpec(
        group="safety",
        title="share of harm with exact binomial bounds",
        measures=(*BINARY, *FLAGS),
        intervals=("upper", "lower", "two_sided"),
        pairs="either",
        parameters=(_HARM, _LIMIT),
    ),
    "exact_rate_bound": EstimatorSpec(
        group="safety",
        title="rate of harm with exact Poisson bounds",
        measures=(*BINARY, *FLAGS, "value"),
        intervals=("upper", "lower", "two_sided"),
        pairs="either",
        parameters=(
            _HARM,
            Parameter(
                "exposure", "input", "time or number at risk, the same for both arms", numeric=True
            ),
            Parameter("limit", "number", "largest acceptable rate per unit", low=1e-12),
        ),
    ),
    "net_discordant_harm": EstimatorSpec(
        group="safety",
        title="harms that only one arm had, exact sign test",
        measures=(*BINARY, *FLAGS),
        intervals=("clopper_pearson",),
        pairs="either",
        parameters=(
            _HARM,
            Parameter(
                "odds_margin", "number", "largest acceptable odds of harm", low=1e-6, high=1e6
            ),
        ),
    ),
    "severity_weighted_harm": EstimatorSpec(
        group="safety",
        title="mean difference of severity weights",
        measures=("value",),
        intervals=("linearised",),
        pairs="either",
        parameters=(
            Parameter("grades", "numbers", "severities as they are recorded"),
            Parameter("weights", "numbers", "the weight of each grade"),
            Parameter("margin", "number", "largest acceptable excess of mean weight", low=0.0),
        ),
    ),
    "posterior_harm": EstimatorSpec(
        group="safety",
        title="posterior of a share of harm under a registered prior",
        measures=(*BINARY, *FLAGS),
        intervals=("credible",),
        pairs="either",
        parameters=(
            _HARM,
            Parameter(
                "of",
                "word",
                "which share: of all pairs, or the candidate's part of discordant harms",
                choices=("candidate_harm", "standard_of_care_harm", "discordant_harm"),
            ),
            Parameter("prior_a", "number", f"first {_PRIOR}", low=1e-6, high=1e9),
            Parameter("prior_b", "number", f"second {_PRIOR}", low=1e-6, high=1e9),
            _LIMIT,
        ),
    ),
}

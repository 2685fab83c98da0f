"""The words of agreement between arms and with a reference, and what each must fix."""

from typing import Final

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

WEIGHTS: Final = Parameter(
    "weights",
    "word",
    "credit for near misses between ordered levels; unweighted for categories without order",
    choices=("unweighted", "linear", "quadratic"),
)
COMPARISON: Final = Parameter(
    "comparison",
    "word",
    "whose agreement: the arms with each other, or each with the reference",
    choices=("between_arms", "against_reference"),
)
SCORES: Final = Parameter("scores", "numbers", "one score for each level, in the levels' order")

TESTS: Final[dict[str, HypothesisTestSpec]] = {
    "kappa_difference": HypothesisTestSpec(
        group="agreement",
        title="difference of the arms' kappas against the reference",
        measures=("category",),
        scale="difference",
        pairs="either",
        parameters=(WEIGHTS,),
    ),
    "mean_score_difference": HypothesisTestSpec(
        group="agreement",
        title="difference of mean scores over ordered categories",
        measures=("category",),
        scale="difference",
        pairs="either",
        parameters=(SCORES,),
    ),
}
ESTIMATORS: Final[dict[str, EstimatorSpec]] = {
    "kappa": EstimatorSpec(
        group="agreement",
        title="Cohen's kappa",
        measures=("category",),
        intervals=("wald",),
        pairs="either",
        parameters=(WEIGHTS, COMPARISON),
    ),
    "gwet_agreement": EstimatorSpec(
        group="agreement",
        title="Gwet's AC1, AC2 with weights",
        measures=("category",),
        intervals=("wald",),
        pairs="either",
        parameters=(WEIGHTS, COMPARISON),
    ),
    "marginal_homogeneity": EstimatorSpec(
        group="agreement",
        title="Bowker, Stuart-Maxwell and Bhapkar tests",
        measures=("category",),
        intervals=("none",),
        pairs="independent",
    ),
    "mean_scores": EstimatorSpec(
        group="agreement",
        title="mean scores and mean ranks over ordered categories",
        measures=("category",),
        intervals=("wald", "score"),
        pairs="independent",
        parameters=(SCORES,),
    ),
    "cochran_q": EstimatorSpec(
        group="agreement",
        title="Cochran's Q of the arms and a further model",
        measures=("accuracy",),
        intervals=("none",),
        pairs="independent",
        parameters=(
            Parameter(
                "further_model",
                "input",
                "the 0/1 flag of a further model on the pair",
                numeric=True,
            ),
        ),
    ),
}

"""Words for the quality of predicted probabilities."""

from typing import Final

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

PROBABILITY_MEASURES: Final = ("brier", "log_loss", "net_benefit")

TESTS: Final[dict[str, HypothesisTestSpec]] = {}

ESTIMATORS: Final[dict[str, EstimatorSpec]] = {
    "brier_score": EstimatorSpec(
        group="probabilities",
        title="Brier score of both arms and its paired difference",
        measures=PROBABILITY_MEASURES,
        intervals=("t",),
        pairs="either",
    ),
    "log_loss": EstimatorSpec(
        group="probabilities",
        title="log loss of both arms and its paired difference",
        measures=PROBABILITY_MEASURES,
        intervals=("t",),
        pairs="either",
        parameters=(
            Parameter(
                "clip",
                "number",
                "probabilities are kept this far from 0 and 1; 0 keeps them as they are",
                low=0.0,
                high=0.1,
            ),
        ),
    ),
    "calibration": EstimatorSpec(
        group="probabilities",
        title="calibration of both arms",
        measures=PROBABILITY_MEASURES,
        intervals=("wald",),
        pairs="either",
        parameters=(
            Parameter(
                "smoother",
                "word",
                "smoother of the calibration curve, part of the definition of ICI, E50 and E90",
                choices=("lowess", "loess"),
            ),
        ),
    ),
    "expected_calibration_error": EstimatorSpec(
        group="probabilities",
        title="binned calibration error of both arms",
        measures=PROBABILITY_MEASURES,
        intervals=("none",),
        pairs="either",
        parameters=(
            Parameter("bins", "integer", "number of bins", low=2, high=100),
            Parameter(
                "binning",
                "word",
                "bins of equal width, or of equally many pairs",
                choices=("equal_width", "equal_mass"),
            ),
        ),
    ),
    "net_benefit": EstimatorSpec(
        group="probabilities",
        title="net benefit of both arms at one threshold and its paired difference",
        measures=PROBABILITY_MEASURES,
        intervals=("t",),
        pairs="either",
        parameters=(
            Parameter(
                "threshold", "number", "probability at which one would act", low=0.001, high=0.999
            ),
        ),
    ),
    "decision_curve": EstimatorSpec(
        group="probabilities",
        title="net benefit of both arms over thresholds, beside treating all or none",
        measures=PROBABILITY_MEASURES,
        intervals=("t",),
        pairs="either",
        parameters=(
            Parameter(
                "thresholds",
                "numbers",
                "probabilities at which one would act",
                low=0.001,
                high=0.999,
            ),
        ),
    ),
    "reclassification": EstimatorSpec(
        group="probabilities",
        title="net reclassification and integrated discrimination improvement, descriptive",
        measures=PROBABILITY_MEASURES,
        intervals=("none",),
        pairs="either",
        parameters=(
            Parameter(
                "cutoffs",
                "numbers",
                "rising limits between risk categories; a probability at a limit is above it",
                low=0.001,
                high=0.999,
            ),
        ),
    ),
}

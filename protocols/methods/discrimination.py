"""Words for how well a ranking tells events from non-events."""

from typing import Final

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

STRATA: Final = Parameter(
    "strata",
    "word",
    "whether subjects with and without an event are drawn apart, so that each resample keeps "
    "the number of both",
    choices=("none", "outcome"),
)
READER: Final = Parameter("reader", "input", "the input that says who read the case")
READER_EFFECT: Final = Parameter(
    "reader_effect",
    "word",
    "whether the readers stand for all readers (random) or are the only ones meant (fixed)",
    choices=("random", "fixed"),
)
COVARIANCE: Final = Parameter(
    "covariance",
    "word",
    "how areas of the same cases vary together: from placement values, or by leaving cases out",
    choices=("delong", "jackknife"),
)
BY_READER: Final = (READER, READER_EFFECT, COVARIANCE)
RESAMPLED: Final = ("percentile", "bca", "normal")


def _resampled(title: str, measure: str) -> EstimatorSpec:
    return EstimatorSpec(
        group="discrimination",
        title=title,
        measures=(measure,),
        intervals=RESAMPLED,
        pairs="either",
        parameters=(STRATA,),
        draws=True,
    )


TESTS: Final[dict[str, HypothesisTestSpec]] = {
    "delong": HypothesisTestSpec(
        group="discrimination",
        title="DeLong test of two areas under the ROC curve, between subjects where they repeat",
        measures=("auc",),
        scale="difference",
        pairs="either",
    ),
    "delong_at_margin": HypothesisTestSpec(
        group="discrimination",
        title="two areas under the ROC curve, variance taken around the margin, for few events too",
        measures=("auc",),
        scale="difference",
        pairs="either",
    ),
    "bootstrap_rank_difference": HypothesisTestSpec(
        group="discrimination",
        title="difference of a ranking measure, standard error from resampling subjects",
        measures=(
            "auc",
            "pr_auc",
            "partial_auc",
            "sensitivity_at_specificity",
            "recall_at_alert_rate",
        ),
        scale="difference",
        pairs="either",
        parameters=(STRATA,),
        draws=True,
    ),
    "obuchowski_rockette": HypothesisTestSpec(
        group="discrimination",
        title="area averaged over readers who read every case with both arms",
        measures=("auc",),
        scale="difference",
        pairs="clustered",
        parameters=BY_READER,
    ),
}
ESTIMATORS: Final[dict[str, EstimatorSpec]] = {
    "area_under_curve": EstimatorSpec(
        group="discrimination",
        title="areas under the ROC curve",
        measures=("auc",),
        intervals=("wald", "jackknife"),
        pairs="either",
    ),
    "reader_averaged_area": EstimatorSpec(
        group="discrimination",
        title="areas under the ROC curve averaged over readers",
        measures=("auc",),
        intervals=("t",),
        pairs="clustered",
        parameters=BY_READER,
    ),
    "bootstrap_area": _resampled("areas under the ROC curve, resampled", "auc"),
    "precision_recall": _resampled("areas under the precision-recall curve", "pr_auc"),
    "partial_area": _resampled("areas under a part of the ROC curve", "partial_auc"),
    "sensitivity_at_specificity": _resampled(
        "sensitivity at a fixed specificity", "sensitivity_at_specificity"
    ),
    "recall_at_alert_rate": _resampled(
        "sensitivity at a fixed share of alerts", "recall_at_alert_rate"
    ),
}

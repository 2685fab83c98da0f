"""The protocol's words for discrimination, and what each of them runs."""

from collections.abc import Callable

from evaluation.inference.arrays import IntArray
from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable
from evaluation.inference.discrimination import (
    areas,
    at_margin,
    comparison,
    quantities,
    readers,
)
from evaluation.inference.discrimination.comparison import Drawing, RankComparison
from evaluation.inference.discrimination.curves import MEASURES, statistic_of
from evaluation.inference.discrimination.readers import Covariance, Crossed, Effect
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError


def _subjects_of(rows: Rows) -> IntArray | None:
    """The clusters where a subject comes back, else None."""
    return rows.cluster if rows.clustered and rows.n_clusters < rows.n else None


def _delong(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """With repeated subjects the variance is between subjects."""
    return areas.delong(
        rows.candidate,
        rows.standard_of_care,
        rows.outcome,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        cluster=_subjects_of(rows),
    )


def _delong_at_margin(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return at_margin.delong_at_margin(
        (rows.candidate, rows.standard_of_care),
        rows.outcome,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        cluster=_subjects_of(rows),
    )


def _compared(rows: Rows, asked: Asked, measure: str) -> RankComparison | NotEvaluable:
    seed, resamples = asked.drawing
    numbers = {name: asked.number(name) for name in MEASURES[measure]}
    return comparison.compared(
        (rows.candidate, rows.standard_of_care),
        rows.outcome,
        rows.cluster,
        statistic=statistic_of(measure, numbers),
        drawing=Drawing(
            seed=seed,
            resamples=resamples,
            by_outcome=asked.word("strata") == "outcome",
            accelerated=asked.interval == "bca",
        ),
    )


def _bootstrap_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    measure = asked.word("measure")
    if measure not in MEASURES:
        raise UsageError("MEASURE", f"{measure} is no measure of a ranking.")
    found = _compared(rows, asked, measure)
    if isinstance(found, NotEvaluable):
        return found
    return comparison.rank_test(
        found, margin=asked.margin, level=asked.level, direction=asked.direction
    )


def _crossed(rows: Rows, asked: Asked) -> Crossed | NotEvaluable:
    del asked
    arms = rows.candidate, rows.standard_of_care
    return readers.crossed(arms, rows.outcome, rows.column("reader"), rows.cluster)


def _covariance(asked: Asked) -> Covariance:
    return "jackknife" if asked.word("covariance") == "jackknife" else "delong"


def _effect(asked: Asked) -> Effect:
    return "fixed" if asked.word("reader_effect") == "fixed" else "random"


def _reader_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    table = _crossed(rows, asked)
    if isinstance(table, NotEvaluable):
        return table
    return readers.reader_test(
        table,
        covariance=_covariance(asked),
        readers=_effect(asked),
        margin=asked.margin,
        level=asked.level,
        direction=asked.direction,
    )


def _areas(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return quantities.area_findings(
        (rows.candidate, rows.standard_of_care),
        rows.outcome,
        _subjects_of(rows),
        level=asked.level,
        interval=asked.interval,
    )


def _reader_areas(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    table = _crossed(rows, asked)
    if isinstance(table, NotEvaluable):
        return table
    labels = rows.labels.get("reader", ())
    return quantities.reader_findings(
        table,
        labels or tuple(f"{value:g}" for value in sorted(set(rows.column("reader").tolist()))),
        covariance=_covariance(asked),
        readers=_effect(asked),
        level=asked.level,
    )


def _resampled(
    measure: str, method: Method, title: str
) -> Callable[[Rows, Asked], Findings | NotEvaluable]:
    def run(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
        found = _compared(rows, asked, measure)
        if isinstance(found, NotEvaluable):
            return found
        given = quantities.rank_quantities(
            found, measure, title, interval=asked.interval, level=asked.level
        )
        if measure == "partial_auc":
            low, high = (asked.number(name) for name in MEASURES[measure])
            given += quantities.standardised_areas(found, low=low, high=high)
        return Findings(method, given, found.n_pairs, found.subjects.n, found.warnings)

    return run


def _resampled_entry(measure: str, method: Method, title: str, limits: str, case: str) -> Estimator:
    return Estimator(
        method,
        _resampled(measure, method, title),
        limits,
        (case, "weighted curve equals the curve of repeated rows"),
    )


_MERGED = "Parts merge by their rows: ranks need them all."
TESTS: dict[str, HypothesisTest] = {
    "delong": HypothesisTest(
        areas.METHOD,
        _delong,
        "Close to an area of 1 the normal reference is too narrow. Refuses one class, fewer than "
        f"two events or non-events, constant or identical scores. {_MERGED}",
        ("delong_asah_wfns_vs_s100b", "placements by sorting equal the double loop"),
    ),
    "delong_at_margin": HypothesisTest(
        at_margin.METHOD,
        _delong_at_margin,
        "Conservative: with fewer than some ten events, or one subject who has most of the events, "
        f"it hardly ever rejects. Refuses what delong refuses. {_MERGED}",
        (
            "delong_asah_wfns_vs_s100b (its estimate)",
            "placements centred at the margin, one by one",
        ),
        inverted=True,
    ),
    "bootstrap_rank_difference": HypothesisTest(
        comparison.METHOD,
        _bootstrap_test,
        "Normal reference on a resampled standard error: too narrow with few subjects who have "
        "events. Thresholds are estimated anew in each resample. Refuses what delong refuses, and "
        f"a measure undefined on more than 5 % of resamples. {_MERGED}",
        ("auc_boot_asah_stratified", "weighted curve equals the curve of repeated rows"),
    ),
    "obuchowski_rockette": HypothesisTest(
        readers.METHOD,
        _reader_test,
        "Needs every reader to have read every case once, the case being the subject; refuses "
        "other designs and one random reader. With random readers the error has few degrees of "
        f"freedom. {_MERGED}",
        ("Franken 1992 readings, OR-DBM MRMC 2.51", "one fixed reader is DeLong"),
    ),
}
PRECISION = Method(
    "precision_recall",
    "Average precision of both arms (step sum over recall), with intervals from resampling "
    "subjects.",
    "Buckland & Gey 1994, J Am Soc Inf Sci 45:12; Efron 1987, J Am Stat Assoc 82:171",
)
PARTIAL = Method(
    "partial_area",
    "Area under the ROC curve over a range of specificity, also standardised, with intervals "
    "from resampling subjects.",
    "McClish 1989, Med Decis Making 9:190; Robin et al. 2011, BMC Bioinformatics 12:77",
)
SENSITIVITY = Method(
    "sensitivity_at_specificity",
    "Sensitivity where the empirical ROC curve reaches a specificity; the threshold is estimated "
    "anew in every resample of subjects.",
    "Robin et al. 2011, BMC Bioinformatics 12:77; Platt, Hanley & Yang 2000, Stat Med 19:313",
)
RECALL = Method(
    "recall_at_alert_rate",
    "Share of events among the encounters that rank highest, at a fixed share of alerts, with "
    "intervals from resampling subjects.",
    "Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13",
)
BOOTSTRAP_AREA = Method(
    "bootstrap_area",
    "Areas under the ROC curve and their difference, with intervals from resampling subjects.",
    "Robin et al. 2011, BMC Bioinformatics 12:77; Efron 1987, J Am Stat Assoc 82:171",
)
_FEW = (
    "Resampled intervals are too narrow with few subjects who have events. Refuses what delong "
    "refuses, and a measure undefined on more than 5 % of resamples."
)
ESTIMATORS: dict[str, Estimator] = {
    "area_under_curve": Estimator(
        quantities.AREAS,
        _areas,
        "An arm that separates perfectly has no interval; the jackknife needs both classes to "
        f"remain without any one subject. {_MERGED}",
        ("auc_single_asah_s100b, auc_cluster_jackknife", "areas by the double loop"),
    ),
    "reader_averaged_area": Estimator(
        quantities.READERS,
        _reader_areas,
        "As obuchowski_rockette. Single readers have normal intervals over cases.",
        ("Franken 1992 readings, OR-DBM MRMC 2.51", "one fixed reader is DeLong"),
    ),
    "bootstrap_area": _resampled_entry(
        "auc", BOOTSTRAP_AREA, "Area under the ROC curve", _FEW, "auc_boot_asah_stratified"
    ),
    "precision_recall": _resampled_entry(
        "pr_auc",
        PRECISION,
        "Average precision",
        f"Depends on how common the event is. {_FEW}",
        "point_metrics_n50",
    ),
    "partial_area": _resampled_entry(
        "partial_auc",
        PARTIAL,
        "Partial area under the ROC curve",
        f"Not standardised below the diagonal. {_FEW}",
        "pROC auc(partial.auc)",
    ),
    "sensitivity_at_specificity": _resampled_entry(
        "sensitivity_at_specificity",
        SENSITIVITY,
        "Sensitivity at the fixed specificity",
        f"For a threshold fixed beforehand take the measure sensitivity. {_FEW}",
        "pROC coords(input='specificity')",
    ),
    "recall_at_alert_rate": _resampled_entry(
        "recall_at_alert_rate",
        RECALL,
        "Recall at the fixed alert rate",
        f"Among tied scores the expectation when chance decides who is flagged. {_FEW}",
        "counted by hand",
    ),
}

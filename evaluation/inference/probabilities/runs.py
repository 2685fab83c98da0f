"""What each registered word on the quality of probabilities does with the rows of an analysis.

Arms' probabilities come from the rows' further columns. A pair in which an arm gave none is left
out, for both arms, and counted in a warning; the endpoint's own rule for failures stays with its
test. No word here tests a margin: the paired differences of Brier score, log loss and net benefit
are means and are tested by the words of the family `clusters`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, n_distinct
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.probabilities import calibration as calibrated
from evaluation.inference.probabilities import decisions, losses
from evaluation.inference.probabilities import logistic as recalibrated
from evaluation.inference.probabilities import reclassification as reclassified
from evaluation.inference.probabilities.calibration import Binning
from evaluation.inference.probabilities.predicted import Predicted
from evaluation.inference.probabilities.quantities import difference, mean, refused
from evaluation.inference.probabilities.smoothers import Smoother
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError
from protocols.vocabulary import Direction

FEW_SUBJECTS = 20
ARMS = (("candidate", "Candidate"), ("standard_of_care", "Standard of care"))


@dataclass(frozen=True, slots=True)
class Answered:
    """The pairs in which both arms gave a probability."""

    arms: tuple[FloatArray, FloatArray]
    outcome: FloatArray
    cluster: IntArray
    clustered: bool
    warnings: tuple[str, ...]

    def findings(self, method: Method, quantities: list[Quantity], *warnings: str) -> Findings:
        """The quantities as findings of the pairs that both arms answered."""
        return Findings(
            method,
            tuple(quantities),
            n_pairs=len(self.outcome),
            n_clusters=n_distinct(self.cluster),
            warnings=(*self.warnings, *warnings),
        )


def answered(rows: Rows) -> Answered | NotEvaluable:
    """Pairs with both probabilities; refuses none, and values outside [0, 1]."""
    arms = [rows.column(f"{arm}_probability") for arm, _ in ARMS]
    both = ~(np.isnan(arms[0]) | np.isnan(arms[1]))
    left_out = rows.n - int(np.count_nonzero(both))
    warning = f"{left_out} of {rows.n} pairs are left out: an arm gave no probability."
    kept = Answered(
        (arms[0][both], arms[1][both]),
        rows.outcome[both].astype(np.float64),
        rows.cluster[both],
        rows.clustered,
        (warning,) if left_out else (),
    )
    for arm in kept.arms:
        checked = Predicted.of(arm, kept.outcome)
        if isinstance(checked, NotEvaluable):
            return checked
    return kept


Losses = Callable[[FloatArray, FloatArray], FloatArray | NotEvaluable]


def _compared(
    data: Answered, each: Losses, asked: Asked, face: tuple[str, str, Direction]
) -> list[Quantity] | NotEvaluable:
    """Both arms' means with intervals and the paired difference with its."""
    name, title, direction = face
    values = []
    for arm in data.arms:
        found = each(arm, data.outcome)
        if isinstance(found, NotEvaluable):
            return found
        values.append(found)
    apart = losses.loss_difference(
        values[0], values[1], data.cluster, margin=0.0, level=asked.level, direction=direction
    )
    alone = [
        mean(f"{arm}_{name}", f"{who}: {title}", part, data.cluster, level=asked.level)
        for (arm, who), part in zip(ARMS, values, strict=True)
    ]
    gap = difference(f"{name}_difference", f"Difference: {title}", (values[0], values[1]), apart)
    return [*alone, gap]


def brier(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `brier_score` on rows: both means, their difference, scaled scores.

    Refuses as `answered`.
    """
    data = answered(rows)
    if isinstance(data, NotEvaluable):
        return data
    face = ("brier_score", "Brier score", Direction.LOWER_IS_BETTER)
    found = _compared(data, losses.brier_losses, asked, face)
    if isinstance(found, NotEvaluable):
        return found
    return data.findings(losses.BRIER, [*found, *_scaled(data, found)])


def _scaled(data: Answered, found: list[Quantity]) -> list[Quantity]:
    share = float(data.outcome.mean())
    return [
        Quantity(
            f"{arm}_scaled_brier",
            f"{who}: Brier score scaled to 1 (perfect) and 0 (the prevalence)",
            estimate=losses.scaled(part.estimate or 0.0, share),
            reason="Every outcome is alike." if share in (0.0, 1.0) else None,
        )
        for (arm, who), part in zip(ARMS, found, strict=False)
    ]


def log_loss(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `log_loss` on rows: both means and their difference.

    Refuses as `answered` and `log_losses`.
    """
    data, clip = answered(rows), asked.number("clip")
    if isinstance(data, NotEvaluable):
        return data

    def each(probability: FloatArray, outcome: FloatArray) -> FloatArray | NotEvaluable:
        return losses.log_losses(probability, outcome, clip=clip)

    found = _compared(data, each, asked, ("log_loss", "log loss", Direction.LOWER_IS_BETTER))
    if isinstance(found, NotEvaluable):
        return found
    return data.findings(losses.LOG_LOSS, found)


def net_benefit(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `net_benefit` on rows, at the registered threshold; refuses as `answered`."""
    data = answered(rows)
    if isinstance(data, NotEvaluable):
        return data
    found = _at_threshold(data, asked, asked.number("threshold"), "")
    if isinstance(found, NotEvaluable):
        return found
    return data.findings(decisions.NET_BENEFIT, found)


def decision_curve(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `decision_curve` on rows: net benefit at each registered threshold.

    Refuses as `net_benefit`.
    """
    data = answered(rows)
    if isinstance(data, NotEvaluable):
        return data
    quantities: list[Quantity] = []
    for threshold in asked.numbers("thresholds"):
        found = _at_threshold(data, asked, threshold, f"_at_{threshold:g}")
        if isinstance(found, NotEvaluable):
            return found
        quantities += found
    note = "Intervals hold at one threshold each, not for the whole curve."
    return data.findings(decisions.DECISION_CURVE, quantities, note)


def _at_threshold(
    data: Answered, asked: Asked, threshold: float, suffix: str
) -> list[Quantity] | NotEvaluable:
    """Both arms, their difference, and treating all or none, at one threshold."""

    def each(probability: FloatArray, outcome: FloatArray) -> FloatArray | NotEvaluable:
        return decisions.contributions(probability, outcome, threshold=threshold)

    title = f"net benefit at a threshold of {threshold:g}"
    face = (f"net_benefit{suffix}", title, Direction.HIGHER_IS_BETTER)
    found = _compared(data, each, asked, face)
    if isinstance(found, NotEvaluable):
        return found
    alone = found[2]
    found[2] = replace(alone, name=f"net_benefit_difference{suffix}")
    everyone = decisions.treat_all(data.outcome, threshold=threshold)
    return [
        *found,
        Quantity(f"treat_all_net_benefit{suffix}", f"Treating all: {title}", estimate=everyone),
        Quantity(f"treat_none_net_benefit{suffix}", f"Treating none: {title}", estimate=0.0),
    ]


def calibration(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `calibration` on rows: what `arm_calibration` gives for each arm.

    Refuses as `answered`; a part without an answer carries its reason.
    """
    data, smoother = answered(rows), _smoother(asked.word("smoother"))
    if isinstance(data, NotEvaluable):
        return data
    quantities: list[Quantity] = []
    for (arm, who), probability in zip(ARMS, data.arms, strict=True):
        cluster = data.cluster if data.clustered else None
        predicted = Predicted.of(probability, data.outcome, cluster)
        if isinstance(predicted, NotEvaluable):
            return predicted
        quantities += [
            replace(q, name=f"{arm}_{q.name}", title=f"{who}: {q.title}")
            for q in arm_calibration(predicted, smoother=smoother, level=asked.level)
        ]
    n_subjects = n_distinct(data.cluster)
    few = f"Standard errors between only {n_subjects} subjects are rough."
    warnings = (few,) if data.clustered and n_subjects < FEW_SUBJECTS else ()
    return data.findings(calibrated.METHOD, quantities, *warnings)


def arm_calibration(data: Predicted, *, smoother: Smoother, level: float) -> list[Quantity]:
    """Every quantity of one arm; what cannot be estimated carries its reason instead."""
    large = recalibrated.in_the_large(data, level=level)
    ratio = calibrated.observed_over_expected(data, level=level)
    spiegelhalter = calibrated.spiegelhalter(data)
    both = recalibrated.recalibration(data, level=level)
    slope, intercept, joint = (
        (both, both, both)
        if isinstance(both, NotEvaluable)
        else (both.slope, both.intercept, both.unreliability)
    )
    return [
        _or_reason(large, "citl", "calibration in the large (0 is right)"),
        _or_reason(slope, "slope", "calibration slope (1 is right)"),
        _or_reason(intercept, "joint_intercept", "intercept beside the slope (0 is right)"),
        _or_reason(ratio, "oe_ratio", "observed over expected events (1 is right)"),
        _or_reason(spiegelhalter, "spiegelhalter", "Spiegelhalter's test of calibration"),
        _or_reason(joint, "unreliability", "intercept 0 and slope 1 together"),
        *_smooth(data, smoother),
    ]


def _or_reason(found: Quantity | NotEvaluable, name: str, title: str) -> Quantity:
    return refused(name, title, found) if isinstance(found, NotEvaluable) else found


def _smooth(data: Predicted, smoother: Smoother) -> list[Quantity]:
    """ICI, E50, E90 and Emax, the smoother named in every title."""
    found = calibrated.distances(data, smoother=smoother)
    titles = {
        "ici": "mean distance from the curve (ICI)",
        "e50": "median distance from the curve (E50)",
        "e90": "90 % quantile of the distance from the curve (E90)",
        "emax": "largest distance from the curve (Emax)",
    }
    named = {name: f"{title}, {smoother}" for name, title in titles.items()}
    if isinstance(found, NotEvaluable):
        return [refused(name, title, found) for name, title in named.items()]
    values = (found.mean, found.median, found.ninetieth, found.largest)
    return [
        Quantity(name, title, estimate=value)
        for (name, title), value in zip(named.items(), values, strict=True)
    ]


def _smoother(word: str) -> Smoother:
    if word not in ("lowess", "loess"):
        raise UsageError("PARAMETER", f"There is no smoother {word}.")
    return cast("Smoother", word)


def binned(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `expected_calibration_error` on rows: both arms' mean and largest binned error.

    Refuses as `answered`; raises `UsageError` for another binning.
    """
    data, binning = answered(rows), asked.word("binning")
    if binning not in ("equal_width", "equal_mass"):
        raise UsageError("PARAMETER", f"There is no binning {binning}.")
    if isinstance(data, NotEvaluable):
        return data
    quantities: list[Quantity] = []
    for (arm, who), probability in zip(ARMS, data.arms, strict=True):
        predicted = Predicted.of(probability, data.outcome)
        if isinstance(predicted, NotEvaluable):
            return predicted
        bins = int(asked.number("bins"))
        found = calibrated.binned(predicted, bins=bins, binning=cast("Binning", binning))
        used = f"{who}: {{}} ({len(found.n)} of {bins} bins hold pairs)"
        quantities += [
            Quantity(f"{arm}_ece", used.format("expected calibration error"), found.expected),
            Quantity(f"{arm}_mce", used.format("largest calibration error"), found.largest),
        ]
    note = "Binned errors are biased upwards in small samples and depend on the bins."
    return data.findings(calibrated.BINNED, quantities, note)


def reclassification(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `reclassification` on rows: between categories, of any move, and integrated.

    Refuses as `answered` and one class.
    """
    data, cutoffs = answered(rows), asked.numbers("cutoffs")
    if isinstance(data, NotEvaluable):
        return data
    both = (*data.arms, data.outcome)
    moved = reclassified.categorical(*both, cutoffs)
    any_move = reclassified.continuous(*both)
    gained = reclassified.integrated_discrimination(*both)
    quantities: list[Quantity] = []
    for name, title, found in (
        ("nri_categorical", "Net reclassification between categories", moved),
        ("nri_continuous", "Net reclassification, any move", any_move),
        ("idi", "Integrated discrimination improvement", gained),
    ):
        if isinstance(found, NotEvaluable):
            return found
        quantities += [
            Quantity(name, title, estimate=found.total),
            Quantity(f"{name}_events", f"{title}: events", estimate=found.events),
            Quantity(f"{name}_non_events", f"{title}: non-events", estimate=found.non_events),
        ]
    note = "Descriptive only: these are no proper measures and support no claim."
    return data.findings(reclassified.METHOD, quantities, note)

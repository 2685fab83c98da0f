"""Areas, averaged areas and resampled measures as named quantities of a report."""

import math

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.discrimination.areas import few_subjects, refused
from evaluation.inference.discrimination.comparison import Compared, RankComparison
from evaluation.inference.discrimination.curves import standardised
from evaluation.inference.discrimination.placements import (
    Placements,
    Subjects,
    delong_variance,
    left_out_areas,
    placements,
    subject_variance,
)
from evaluation.inference.discrimination.readers import (
    Averaged,
    Covariance,
    Crossed,
    Effect,
    ReaderAreas,
    averaged_arm,
    averaged_difference,
    reader_areas,
)
from evaluation.inference.resampling import jackknife_error
from evaluation.inference.wald import two_sided
from protocols.errors import UsageError

AREAS = Method(
    "area_under_curve",
    "Areas under the ROC curve of both arms and their difference; variance from placement "
    "values, between subjects where they come back, or by leaving subjects out.",
    "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837; Obuchowski 1997, Biometrics 53:567; "
    "Tukey 1958, Ann Math Stat 29:614",
)
READERS = Method(
    "reader_averaged_area",
    "Areas under the ROC curve averaged over readers, with each reader's own.",
    "Obuchowski & Rockette 1995, Commun Stat Simul Comput 24:285; Hillis 2007, Stat Med 26:596",
)
ARMS = (("candidate", "candidate"), ("standard_of_care", "standard of care"))
PERFECT = "The variance is zero, so there is no interval."


def _tested(
    name: str, title: str, found: Averaged, *, level: float, tested: bool = False
) -> Quantity:
    """A number with its symmetric interval and, where asked, the two-sided test of 0."""
    low, high = found.interval(level=level)
    ratio = found.estimate / found.standard_error
    return Quantity(
        name=name,
        title=title,
        estimate=found.estimate,
        standard_error=found.standard_error,
        low=low if tested else max(0.0, low),
        high=high if tested else min(1.0, high),
        level=level,
        df=found.df,
        statistic=ratio if tested else None,
        p_value=two_sided(ratio, found.df) if tested else None,
    )


def area_findings(
    arms: tuple[FloatArray, FloatArray],
    outcome: BoolArray,
    cluster: IntArray | None,
    *,
    level: float,
    interval: str,
) -> Findings | NotEvaluable:
    """Both areas and candidate - standard of care, with `wald` or `jackknife` intervals.

    The Wald interval is normal without `cluster`, else Student's t with subjects less one, as is
    the jackknife's (each encounter a subject without `cluster`). Refuses as `delong`; an arm
    without variance has no interval. Raises `UsageError` for another interval.
    """
    if interval not in ("wald", "jackknife"):
        raise UsageError("INTERVAL", f"{interval} is no interval of an area.")
    subjects = None if cluster is None else Subjects.of(cluster, outcome)
    refusal = refused(arms, outcome, subjects)
    if refusal is not None:
        return refusal
    parts = [placements(scores, outcome) for scores in arms]
    errors = (
        _wald_errors(parts, outcome, subjects)
        if interval == "wald"
        else _jackknife_errors(arms, outcome, subjects)
    )
    df = float(subjects.n - 1) if subjects else None
    if interval == "jackknife" and subjects is None:
        df = float(len(outcome) - 1)
    areas = [part.area for part in parts]
    named = [(name, f"Area under the ROC curve, {arm}") for name, arm in ARMS]
    named.append(("difference", "Difference of areas, candidate - standard of care"))
    values = (*areas, parts[0].less(parts[1]).area)
    given = tuple(
        _area_quantity(title, value, error, df=df, level=level)
        for title, value, error in zip(named, values, errors, strict=True)
    )
    n_subjects = len(outcome) if subjects is None else subjects.n
    return Findings(AREAS, given, len(outcome), n_subjects, few_subjects(subjects))


def _area_quantity(
    named: tuple[str, str],
    value: float,
    error: float | NotEvaluable,
    *,
    df: float | None,
    level: float,
) -> Quantity:
    name, title = named
    if isinstance(error, NotEvaluable):
        return Quantity(name, title, estimate=value, reason=error.reason)
    if error <= 0:
        return Quantity(name, title, estimate=value, reason=PERFECT)
    found = Averaged(value, error, df)
    return _tested(name, title, found, level=level, tested=name == "difference")


def _wald_errors(
    parts: list[Placements], outcome: BoolArray, subjects: Subjects | None
) -> list[float | NotEvaluable]:
    every = (*parts, parts[0].less(parts[1]))
    variances = (
        delong_variance(part) if subjects is None else subject_variance(part, outcome, subjects)
        for part in every
    )
    return [math.sqrt(max(0.0, variance)) for variance in variances]


def _jackknife_errors(
    arms: tuple[FloatArray, FloatArray], outcome: BoolArray, subjects: Subjects | None
) -> list[float | NotEvaluable]:
    candidate, soc = jackknife_areas(arms, outcome, subjects)
    return [jackknife_error(values) for values in (candidate, soc, candidate - soc)]


def jackknife_areas(
    arms: tuple[FloatArray, FloatArray], outcome: BoolArray, subjects: Subjects | None
) -> tuple[FloatArray, FloatArray]:
    """Both arms' areas without each subject, or without each encounter."""
    units = subjects if subjects is not None else Subjects.alone(outcome)
    first, second = (left_out_areas(scores, outcome, units) for scores in arms)
    return first, second


def rank_quantities(
    found: RankComparison, measure: str, title: str, *, interval: str, level: float
) -> tuple[Quantity, ...]:
    """Both arms and the difference, each with its resampled interval."""
    named = [(f"{measure}_{name}", f"{title}, {arm}") for name, arm in ARMS]
    named.append((f"{measure}_difference", f"{title}, candidate - standard of care"))
    values = (found.candidate, found.standard_of_care, found.difference)
    return tuple(
        _resampled(label, value, interval=interval, level=level)
        for label, value in zip(named, values, strict=True)
    )


def _resampled(named: tuple[str, str], value: Compared, *, interval: str, level: float) -> Quantity:
    name, title = named
    error = value.replicates.standard_error
    if error == 0:
        reason = "The value is the same on every resample."
        return Quantity(name, title, estimate=value.estimate, reason=reason)
    limits = value.interval(interval, level=level)
    if isinstance(limits, NotEvaluable):
        return Quantity(name, title, value.estimate, error, reason=limits.reason)
    low, high = limits
    return Quantity(name, title, value.estimate, error, low=low, high=high, level=level)


def standardised_areas(found: RankComparison, *, low: float, high: float) -> tuple[Quantity, ...]:
    """Both arms' partial areas on the scale of a whole one, without interval."""
    given = []
    for (name, arm), value in zip(ARMS, (found.candidate, found.standard_of_care), strict=True):
        share = standardised(value.estimate, low=low, high=high)
        reason = None if share is not None else "The curve lies below the diagonal."
        title = f"Standardised partial area, {arm}"
        given.append(Quantity(f"partial_auc_standardised_{name}", title, share, reason=reason))
    return tuple(given)


def reader_findings(
    table: Crossed,
    labels: tuple[str, ...],
    *,
    covariance: Covariance,
    readers: Effect,
    level: float,
) -> Findings | NotEvaluable:
    """The averaged areas, their difference, and each reader's areas; `labels` names readers.

    Refuses a single random reader; a part without an answer carries its reason.
    """
    found = reader_areas(table, covariance=covariance)
    difference = averaged_difference(found, readers=readers)
    if isinstance(difference, NotEvaluable) and difference.code == "one_reader":
        return difference
    averaged = [averaged_arm(found, arm, readers=readers) for arm in (0, 1)]
    named = [(name, f"Area averaged over readers, {arm}") for name, arm in ARMS]
    named.append(("difference", "Difference of averaged areas, candidate - standard of care"))
    plain = [float(found.areas[arm].mean()) for arm in (0, 1)]
    plain.append(found.difference)
    given = [
        _averaged_quantity(label, value, estimate, level=level)
        for label, value, estimate in zip(named, (*averaged, difference), plain, strict=True)
    ]
    given.extend(_single_readers(found, labels))
    n_pairs = table.scores.shape[1] * table.scores.shape[2]
    return Findings(READERS, tuple(given), n_pairs, len(table.outcome))


def _averaged_quantity(
    named: tuple[str, str], found: Averaged | NotEvaluable, plain: float, *, level: float
) -> Quantity:
    name, title = named
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, estimate=plain, reason=found.reason)
    return _tested(name, title, found, level=level, tested=name == "difference")


def _single_readers(found: ReaderAreas, labels: tuple[str, ...]) -> list[Quantity]:
    return [
        Quantity(
            f"reader_{reader + 1}_{name}",
            f"Area of reader {label}, {arm}",
            estimate=float(found.areas[place, reader]),
        )
        for reader, label in enumerate(labels)
        for place, (name, arm) in enumerate(ARMS)
    ]

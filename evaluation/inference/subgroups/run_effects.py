"""Words about paired effects by level: interactions and heterogeneity."""

import math
from collections.abc import Sequence

from scipy import special

from evaluation.inference.base import Estimate, Findings, NotEvaluable, Quantity
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.orientation import critical_value
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups import heterogeneity
from evaluation.inference.subgroups.levels import Levels
from evaluation.inference.subgroups.multiplicity import METHODS, adjusted

FEW_SUBJECTS = 15
Answer = Estimate | NotEvaluable


def run_interaction(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Every shown level against the first one shown; refuses fewer than two shown levels."""
    levels = Levels.of(rows, asked)
    if isinstance(levels, NotEvaluable):
        return levels
    answers = _by_level(levels, asked)
    gaps = _gaps(levels, answers, asked)
    quantities = (*_level_quantities(levels, answers, asked), *gaps, *_adjusted(gaps))
    return Findings(
        heterogeneity.INTERACTION,
        quantities,
        rows.n,
        rows.n_clusters,
        (*levels.warnings, *_cautions(levels, answers)),
    )


def run_heterogeneity(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Wald's test between subjects, and Cochran's Q where no subject is in two levels.

    Refuses fewer than two levels that may be shown.
    """
    levels = Levels.of(rows, asked)
    if isinstance(levels, NotEvaluable):
        return levels
    answers = _by_level(levels, asked)
    quantities = (
        *_level_quantities(levels, answers, asked),
        _wald(levels),
        *_cochran(levels, answers),
    )
    return Findings(
        heterogeneity.ROBUST,
        quantities,
        rows.n,
        rows.n_clusters,
        (*levels.warnings, *_cautions(levels, answers)),
    )


def _by_level(levels: Levels, asked: Asked) -> list[Answer]:
    """The clustered difference of each shown level by itself."""
    rows = levels.rows
    return [
        clustered_difference(
            rows.candidate[levels.level == at],
            rows.standard_of_care[levels.level == at],
            rows.cluster[levels.level == at],
            margin=0.0,
            direction=asked.direction,
            level=asked.level,
        )
        for at in levels.shown
    ]


def _level_quantities(
    levels: Levels, answers: Sequence[Answer], asked: Asked
) -> tuple[Quantity, ...]:
    shown = []
    for at, answer in zip(levels.shown, answers, strict=True):
        name, title = f"level_{at}", f"Difference in {levels.titles[at]}"
        if isinstance(answer, NotEvaluable):
            shown.append(Quantity(name, title, reason=answer.reason))
            continue
        shown.append(
            Quantity(
                name,
                f"{title} ({answer.n_pairs} pairs of {answer.n_clusters} subjects)",
                answer.estimate,
                answer.standard_error,
                low=answer.low if math.isfinite(answer.low) else None,
                high=answer.high if math.isfinite(answer.high) else None,
                level=asked.level,
                df=answer.df,
            )
        )
    return (*shown, *levels.hidden_quantities())


def _cautions(levels: Levels, answers: Sequence[Answer]) -> tuple[str, ...]:
    few = [a for a in answers if isinstance(a, Estimate) and a.n_clusters < FEW_SUBJECTS]
    cautions = []
    if few:
        cautions.append(
            f"{len(few)} levels have fewer than {FEW_SUBJECTS} subjects; tests with a normal or "
            "chi-squared reference reject too often there."
        )
    if levels.share_subjects:
        cautions.append("Some subjects are in two levels; their covariance is taken into account.")
    return tuple(cautions)


def _gaps(levels: Levels, answers: Sequence[Answer], asked: Asked) -> list[Quantity]:
    first = levels.shown[0]
    found = []
    for place, at in enumerate(levels.shown[1:], start=1):
        name = f"interaction_{at}"
        title = f"{levels.titles[at]} less {levels.titles[first]}"
        answer = _contrast(levels, answers, place, asked.level)
        if isinstance(answer, NotEvaluable):
            found.append(Quantity(name, title, reason=answer.reason))
            continue
        finite = math.isfinite(answer.low)
        found.append(
            Quantity(
                name,
                title,
                answer.difference,
                answer.standard_error,
                answer.low if finite else None,
                answer.high if finite else None,
                asked.level,
                answer.statistic,
                None,
                answer.p_two_sided,
            )
        )
    return found


def _contrast(
    levels: Levels, answers: Sequence[Answer], place: int, level: float
) -> heterogeneity.Interaction | NotEvaluable:
    """The level at this place among those shown, less the first."""
    if levels.share_subjects:
        return _shared_contrast(levels, place, level)
    first, other = answers[0], answers[place]
    if isinstance(first, NotEvaluable):
        return first
    if isinstance(other, NotEvaluable):
        return other
    return heterogeneity.interaction(
        (other.estimate, other.standard_error), (first.estimate, first.standard_error), level=level
    )


def _shared_contrast(
    levels: Levels, place: int, level: float
) -> heterogeneity.Interaction | NotEvaluable:
    rows = levels.rows
    found = heterogeneity.group_means(
        rows.candidate - rows.standard_of_care, levels.level, rows.cluster
    )
    if isinstance(found, NotEvaluable):
        return found
    covariance = found.covariance
    variance = covariance[place, place] + covariance[0, 0] - 2 * covariance[place, 0]
    largest = max(float(covariance[place, place]), float(covariance[0, 0]))
    if not variance > 1e-12 * largest:
        return NotEvaluable("zero_variance", "The contrast of these levels does not vary.")
    difference = float(found.means[place] - found.means[0])
    error = math.sqrt(float(variance))
    half, z = critical_value(level) * error, difference / error
    return heterogeneity.Interaction(
        heterogeneity.ROBUST,
        difference,
        error,
        z,
        float(2 * special.ndtr(-abs(z))),
        difference - half,
        difference + half,
        level,
    )


def _adjusted(gaps: Sequence[Quantity]) -> list[Quantity]:
    """Holm's and Hochberg's p of the interactions that have one."""
    usable = [gap for gap in gaps if gap.p_value is not None]
    if len(usable) < 2:
        return []
    p_values = [gap.p_value for gap in usable if gap.p_value is not None]
    return [
        Quantity(
            f"{gap.name}_{method}",
            f"{gap.title}, adjusted for {len(usable)} comparisons ({method.title()})",
            p_value=p,
        )
        for method in METHODS
        for gap, p in zip(usable, adjusted(p_values, method), strict=True)
    ]


def _wald(levels: Levels) -> Quantity:
    title = "Chi-squared test of equal differences in all levels shown"
    rows = levels.rows
    found = heterogeneity.clustered_heterogeneity(
        rows.candidate - rows.standard_of_care, levels.level, rows.cluster
    )
    if isinstance(found, NotEvaluable):
        return Quantity("wald", title, reason=found.reason)
    return Quantity(
        "wald", title, statistic=found.chi_squared, df=float(found.df), p_value=found.p_value
    )


def _cochran(levels: Levels, answers: Sequence[Answer]) -> tuple[Quantity, ...]:
    titles = {
        "cochran_q": "Cochran's Q of the levels' differences",
        "i2": "Share of variation beyond chance (I squared)",
        "tau2": "Variance between levels (DerSimonian and Laird)",
        "fixed_effect": "Mean difference weighted by precision",
    }
    found = _pooling(levels, answers)
    if isinstance(found, NotEvaluable):
        return tuple(Quantity(name, title, reason=found.reason) for name, title in titles.items())
    return (
        Quantity(
            "cochran_q",
            titles["cochran_q"],
            statistic=found.q,
            df=float(found.df),
            p_value=found.p_value,
        ),
        Quantity("i2", titles["i2"], found.i2),
        Quantity("tau2", titles["tau2"], found.tau2),
        Quantity(
            "fixed_effect", titles["fixed_effect"], found.fixed_effect, found.fixed_effect_error
        ),
    )


def _pooling(levels: Levels, answers: Sequence[Answer]) -> heterogeneity.Pooling | NotEvaluable:
    if levels.share_subjects:
        return NotEvaluable("subjects_shared", "Subjects in two levels make these dependent.")
    usable: list[Estimate] = []
    for answer in answers:
        if isinstance(answer, NotEvaluable):
            return answer
        usable.append(answer)
    return heterogeneity.cochran_q(
        [answer.estimate for answer in usable],
        [answer.standard_error**2 for answer in usable],
    )

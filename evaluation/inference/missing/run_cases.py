"""Words about missing outcomes that need no model: extremes, tipping points, ascertainment."""

import numpy as np

from evaluation.inference.base import Estimate, Findings, NotEvaluable, Quantity
from evaluation.inference.missing import ascertainment, bounds, tipping
from evaluation.inference.missing.answers import bounded, findings, tested
from evaluation.inference.missing.areas import auc_bounds
from evaluation.inference.missing.cases import Extreme, Side, extreme_case
from evaluation.inference.missing.potential import COLUMNS, Potential
from evaluation.inference.rows import Asked, Rows

SIDES: tuple[Side, Side] = ("worst", "best")


def run_worst_and_best(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `worst_and_best_case` on rows: both extremes over the unascertained outcomes.

    `delong` is the interval of an area, the others are those of a mean of pairs. Refuses no pair,
    an interval of the other kind of measure, and a score interval of values that are not 0 or 1.
    """
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    is_area = _outcome_is_immaterial(rows)
    if (asked.interval == "delong") != is_area:
        reason = "The values of this measure depend on the outcome pair by pair, or not at all."
        return NotEvaluable("interval_unsuited", reason)
    quantities = _area_cases(rows, asked) if is_area else _pair_cases(rows, asked)
    if isinstance(quantities, NotEvaluable):
        return quantities
    unknown = float(np.count_nonzero(~rows.known))
    counted = Quantity("n_unascertained", "Pairs without an ascertained outcome", unknown)
    return findings(bounds.METHOD, (counted, *quantities), rows, *_independence(rows, asked))


def _outcome_is_immaterial(rows: Rows) -> bool:
    """A score that ranks is the same whatever happened, unlike any value of a mean of pairs."""
    none, event = (rows.column(name) for name in COLUMNS[2:])
    return bool((none == event).all())


def _independence(rows: Rows, asked: Asked) -> tuple[str, ...]:
    if asked.interval != "tango" or not rows.clustered or rows.n_clusters == rows.n:
        return ()
    return (
        f"{rows.n} pairs come from {rows.n_clusters} subjects; the score interval treats pairs as "
        "independent.",
    )


def _pair_cases(rows: Rows, asked: Asked) -> list[Quantity] | NotEvaluable:
    pairs = Potential.of(rows)
    counted = asked.interval == "tango"
    if counted and not pairs.is_binary:
        return NotEvaluable("not_binary", "A score interval needs answers that are right or wrong.")
    unresolved = float(np.count_nonzero(~pairs.known & (pairs.gain != 0)))
    title = "Unascertained pairs on which the arms differ"
    quantities = [Quantity("n_unresolved_discordant", title, unresolved)]
    for side in SIDES:
        found = extreme_case(
            pairs,
            side=side,
            margin=asked.margin,
            direction=asked.direction,
            level=asked.level,
            counted=counted,
        )
        quantities.append(_case(side, found, asked))
    return quantities


def _area_cases(rows: Rows, asked: Asked) -> list[Quantity] | NotEvaluable:
    """A candidate without an answer ranks worst, which is written as an infinite risk."""
    risk = rows.column("candidate_if_event")
    failed = ~np.isfinite(risk)
    found = auc_bounds(
        np.where(failed, 0.0, risk),
        rows.column("standard_of_care_if_event"),
        rows.outcome,
        rows.known,
        margin=asked.margin,
        level=asked.level,
        failed=failed,
        cluster=rows.cluster if rows.clustered else None,
    )
    if isinstance(found, NotEvaluable):
        return found
    answers = zip(SIDES, (found.worst, found.best), strict=True)
    return [_case(side, _as_extreme(answer), asked) for side, answer in answers]


def _as_extreme(answer: Estimate | NotEvaluable) -> Extreme | NotEvaluable:
    if isinstance(answer, NotEvaluable):
        return answer
    return Extreme(answer.estimate, answer.low, answer.high, answer.p_value)


def _case(side: Side, found: Extreme | NotEvaluable, asked: Asked) -> Quantity:
    where = "against the candidate" if side == "worst" else "in the candidate's favour"
    title = f"Difference with every unascertained outcome {where} (p one-sided at the margin)"
    if isinstance(found, NotEvaluable):
        return Quantity(side, title, reason=found.reason)
    return bounded(
        Quantity(side, title, found.estimate, p_value=found.p_value), found.low, found.high, asked
    )


def run_tipping(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `tipping_point` on rows: every cell of the grid, and the smallest tip.

    Refuses as `tipping_grid`.
    """
    found = tipping.tipping_grid(
        Potential.of(rows),
        shares=asked.numbers("shares"),
        asked=tipping.Margin(asked.margin, asked.direction, asked.level),
        clustered=asked.interval != "tango",
    )
    if isinstance(found, NotEvaluable):
        return found
    cells = tuple(
        tested(f"cell_{at}", _cell_title(cell, found.unresolved), cell.answer, asked)
        for at, cell in enumerate(found.cells)
    )
    n_lost = float(sum(not cell.holds for cell in found.cells))
    lost = Quantity("n_cells_tipped", f"Cells of {len(cells)} without the claim", n_lost)
    quantities = (*_smallest(found), lost, *cells)
    return findings(tipping.METHOD, quantities, rows, *_independence(rows, asked))


def _cell_title(cell: tipping.Cell, unresolved: tuple[int, int]) -> str:
    against = [f"{n} of {of}" for n, of in zip(cell.against, unresolved, strict=True)]
    verdict = "the claim holds" if cell.holds else "the claim is lost"
    return (
        f"Against the candidate: {against[0]} pairs whose event would favour it, {against[1]} whose"
        f" event would favour the standard of care; {verdict} (p one-sided at the margin)"
    )


def _smallest(found: tipping.TippingGrid) -> tuple[Quantity, Quantity, Quantity]:
    cell = found.smallest
    reason = None if cell else "The claim holds even with all of them against the candidate."
    total = float(sum(cell.against)) if cell else None
    parts = [float(n) for n in cell.against] if cell else [None, None]
    what = "in the smallest assignment that loses the claim"
    return (
        Quantity("smallest", f"Pairs against the candidate {what}", total, reason=reason),
        Quantity(
            "smallest_candidate",
            f"Of these, pairs whose event would favour the candidate, {what}",
            parts[0],
            reason=reason,
        ),
        Quantity(
            "smallest_standard_of_care",
            f"Of these, pairs whose event would favour the standard of care, {what}",
            parts[1],
            reason=reason,
        ),
    )


STATUS_TITLES = {
    "both": "both arms flag",
    "candidate_only": "only the candidate flags",
    "standard_of_care_only": "only the standard of care flags",
    "neither": "no arm flags",
}


def run_ascertainment(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `ascertainment` on rows: the share known by what the arms predicted.

    Refuses no pair; the test of equal shares carries its reason where it has no answer.
    """
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    # Elsewhere a missing answer is the wrong flag, which would tell the outcome here.
    flag = rows.candidate_flag & np.isfinite(rows.candidate_score)
    status = ascertainment.status_of(flag, rows.standard_of_care_flag)
    shares = ascertainment.known_shares(status, rows.known, rows.cluster, level=asked.level)
    quantities = [_share(share, asked) for share in shares]
    found = ascertainment.equal_shares(status, rows.known, rows.cluster, clustered=rows.clustered)
    title = "Chi-squared test that the share known is the same whatever the arms predicted"
    if isinstance(found, NotEvaluable):
        quantities.append(Quantity("equal_shares", title, reason=found.reason))
    else:
        quantities.append(
            Quantity(
                "equal_shares",
                title,
                statistic=found.chi_squared,
                df=float(found.df),
                p_value=found.p_value,
            )
        )
    return findings(ascertainment.METHOD, tuple(quantities), rows)


def _share(share: ascertainment.KnownShare, asked: Asked) -> Quantity:
    title = f"Share with a known outcome where {STATUS_TITLES[share.status]} ({share.n} pairs)"
    if share.share is None:
        return Quantity(share.status, title, reason="There is no such pair.")
    return Quantity(
        share.status, title, share.share, low=share.low, high=share.high, level=asked.level
    )

"""The word about odds ratios by level."""

import numpy as np

from evaluation.inference.arrays import BoolArray
from evaluation.inference.base import Findings, NotEvaluable, Quantity
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups import stratified
from evaluation.inference.subgroups.levels import Levels
from evaluation.inference.subgroups.stratified import equal_conditional_odds, stratified_odds

ARMS = {"candidate": "the candidate", "standard_of_care": "the standard of care"}


def run_stratified(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Flag against outcome for each arm, and the discordant pairs of both.

    Refuses fewer than two levels that may be shown.
    """
    levels = Levels.of(rows, asked)
    if isinstance(levels, NotEvaluable):
        return levels
    chosen = levels.rows
    flags = chosen.candidate_flag, chosen.standard_of_care_flag
    quantities = [
        quantity
        for (arm, title), flag in zip(ARMS.items(), flags, strict=True)
        for quantity in _odds(arm, title, levels, flag, asked)
    ]
    return Findings(
        stratified.METHOD,
        (*quantities, _discordant(levels), *levels.hidden_quantities()),
        rows.n,
        rows.n_clusters,
        levels.warnings,
    )


def _odds(
    arm: str,
    title: str,
    levels: Levels,
    flag: BoolArray,
    asked: Asked,
) -> tuple[Quantity, ...]:
    outcome = levels.rows.outcome
    found = stratified_odds(
        [
            [[int((here & f & o).sum()) for o in (outcome, ~outcome)] for f in (flag, ~flag)]
            for here in (levels.level == at for at in levels.shown)
        ],
        level=asked.level,
    )
    names = {
        "odds_ratio": f"Mantel-Haenszel odds ratio of flag and outcome for {title} (p of 1)",
        "breslow_day": f"Breslow-Day test of equal odds ratios for {title}",
        "tarone": f"Breslow-Day test of equal odds ratios for {title}, Tarone's correction",
    }
    if isinstance(found, NotEvaluable):
        reason = found.reason
        return tuple(Quantity(f"{arm}_{n}", text, reason=reason) for n, text in names.items())
    df = float(found.df)
    return (
        Quantity(
            f"{arm}_odds_ratio",
            names["odds_ratio"],
            found.pooled,
            None,
            found.low,
            found.high,
            asked.level,
            found.cmh,
            1.0,
            found.cmh_p,
        ),
        Quantity(
            f"{arm}_breslow_day",
            names["breslow_day"],
            statistic=found.breslow_day,
            df=df,
            p_value=found.breslow_day_p,
        ),
        Quantity(
            f"{arm}_tarone", names["tarone"], statistic=found.tarone, df=df, p_value=found.tarone_p
        ),
    )


def _discordant(levels: Levels) -> Quantity:
    title = "Chi-squared test that the candidate's share of discordant pairs is equal"
    sign = np.sign(levels.rows.candidate - levels.rows.standard_of_care)
    found = equal_conditional_odds(
        [
            (int((sign[levels.level == at] > 0).sum()), int((sign[levels.level == at] < 0).sum()))
            for at in levels.shown
        ]
    )
    if isinstance(found, NotEvaluable):
        return Quantity("discordant", title, reason=found.reason)
    return Quantity(
        "discordant", title, statistic=found.chi_squared, df=float(found.df), p_value=found.p_value
    )

"""Cases of paired proportions: from a case's inputs to the methods, and back to its keys."""

import math
from collections.abc import Mapping
from typing import Any

from scipy import special

from evaluation.inference.clusters import mcnemar as clustered_tests
from evaluation.inference.orientation import critical_value
from evaluation.inference.proportions import difference as paired
from evaluation.inference.proportions import intervals as paired_intervals
from evaluation.inference.proportions import mcnemar
from evaluation.inference.proportions import ratio as ratios
from evaluation.inference.proportions import single as proportions
from evaluation.inference.proportions.difference import PairedCounts
from protocols.vocabulary import Direction
from tests.reference.case_inputs import answered, limits, table, two_sided
from tests.reference.compare import Got, Inputs, NotBuilt

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def tango_ci(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    interval = paired.tango_interval(counts, level=inputs["conf_level"])
    return {"estimate": counts.difference, **limits("ci_", interval)}


def nam_test(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    direction = Direction(inputs["direction"])
    found = answered(
        paired.score_test(table(inputs), margin=inputs["margin"], direction=direction, level=0.95)
    )
    z = found.statistic if direction is HIGHER else -found.statistic
    return {"z": z, "p_one_sided": found.p_value}


def newcombe(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    interval = paired_intervals.newcombe_interval(counts, level=inputs["conf_level"])
    return {"estimate": counts.difference, **limits("ci_", interval)}


def wald_family(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, level = table(inputs), inputs["conf_level"]
    return {
        **limits("wald_", paired_intervals.wald_interval(counts, level=level)),
        **limits("agresti_min_", paired_intervals.agresti_min_interval(counts, level=level)),
        **limits("bonett_price_", paired_intervals.bonett_price_interval(counts, level=level)),
    }


def mcnemar_tests(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    exact = answered(mcnemar.mcnemar(counts, kind="exact"))
    midp = answered(mcnemar.mcnemar(counts, kind="midp"))
    plain = answered(mcnemar.mcnemar(counts, kind="plain"))
    corrected = answered(mcnemar.mcnemar(counts, kind="continuity"))
    assert plain.statistic is not None
    assert corrected.statistic is not None
    return {
        "p_exact": exact.p_two_sided,
        "p_midp": midp.p_two_sided,
        "chi2": plain.statistic**2,
        "p_asymptotic": plain.p_two_sided,
        "chi2_continuity": corrected.statistic**2,
        "p_continuity": corrected.p_two_sided,
        "or_ci_exact": answered(mcnemar.conditional_odds_interval(counts, level=0.95)),
        "or_ci_midp": answered(mcnemar.conditional_odds_interval(counts, level=0.95, midp=True)),
    }


def equivalence(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, margin = table(inputs), float(inputs["margin"])
    low = paired.score_statistic(counts, -margin)
    high = paired.score_statistic(counts, margin)
    p_low, p_high = float(special.ndtr(-low)), float(special.ndtr(high))
    return {
        "z_lower": low,
        "z_upper": high,
        "p_lower": p_low,
        "p_upper": p_high,
        "p_equivalence": max(p_low, p_high),
    }


def ratio_ci(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    interval = answered(ratios.ratio_interval(counts, level=inputs["conf_level"]))
    estimate = counts.n_candidate / counts.n_standard_of_care
    return {"estimate": estimate, **limits("ci_", interval)}


def ratio_test(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    z = ratios.ratio_statistic(table(inputs), inputs["ratio_margin"])
    return {"z": z, "p_one_sided": float(special.ndtr(-z))}


def ratio_family(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, level = table(inputs), inputs["conf_level"]
    return {
        **limits("wald_", ratios.wald_ratio_interval(counts, level=level)),
        **limits("bonett_price_", ratios.bonett_price_ratio_interval(counts, level=level)),
        **limits("mover_", ratios.mover_ratio_interval(counts, level=level)),
    }


def conditional_odds(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, level = table(inputs), inputs["conf_level"]
    odds = counts.n10 / counts.n01
    half = critical_value(level) * math.sqrt(1 / counts.n10 + 1 / counts.n01)
    share = proportions.wilson_interval(counts.n10, counts.n_discordant, level=level)
    return {
        "estimate": odds,
        **limits("exact_", answered(mcnemar.conditional_odds_interval(counts, level=level))),
        **limits(
            "midp_", answered(mcnemar.conditional_odds_interval(counts, level=level, midp=True))
        ),
        **limits("wilson_", (share[0] / (1 - share[0]), share[1] / (1 - share[1]))),
        **limits("wald_", (odds * math.exp(-half), odds * math.exp(half))),
    }


def clustered_mcnemar_values(inputs: Inputs) -> dict[str, float]:
    tables = [PairedCounts(**row) for row in inputs["clusters"]]
    whole = tables[0]
    for part in tables[1:]:
        whole += part
    z = paired.score_statistic(whole, 0.0)
    got = {"mcnemar_chi2": z * z, "mcnemar_p": two_sided(z)}
    for name in ("obuchowski", "durkalski", "yang"):
        found = answered(getattr(clustered_tests, name)(tables))
        got |= {f"{name}_chi2": found.chi_squared, f"{name}_p": found.p_two_sided}
    return got


def clustered_mcnemar(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Eliasziw's design effect has no code; cases that expect it count as not built."""
    if "eliasziw_chi2" in case["expected"]:
        raise NotBuilt
    return clustered_mcnemar_values(inputs)

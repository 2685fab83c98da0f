"""Cases of paired proportions: from a case's inputs to the methods, and back to its keys."""

import math
from collections.abc import Mapping
from typing import Any

from evaluation.inference.base import NotEvaluable
from evaluation.inference.clusters import mcnemar as clustered_tests
from evaluation.inference.orientation import null_effect, null_ratio, turned, upper_tail
from evaluation.inference.proportions import difference as paired
from evaluation.inference.proportions import equivalence as equivalence_tests
from evaluation.inference.proportions import exact, mcnemar, skewness
from evaluation.inference.proportions import intervals as paired_intervals
from evaluation.inference.proportions import ratio as ratios
from evaluation.inference.proportions.difference import PairedCounts
from protocols.vocabulary import Direction
from tests.reference.case_inputs import answered, limits, table, two_sided
from tests.reference.compare import Got, Inputs, Refused

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def tango_ci(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    interval = paired.tango_interval(counts, level=inputs["conf_level"])
    return {"estimate": counts.difference, **limits("ci_", interval)}


def nam_test(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Without discordant pairs the registered test refuses; the published statistic stands."""
    counts, margin, direction = table(inputs), inputs["margin"], Direction(inputs["direction"])
    found = paired.score_test(counts, margin=margin, direction=direction, level=0.95)
    if isinstance(found, NotEvaluable) and found.code == "no_discordant_pairs":
        return _published(paired.score_statistic(counts, null_effect(margin, direction)), direction)
    found = answered(found)
    z = found.statistic if direction is HIGHER else -found.statistic
    return {"z": z, "p_one_sided": found.p_value}


def _published(z: float, direction: Direction) -> Got:
    return {"z": z, "p_one_sided": upper_tail(turned(z, direction), None)}


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
        "or_ci_midp": answered(mcnemar.conditional_odds_interval(counts, level=0.95, kind="midp")),
    }


def equivalence(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(equivalence_tests.equivalence(table(inputs), margin=float(inputs["margin"])))
    return {
        "z_lower": found.z_lower,
        "z_upper": found.z_upper,
        "p_lower": found.p_lower,
        "p_upper": found.p_upper,
        "p_equivalence": found.p_value,
    }


def scas(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = skewness.corrected_interval(table(inputs), level=inputs["conf_level"])
    return limits("ci_", answered(found))


def exact_difference(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    if counts.n == 0:
        raise Refused("no_pairs")
    one = exact.exact_p(counts, 0.0), exact.exact_p(counts.swapped(), 0.0)
    interval = exact.exact_interval(counts, level=inputs["conf_level"])
    return {"p_value": min(1.0, 2 * min(one)), **limits("ci_", interval)}


def ratio_ci(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts = table(inputs)
    interval = answered(ratios.ratio_interval(counts, level=inputs["conf_level"]))
    bottom = counts.n_standard_of_care
    estimate = counts.n_candidate / bottom if bottom else math.inf
    return {"estimate": estimate, **limits("ci_", interval)}


def ratio_test(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """As `nam_test`; the published statistic also knows a standard of care without events."""
    counts, direction = table(inputs), Direction(inputs["direction"])
    margin = inputs["ratio_margin"]
    found = ratios.ratio_test(counts, margin=margin, direction=direction, level=0.95)
    if isinstance(found, NotEvaluable) and counts.n_candidate + counts.n_standard_of_care > 0:
        return _published(ratios.ratio_statistic(counts, null_ratio(margin, direction)), direction)
    found = answered(found)
    z = found.statistic if direction is HIGHER else -found.statistic
    return {"z": z, "p_one_sided": found.p_value}


def ratio_family(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, level = table(inputs), inputs["conf_level"]
    return {
        **limits("wald_", answered(ratios.wald_ratio_interval(counts, level=level))),
        **limits(
            "bonett_price_", answered(ratios.bonett_price_ratio_interval(counts, level=level))
        ),
        **limits("mover_", answered(ratios.mover_ratio_interval(counts, level=level))),
    }


def conditional_odds(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    counts, level = table(inputs), inputs["conf_level"]
    kinds: tuple[mcnemar.OddsInterval, ...] = ("exact", "midp", "wilson", "wald")
    found = {k: mcnemar.conditional_odds_interval(counts, level=level, kind=k) for k in kinds}
    answered(found["exact"])
    got = {"estimate": counts.n10 / counts.n01 if counts.n01 else math.inf}
    for kind, interval in found.items():
        got |= limits(f"{kind}_", answered(interval))
    return got


def clustered_mcnemar_values(inputs: Inputs) -> dict[str, float]:
    tables = [PairedCounts(**row) for row in inputs["clusters"]]
    whole = sum(tables, PairedCounts(0, 0, 0, 0))
    z = paired.score_statistic(whole, 0.0)
    got = {"mcnemar_chi2": z * z, "mcnemar_p": two_sided(z)}
    for name in ("obuchowski", "durkalski", "yang"):
        found = answered(getattr(clustered_tests, name)(tables))
        got |= {f"{name}_chi2": found.chi_squared, f"{name}_p": found.p_two_sided}
    return got


def clustered_mcnemar(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Eliasziw's form has no answer for some data on which the others have one."""
    got = clustered_mcnemar_values(inputs)
    found = clustered_tests.eliasziw([PairedCounts(**row) for row in inputs["clusters"]])
    if isinstance(found, NotEvaluable):
        return got
    return {**got, "eliasziw_chi2": found.chi_squared, "eliasziw_p": found.p_two_sided}

"""Cases of paired diagnostic accuracy: both tables of positive tests in, the anchors' keys out.

What a method refuses has no key; a case of which nothing is left is refused.
"""

from collections.abc import Mapping
from typing import Any, Literal

from evaluation.inference.base import NotEvaluable
from evaluation.inference.diagnostic.cells import (
    CANDIDATE,
    STANDARD_OF_CARE,
    Measure,
    PairedTests,
    value,
)
from evaluation.inference.diagnostic.effects import Effect, difference, relative
from evaluation.inference.diagnostic.scores import generalised_score, global_test, weighted_score
from evaluation.inference.orientation import critical_value
from evaluation.inference.proportions import difference as paired
from evaluation.inference.proportions import intervals, mcnemar
from evaluation.inference.proportions.difference import PairedCounts
from tests.reference.case_inputs import answered, limits, table
from tests.reference.compare import Adapter, Got, Inputs


def _tests(inputs: Inputs) -> PairedTests:
    return PairedTests.of_tables(table(inputs, "diseased"), table(inputs, "nondiseased"))


def sens_spec(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Pairs without the event count as right where the test is negative."""
    tests, level = _tests(inputs), float(inputs["conf_level"])
    shares = {"sens": tests.table(diseased=True), "spec": tests.table(diseased=False).complement()}
    got: dict[str, float] = {}
    for name, counts in shares.items():
        got |= {f"{name}_{key}": number for key, number in _share(counts, level).items()}
    return got


def _share(counts: PairedCounts, level: float) -> dict[str, float]:
    soc, candidate = answered(paired.arm_shares(counts, level=level))
    larger, smaller = max(counts.n10, counts.n01), min(counts.n10, counts.n01)
    got = {
        "soc": soc.share,
        "cand": candidate.share,
        "diff": counts.difference,
        "exact_p": min(1.0, 2 * mcnemar.sign_p(larger, smaller)),
        **limits("tango_", paired.tango_interval(counts, level=level)),
    }
    # This anchor centres every Wald interval at the plain estimate and does not cut it.
    for name, added in (("wald", 0.0), ("agresti_min", 0.5), ("bonett_price", 1.0)):
        half = critical_value(level) * intervals.wald_error(counts, added=added)
        got |= limits(f"{name}_", (counts.difference - half, counts.difference + half))
    plain = mcnemar.mcnemar(counts, kind="plain")
    if not isinstance(plain, NotEvaluable) and plain.statistic is not None:
        got |= {"mcnemar_chi2": plain.statistic**2, "mcnemar_p": plain.p_two_sided}
    return got


def _ratio(found: Effect, prefix: str, estimate: str, statistic: str | None) -> dict[str, float]:
    got = {
        estimate: found.estimate,
        f"{prefix}_se_log": found.standard_error,
        **limits(f"{prefix}_", (found.low, found.high)),
    }
    if found.statistic is not None and found.p_two_sided is not None:
        got[f"{prefix}_p"] = found.p_two_sided
        if statistic is not None:
            got[statistic] = found.statistic
    return got


def relative_sens_spec(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    tests, level = _tests(inputs), float(inputs["conf_level"])
    measures: dict[str, Measure] = {
        "rel_sens": "sensitivity",
        "rel_spec": "specificity",
        "rel_fpf": "false_positive_share",
    }
    got: dict[str, float] = {}
    refusals = []
    for name, measure in measures.items():
        found = relative(tests, measure, level=level)
        if isinstance(found, NotEvaluable):
            refusals.append(found)
        else:
            got |= _ratio(found, name, f"{name}_est", None)
    together = global_test(tests)
    if not isinstance(together, NotEvaluable):
        got |= {"global_mcnemar_chi2": together.statistic, "global_mcnemar_p": together.p_value}
    return _or_refused(got, refusals)


def predictive_values(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    tests, level = _tests(inputs), float(inputs["conf_level"])
    got: dict[str, float] = {}
    refusals: list[NotEvaluable] = []
    measures: tuple[Literal["ppv", "npv"], ...] = ("ppv", "npv")
    for measure in measures:
        gap = difference(tests, measure, level=level)
        if isinstance(gap, NotEvaluable):
            refusals.append(gap)
            continue
        got |= {
            f"wgs_{measure}_soc": gap.standard_of_care,
            f"wgs_{measure}_cand": gap.candidate,
            f"wgs_{measure}_diff": gap.estimate,
        }
        for name, test in (("wgs", weighted_score), ("gs", generalised_score)):
            score = test(tests, measure)
            if not isinstance(score, NotEvaluable):
                got[f"{name}_{measure}_chi2"] = score.statistic**2
                got[f"{name}_{measure}_p"] = score.p_two_sided
        ratio = relative(tests, measure, level=level)
        if not isinstance(ratio, NotEvaluable):
            got |= _ratio(ratio, f"r{measure}", f"r{measure}_est", f"r{measure}_z")
    return _or_refused(got, refusals)


def likelihood_ratios(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    tests, level = _tests(inputs), float(inputs["conf_level"])
    measures: dict[str, Measure] = {
        "pdlr": "positive_likelihood_ratio",
        "ndlr": "negative_likelihood_ratio",
    }
    got: dict[str, float] = {}
    refusals = []
    for name, measure in measures.items():
        for arm, flag in (("cand", CANDIDATE), ("soc", STANDARD_OF_CARE)):
            own = value(tests, measure, flag)
            if own is not None:
                got[f"{name}_{arm}"] = own
        found = relative(tests, measure, level=level)
        if isinstance(found, NotEvaluable):
            refusals.append(found)
        else:
            got |= _ratio(found, name, f"{name}_ratio", f"{name}_z")
    return _or_refused(got, refusals, enough=len(refusals) < len(measures))


def _or_refused(got: Got, refusals: list[NotEvaluable], *, enough: bool = True) -> Got:
    if not got or not enough:
        answered(refusals[0])
    return got


DIAGNOSTIC: dict[str, Adapter] = {
    "diagnostic.sens_spec_paired": sens_spec,
    "diagnostic.relative_sens_spec": relative_sens_spec,
    "diagnostic.predictive_values_paired": predictive_values,
    "diagnostic.likelihood_ratios_paired": likelihood_ratios,
}

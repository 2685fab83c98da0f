"""Paired diagnostic accuracy: the protocol's words and the functions they mean."""

from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.diagnostic import effects, findings, scores
from evaluation.inference.diagnostic.cells import Measure, PairedTests
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError


def _of_flags(rows: Rows) -> PairedTests:
    cluster = rows.cluster if rows.clustered else None
    return PairedTests.of(rows.candidate_flag, rows.standard_of_care_flag, rows.outcome, cluster)


def _of_values(rows: Rows) -> PairedTests:
    """A share of the pairs that were passed: every pair counts as one with the event."""
    everyone: BoolArray = np.ones(rows.n, dtype=np.bool_)
    cluster = rows.cluster if rows.clustered else None
    return PairedTests.of(rows.candidate > 0.5, rows.standard_of_care > 0.5, everyone, cluster)


def _predictive(asked: Asked) -> Literal["ppv", "npv"]:
    """The endpoint's measure, which the registry gives beside the protocol's parameters."""
    match asked.word("measure"):
        case "ppv":
            return "ppv"
        case "npv":
            return "npv"
        case word:
            raise UsageError("MEASURE", f"{word} is no predictive value.")


def _likelihood(asked: Asked) -> Measure:
    match asked.word("measure"):
        case "positive_likelihood_ratio":
            return "positive_likelihood_ratio"
        case "negative_likelihood_ratio":
            return "negative_likelihood_ratio"
        case word:
            raise UsageError("MEASURE", f"{word} is no likelihood ratio.")


def _ratio_test(tests: PairedTests, measure: Measure, asked: Asked) -> Estimate | NotEvaluable:
    return effects.relative_test(
        tests, measure, margin=asked.margin, direction=asked.direction, level=asked.level
    )


def _relative_share(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return _ratio_test(_of_values(rows), "sensitivity", asked)


def _relative_predictive_value(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return _ratio_test(_of_flags(rows), _predictive(asked), asked)


def _likelihood_ratio_regression(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return _ratio_test(_of_flags(rows), _likelihood(asked), asked)


def _predictive_value_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return effects.difference_test(
        _of_flags(rows),
        _predictive(asked),
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


TESTS: dict[str, HypothesisTest] = {
    "relative_share": HypothesisTest(
        effects.RELATIVE_SHARE,
        _relative_share,
        "Asymptotic: few discordant pairs, or few subjects who have one, leave a warning. Refuses "
        "a share of zero and arms that never differ.",
        ("rel_sesp_Paired1", "slope in each subject's weight, by numerical derivatives"),
    ),
    "relative_predictive_value": HypothesisTest(
        effects.RELATIVE_PREDICTIVE_VALUE,
        _relative_predictive_value,
        "Predictive values depend on how frequent the event is; asymptotic. Refuses an arm without "
        "flags (or without right ones) and effects without spread.",
        ("pv_Paired1", "slope in each subject's weight, by numerical derivatives"),
    ),
    "likelihood_ratio_regression": HypothesisTest(
        effects.LIKELIHOOD_RATIO_REGRESSION,
        _likelihood_ratio_regression,
        "No covariates: the saturated form. Refuses an arm without false (or without true) "
        "answers of the kind in question, where a likelihood ratio is zero or infinite.",
        ("dlr_Paired1", "slope in each subject's weight, by numerical derivatives"),
    ),
    "predictive_value_difference": HypothesisTest(
        effects.PREDICTIVE_VALUE_DIFFERENCE,
        _predictive_value_difference,
        "A Wald form: near 0 or 1 its interval is too short and may leave [-1, 1]. Refuses an arm "
        "that never gives the answer in question, and effects without spread.",
        (
            "pv_Paired1 (point estimates)",
            "slope in each subject's weight, by numerical derivatives",
        ),
    ),
}


def _sensitivity_and_specificity(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    match asked.interval:
        case "tango" | "linearised" as interval:
            margins = asked.number("sensitivity_margin"), asked.number("specificity_margin")
            return findings.sensitivity_and_specificity(
                rows, margins=margins, interval=interval, level=asked.level
            )
        case word:
            raise UsageError("INTERVAL", f"{word} is no interval of this estimator.")


def _predictive_values(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return findings.predictive_values(_of_flags(rows), level=asked.level)


def _likelihood_ratios(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return findings.likelihood_ratios(_of_flags(rows), level=asked.level)


def _relative_accuracy(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return findings.relative_accuracy(_of_flags(rows), level=asked.level)


def _global_accuracy(rows: Rows, _: Asked) -> Findings | NotEvaluable:
    return findings.global_accuracy(_of_flags(rows))


ESTIMATORS: dict[str, Estimator] = {
    "sensitivity_and_specificity": Estimator(
        findings.BOTH_SHARES,
        _sensitivity_and_specificity,
        "Both shares must pass, so that neither needs a stricter level; the tango interval treats "
        "pairs as independent. A share without discordant pairs is not tested.",
        ("sesp_Paired1", "the larger p of the two single tests"),
    ),
    "predictive_values": Estimator(
        findings.PREDICTIVE_VALUES,
        _predictive_values,
        "Several tests of one question: which of them counts must be said in the protocol. With "
        "repeated subjects the weighted score coincides with the generalised one.",
        ("pv_Paired1", "generalised score by a double loop"),
    ),
    "likelihood_ratios": Estimator(
        findings.LIKELIHOOD,
        _likelihood_ratios,
        "The saturated form without covariates; no ratio where an arm's likelihood ratio is zero "
        "or infinite.",
        ("dlr_Paired1", "sum of the variances of two relative shares"),
    ),
    "global_accuracy_test": Estimator(
        scores.GLOBAL,
        _global_accuracy,
        "A test of equality in either direction, never of non-inferiority. Refuses a class without "
        "discordant pairs.",
        ("rel_sesp_Paired1", "sum of two McNemar statistics"),
    ),
    "relative_accuracy": Estimator(
        findings.RELATIVE_ACCURACY,
        _relative_accuracy,
        "No ratio where an arm's share is zero; without discordant pairs an estimate and no test.",
        ("rel_sesp_Paired1", "swapped arms give the inverse ratios"),
    ),
}

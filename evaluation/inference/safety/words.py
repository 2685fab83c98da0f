"""Safety: the protocol's words and the functions they mean."""

from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Findings, NotEvaluable
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.safety import findings
from evaluation.inference.safety.bounds import NET_HARM_METHOD
from evaluation.inference.safety.findings import Harms, Of, Side
from evaluation.inference.safety.posterior import METHOD as POSTERIOR
from protocols.errors import UsageError

Harm = Literal["endpoint", "missed_event", "false_alarm"]
# Measures whose columns hold flags, not right and wrong, or counts of harm.
OF_FLAGS = ("ppv", "npv", "positive_likelihood_ratio", "negative_likelihood_ratio")
COUNTED = ("value",)


def harms_of(rows: Rows, harm: Harm, measure: str) -> Harms | NotEvaluable:
    """The harms of each pair in each arm.

    `endpoint` is what the endpoint calls wrong: a 0 of a binary measure, a wrong flag where it
    looks at flags, the number itself where it is a number recorded for each arm. Refuses missed
    events without an event, and false alarms without a pair that is free of it.
    """
    possible = {"missed_event": rows.outcome, "false_alarm": ~rows.outcome}
    if harm in possible and rows.n and not possible[harm].any():
        return NotEvaluable("one_class", "No pair could have been harmed in this way.")
    arms = (
        (rows.candidate_flag, rows.candidate),
        (rows.standard_of_care_flag, rows.standard_of_care),
    )
    candidate, standard = (_harmed(rows.outcome, *arm, harm, measure) for arm in arms)
    return Harms(candidate, standard, rows.cluster if rows.clustered else None)


def _harmed(
    outcome: BoolArray, flag: BoolArray, value: FloatArray, harm: Harm, measure: str
) -> FloatArray:
    match harm:
        case "missed_event":
            return (outcome & ~flag).astype(np.float64)
        case "false_alarm":
            return (~outcome & flag).astype(np.float64)
        case "endpoint":
            if measure in OF_FLAGS:
                return np.asarray(outcome != flag, dtype=np.float64)
            return value if measure in COUNTED else 1 - value


def _asked_harms(rows: Rows, asked: Asked) -> Harms | NotEvaluable:
    match asked.word("harm"):
        case "missed_event" | "false_alarm" | "endpoint" as word:
            return harms_of(rows, word, asked.word("measure"))
        case word:
            raise UsageError("PARAMETER", f"{word} is no harm that this analysis knows.")


def _side(asked: Asked) -> Side:
    match asked.interval:
        case "upper" | "lower" | "two_sided" as side:
            return side
        case word:
            raise UsageError("INTERVAL", f"{word} is no interval of this estimator.")


def _exact_share_bound(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    harms = _asked_harms(rows, asked)
    if isinstance(harms, NotEvaluable):
        return harms
    return findings.share_findings(
        harms,
        side=_side(asked),
        level=asked.level,
        limit=asked.number("limit"),
    )


def _exact_rate_bound(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    harms = _asked_harms(rows, asked)
    if isinstance(harms, NotEvaluable):
        return harms
    return findings.rate_findings(
        harms,
        rows.column("exposure"),
        side=_side(asked),
        level=asked.level,
        limit=asked.number("limit"),
    )


def _net_discordant_harm(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    harms = _asked_harms(rows, asked)
    if isinstance(harms, NotEvaluable):
        return harms
    margin = asked.number("odds_margin")
    return findings.net_harm_findings(harms, level=asked.level, odds_margin=margin)


def _severity_weighted_harm(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    grades, weights = asked.numbers("grades"), asked.numbers("weights")
    candidate = findings.weighted(rows.candidate, grades, weights)
    standard = findings.weighted(rows.standard_of_care, grades, weights)
    if isinstance(candidate, NotEvaluable):
        return candidate
    if isinstance(standard, NotEvaluable):
        return standard
    return findings.severity_findings(
        candidate, standard, rows.cluster, margin=asked.number("margin"), level=asked.level
    )


def _of(asked: Asked) -> Of:
    match asked.word("of"):
        case "candidate_harm" | "standard_of_care_harm" | "discordant_harm" as word:
            return word
        case word:
            raise UsageError("PARAMETER", f"There is no posterior of {word}.")


def _posterior_harm(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    harms = _asked_harms(rows, asked)
    if isinstance(harms, NotEvaluable):
        return harms
    return findings.posterior_findings(
        harms,
        of=_of(asked),
        prior=(asked.number("prior_a"), asked.number("prior_b")),
        limit=asked.number("limit"),
        level=asked.level,
    )


TESTS: dict[str, HypothesisTest] = {}
ESTIMATORS: dict[str, Estimator] = {
    "exact_share_bound": Estimator(
        findings.SHARE,
        _exact_share_bound,
        "Exact for independent pairs. Where subjects come back the bounds are approximate, and "
        "wide with few events: without any, each subject counts about once.",
        ("safety_binom_upper_0_100", "error rates between subjects, simulated"),
    ),
    "exact_rate_bound": Estimator(
        findings.RATE,
        _exact_rate_bound,
        "Exact if events are Poisson and pairs independent; one exposure serves both arms. Refuses "
        "exposures that are missing or not positive.",
        ("safety_poisson_upper_12_95.4", "chi-squared quantiles"),
    ),
    "net_discordant_harm": Estimator(
        NET_HARM_METHOD,
        _net_discordant_harm,
        "Concordant harms do not enter. Where subjects come back each counts once, by the sign of "
        "its net harm. Without discordant harm p is 1: no evidence either way.",
        ("net_harm_9_4", "binomial tail by direct summation"),
    ),
    "severity_weighted_harm": Estimator(
        findings.SEVERITY,
        _severity_weighted_harm,
        "Weights are a judgement, fixed beforehand. Refuses a severity without weight, one subject "
        "and differences that do not vary.",
        ("severity_weighted_harm", "all weights times a factor"),
    ),
    "posterior_harm": Estimator(
        POSTERIOR,
        _posterior_harm,
        "The prior is part of the answer and is fixed in the protocol. Where subjects come back, "
        "counts enter at their effective number.",
        ("beta_binomial_informative", "posterior by quadrature"),
    ),
}

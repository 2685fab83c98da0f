"""What one pair tells of an effect: the variance formula of each measure, and what it asks for.

A formula turns a true effect on the hypothesis' scale into the distance from the edge of the null
and the variances under both (`size.plan.Normal`); some tests have an exact power beside. What it
needs beside the effect is registered as `nuisance`; nothing is taken for granted.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from evaluation.design.size.areas import Scores, area_normal
from evaluation.design.size.counts import PairedRates
from evaluation.design.size.enumerated import LARGEST, enumerated_deviate
from evaluation.design.size.means import mean_normal, t_deviate
from evaluation.design.size.plan import Normal, Plan, Target
from evaluation.design.size.proportions import (
    PairedShares,
    ratio_normal,
    score_normal,
    wald_normal,
)
from evaluation.inference.base import Scale
from evaluation.inference.orientation import sign_of
from protocols.errors import UsageError
from protocols.methods.measures import MEASURES, Measure
from protocols.vocabulary import Direction

Nuisance = Mapping[str, float]
Deviate = Callable[[float, Plan], float]
"""From independent pairs to the standard normal quantile of the power of one look."""

SCORE_TESTS = ("tango_score", "scas_score", "clustered_score")
EXACT_TEST = "exact_difference"
T_TEST = "paired_t"
RATES = ("count_ratio", "poisson_rate_ratio", "negative_binomial_rate_ratio")
COUNTED = {"sensitivity": "events", "specificity": "non-events"}
EDGE = 1e-6  # share of the planned distance at which variances on the edge of the null are taken


@dataclass(frozen=True, slots=True)
class Question:
    """What is tested: `null` is the effect on the edge of the null, on `scale`."""

    measure: Measure
    test: str
    scale: Scale
    null: float
    direction: Direction


@dataclass(frozen=True, slots=True)
class Formula:
    """`names` are the nuisance values it asks for; `normal` takes a true effect and their values.

    `steepness` is how much distance one unit of effect is worth; None where the effect is a ratio
    and the distance that of its logarithm. `deviate` is there where the test's own distribution
    gives the power of one look, otherwise it is normal. `counted` is the share of pairs that count.
    """

    title: str
    names: tuple[str, ...]
    normal: Callable[[Question, float, Nuisance], Normal]
    steepness: Callable[[Nuisance], float] | None
    deviate: Callable[[Question, float, Nuisance], Deviate] | None = None
    whole: bool = False  # power rises by whole counting pairs, with teeth
    counted: Callable[[Nuisance], float] = lambda _: 1.0


def formula_of(question: Question, nuisance: Nuisance) -> Formula:
    """The formula for a measure, a scale and a test.

    `nuisance` says which wording is meant where there are two. Measures without a formula of their
    own are planned from the standard deviation of what one pair adds to the estimate (on the log
    scale for a ratio), as a pilot gives it.
    """
    kind = MEASURES[question.measure].kind
    if question.test in RATES:
        return _RATES
    if kind == "binary" and question.scale == "ratio":
        return _counting(_SHARE_RATIO, question)
    if kind == "binary" and question.test == EXACT_TEST:
        return _counting(_EXACT, question)
    if kind == "binary":
        return _counting(_SCORE if question.test in SCORE_TESTS else _WALD, question)
    if question.measure == "auc" and "standard_deviation" not in nuisance:
        return _AREAS if "correlation" in nuisance else _AREAS_BY_CLASS
    if question.scale == "ratio":
        return _LOG_PILOT
    return _T_PILOT if question.test == T_TEST else _PILOT


def distance_of(question: Question, formula: Formula, effect: float, nuisance: Nuisance) -> float:
    """How far `effect` lies from the edge of the null, positive on the good side."""
    sign = sign_of(question.direction)
    if formula.steepness is None:
        return sign * _log_ratio(question, effect)
    return sign * formula.steepness(nuisance) * (effect - question.null)


def effect_of(question: Question, formula: Formula, distance: float, nuisance: Nuisance) -> float:
    """The effect at this distance from the edge of the null."""
    sign = sign_of(question.direction)
    if formula.steepness is None:
        return question.null * math.exp(sign * distance)
    return question.null + sign * distance / formula.steepness(nuisance)


def _target(question: Question, effect: float) -> Target:
    return Target(question.null, effect, question.direction)


def _log_ratio(question: Question, effect: float) -> float:
    if not effect > 0:
        raise UsageError("EFFECT_RANGE", f"A ratio is positive, not {effect}.")
    return math.log(effect / question.null)


def _one(_: Nuisance) -> float:
    return 1.0


def _share_ratio(question: Question, effect: float, nuisance: Nuisance) -> Normal:
    share = nuisance["share_standard_of_care"]
    both = (effect * share + share - nuisance["discordance"]) / 2
    shares = PairedShares(effect * share, share, both)
    return ratio_normal(question.null, shares, question.direction)


def _areas(question: Question, effect: float, nuisance: Nuisance) -> Normal:
    events = nuisance.get("correlation_events", nuisance.get("correlation", 0.0))
    nonevents = nuisance.get("correlation_nonevents", nuisance.get("correlation", 0.0))
    area, prevalence = nuisance["auc_standard_of_care"], nuisance["prevalence"]
    scores = Scores(area, prevalence, events, nonevents)
    return area_normal(_target(question, effect), scores, variance="rank")


def _rates(question: Question, effect: float, nuisance: Nuisance) -> Normal:
    names = ("rate_standard_of_care", "exposure", "dispersion", "correlation")
    rates = PairedRates(*(nuisance[name] for name in names))
    distance = sign_of(question.direction) * _log_ratio(question, effect)
    return Normal(distance, rates.log_variance(question.null), rates.log_variance(effect))


def _log_pilot(question: Question, effect: float, nuisance: Nuisance) -> Normal:
    distance = sign_of(question.direction) * _log_ratio(question, effect)
    variance = nuisance["standard_deviation"] ** 2
    return Normal(distance, variance, variance)


def _counting(formula: Formula, question: Question) -> Formula:
    """The same where only events (or non-events) count: a pair then counts with their share."""
    counted = COUNTED.get(question.measure)
    if counted is None:
        return formula

    def share(nuisance: Nuisance) -> float:
        return nuisance["prevalence"] if counted == "events" else 1 - nuisance["prevalence"]

    def among(asked: Question, effect: float, nuisance: Nuisance) -> Normal:
        return formula.normal(asked, effect, nuisance).among(share(nuisance))

    def deviate(asked: Question, effect: float, nuisance: Nuisance) -> Deviate:
        assert formula.deviate is not None  # noqa: S101 - asked for below only where it is there
        alone = formula.deviate(asked, effect, nuisance)
        return lambda pairs, plan: alone(pairs * share(nuisance), plan)

    return replace(
        formula,
        title=f"{formula.title}, among {counted}",
        names=(*formula.names, "prevalence"),
        normal=among,
        deviate=None if formula.deviate is None else deviate,
        counted=share,
    )


def _enumerated(question: Question, effect: float, nuisance: Nuisance) -> Deviate:
    target = _target(question, effect)
    return lambda pairs, plan: enumerated_deviate(target, nuisance["discordance"], pairs, plan)


def _by_t(question: Question, effect: float, nuisance: Nuisance) -> Deviate:
    target = _target(question, effect)
    return lambda pairs, plan: t_deviate(target, nuisance["standard_deviation"], pairs, plan)


_SCORE = Formula(
    "paired proportions, score test",
    ("discordance",),
    lambda q, effect, n: score_normal(_target(q, effect), n["discordance"]),
    _one,
)
_EXACT = replace(
    _SCORE,
    title=f"paired proportions, exact test, every table counted up to {LARGEST:,} counting pairs",
    deviate=_enumerated,
    whole=True,
)
_WALD = Formula(
    "paired proportions, Wald",
    ("discordance",),
    lambda q, effect, n: wald_normal(_target(q, effect), n["discordance"]),
    _one,
)
_SHARE_RATIO = Formula(
    "paired ratio of proportions, score test",
    ("share_standard_of_care", "discordance"),
    _share_ratio,
    lambda n: n["share_standard_of_care"],
)
_AREAS = Formula(
    "paired areas under the ROC curve, binormal scores",
    ("auc_standard_of_care", "prevalence", "correlation"),
    _areas,
    _one,
)
_AREAS_BY_CLASS = Formula(
    _AREAS.title,
    ("auc_standard_of_care", "prevalence", "correlation_events", "correlation_nonevents"),
    _areas,
    _one,
)
_RATES = Formula(
    "paired rate ratio",
    ("rate_standard_of_care", "exposure", "dispersion", "correlation"),
    _rates,
    None,
)
_PILOT = Formula(
    "paired mean, normal",
    ("standard_deviation",),
    lambda q, effect, n: mean_normal(_target(q, effect), n["standard_deviation"]),
    _one,
)
_T_PILOT = replace(_PILOT, title="paired mean, noncentral t", deviate=_by_t)
_LOG_PILOT = Formula("ratio on the log scale, normal", ("standard_deviation",), _log_pilot, None)

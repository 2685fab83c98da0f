"""Generated rows of every kind of measure, with every column that a registered method may read."""

from collections.abc import Mapping

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter
from protocols.methods.measures import MEASURES, Measure
from protocols.vocabulary import Direction

LEVELS = ("none", "mild", "moderate", "severe")
READERS = 4


def rows_of(
    measure: Measure,
    *,
    n: int = 240,
    subjects: int | None = None,
    seed: int = 1,
    unknown: float = 0.0,
    cases: bool = False,
) -> Rows:
    """`n` pairs of `measure`; every pair its own subject unless `subjects` is given.

    `unknown` is the share of outcomes that are not ascertained; with `cases` a subject's pairs
    have one outcome, as when several readers look at one image.
    """
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) if subjects is None else np.arange(n) % subjects
    shared = rng.normal(size=n)[cluster] * 0.5
    outcome = rng.random(n) < 0.35
    if cases:
        outcome = outcome[cluster]
    if measure in ("sensitivity", "specificity") and not unknown:
        outcome[:] = measure == "sensitivity"
    latent = [rng.normal(size=n) + shared + 1.2 * outcome for _ in range(2)]
    chances = [1 / (1 + np.exp(0.9 - score)) for score in latent]
    flags = [chance >= 0.4 for chance in chances]
    known = rng.random(n) >= unknown
    graded = MEASURES[measure].kind == "category"
    extra = _extra(outcome, rng=rng, n=n, graded=graded) | {
        "candidate_probability": chances[0],
        "standard_of_care_probability": chances[1],
    }
    if measure in PER_OUTCOME:
        extra |= _under_either_outcome(measure, chances)
        candidate, soc = (
            np.where(outcome, extra[f"{arm}_if_event"], extra[f"{arm}_if_no_event"])
            for arm in ("candidate", "standard_of_care")
        )
    else:
        candidate, soc = _values(measure, chances, rng=rng)
    return Rows(
        candidate=np.where(known, candidate, np.nan),
        standard_of_care=np.where(known, soc, np.nan),
        outcome=outcome & known,
        known=known,
        cluster=cluster.astype(np.int64),
        clustered=subjects is not None,
        candidate_score=candidate if measure in RAW else chances[0],
        standard_of_care_score=soc if measure in RAW else chances[1],
        candidate_flag=flags[0],
        standard_of_care_flag=flags[1],
        extra=extra,
        labels={"reference": LEVELS} if graded else {},
    )


def _under_either_outcome(measure: Measure, chances: list[FloatArray]) -> dict[str, FloatArray]:
    """What each arm's value is without and with the event; NaN outside of the denominator."""
    columns = {}
    for arm, chance in zip(("candidate", "standard_of_care"), chances, strict=True):
        flag = (chance >= 0.4).astype(float)
        none, event = {
            "sensitivity": (np.full(len(chance), np.nan), flag),
            "specificity": (1 - flag, np.full(len(chance), np.nan)),
            "accuracy": (1 - flag, flag),
            "brier": (chance**2, (1 - chance) ** 2),
            "log_loss": (-np.log1p(-chance), -np.log(chance)),
            "net_benefit": (-(3 / 7) * (chance >= 0.3), (chance >= 0.3).astype(float)),
            "auc": (chance, chance),
        }[measure]
        columns[f"{arm}_if_no_event"], columns[f"{arm}_if_event"] = none, event
    return columns


RAW = ("score", "category")
PER_OUTCOME = ("sensitivity", "specificity", "accuracy", "brier", "log_loss", "net_benefit", "auc")


def _values(
    measure: Measure, chances: list[FloatArray], *, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    n = len(chances[0])
    kind = MEASURES[measure].kind
    if kind == "ranking":
        return chances[0], chances[1]
    if kind == "predictive":
        return (chances[0] >= 0.4).astype(float), (chances[1] >= 0.4).astype(float)
    if kind == "category":
        candidate, soc = (np.minimum((4 * c).astype(int), 3).astype(float) for c in chances)
        return candidate, soc
    if kind == "time":
        return rng.exponential(5, n).round(2) + 0.01, rng.exponential(5, n).round(2) + 0.01
    if kind == "binary":
        right = rng.random(n) < 0.8
        return right.astype(float), np.where(rng.random(n) < 0.15, ~right, right).astype(float)
    if measure == "value":
        base = 1 + rng.poisson(3, n)
        return base + rng.poisson(6, n).astype(float), base + rng.poisson(6, n).astype(float)
    return (100 * chances[0]).round(1) + 2, (100 * chances[1]).round(1) + 2


def _extra(
    outcome: BoolArray, *, rng: np.random.Generator, n: int, graded: bool
) -> dict[str, FloatArray]:
    time = rng.exponential(np.where(outcome, 2.0, 6.0)).round(2) + 0.01
    return {
        "reference": rng.integers(0, 4, n).astype(float) if graded else rng.uniform(2, 90, n),
        "time": time,
        "event": (rng.random(n) < 0.7).astype(float),
        "candidate_time": rng.exponential(5, n).round(2) + 0.01,
        "candidate_event": (rng.random(n) < 0.8).astype(float),
        "standard_of_care_time": rng.exponential(5, n).round(2) + 0.01,
        "standard_of_care_event": (rng.random(n) < 0.8).astype(float),
    }


def asked_of(
    spec: HypothesisTestSpec | EstimatorSpec,
    measure: Measure,
    *,
    margin: float,
    direction: Direction = Direction.HIGHER_IS_BETTER,
    level: float = 0.95,
) -> Asked:
    """What a protocol could ask of this method: parameters in their range, the first interval."""
    parameters = {p.name: value_of(p) for p in (*spec.parameters, *MEASURES[measure].parameters)}
    intervals = spec.intervals_of(measure) if isinstance(spec, EstimatorSpec) else ("",)
    return Asked(
        level=level,
        direction=direction,
        margin=margin,
        interval=intervals[0],
        parameters={"measure": measure, "minimum_cell": 5, **parameters},
        seed=7 if spec.draws else None,
        resamples=200 if spec.draws else None,
    )


SENSIBLE: Mapping[str, ParameterValue] = {
    "specificity_low": 0.6,
    "specificity_high": 1.0,
    "specificity": 0.8,
    "alert_rate": 0.2,
    "clip": 1e-6,
    "threshold": 0.3,
    "bins": 5,
    "resolution": 0.1,
    "scores": (0.0, 1.0, 2.0, 3.0),
    "low": 6.0,
    "high": 11.0,
    "lower": -1.0,
    "upper": 1.0,
    "grades": tuple(float(grade) for grade in range(60)),
    "weights": tuple(float(grade) for grade in range(60)),
}


def value_of(parameter: Parameter) -> ParameterValue:
    if parameter.name in SENSIBLE and not parameter.choices:
        return SENSIBLE[parameter.name]
    if parameter.choices:
        return parameter.choices[0]
    if parameter.kind == "numbers":
        return (0.1, 0.2, 0.4)
    if parameter.kind == "integer":
        return int(parameter.low or 5)
    if parameter.kind == "number":
        low, high = parameter.low or 0.0, parameter.high
        return low + 1.0 if high is None else (low + high) / 2
    return parameter.name


def with_parameters(rows: Rows, spec: HypothesisTestSpec | EstimatorSpec, *, seed: int = 3) -> Rows:
    """The rows with a column for every parameter that names an input or a subgroup."""
    rng = np.random.default_rng(seed)
    extra, labels = dict(rows.extra), dict(rows.labels)
    for parameter in spec.parameters:
        if parameter.kind == "subgroup":
            extra[parameter.name] = rng.integers(0, 2, rows.n).astype(float)
            labels[parameter.name] = ("younger", "older")
        elif parameter.name == "reader":
            extra["reader"] = (np.arange(rows.n) // (rows.n // READERS)).astype(float)
            labels["reader"] = tuple(f"reader {i}" for i in range(READERS))
        elif parameter.name == "further_model":
            extra["further_model"] = rng.integers(0, 2, rows.n).astype(float)
        elif parameter.name == "covariate":
            extra["covariate"] = rng.uniform(0.5, 0.95, rows.n)
        elif parameter.kind == "input":
            extra[parameter.name] = rng.integers(1, 5, rows.n).astype(float)
    return Rows(
        **{
            name: getattr(rows, name)
            for name in Rows.__dataclass_fields__
            if name not in ("extra", "labels")
        },
        extra=extra,
        labels=labels,
    )

"""Pairs on which no registered word may answer, and pairs on which none may stumble."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from evaluation.inference import registry
from evaluation.inference.base import Estimate, Findings, NotEvaluable, Quantity
from evaluation.inference.rows import Asked, Rows
from protocols.methods import table
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.methods.measures import MEASURES, Measure
from protocols.vocabulary import Direction
from tests.support.rows import asked_of, rows_of, with_parameters

HIGHER = Direction.HIGHER_IS_BETTER
Spec = HypothesisTestSpec | EstimatorSpec
SPECS: dict[str, Spec] = {**table.TESTS, **table.ESTIMATORS}
WORDS = [(word, measure) for word, spec in SPECS.items() for measure in spec.measures]
KINDS = {str(measure): spec.kind for measure, spec in MEASURES.items()}
NUMBERS = [(w, m) for w, m in WORDS if KINDS[m] in ("mean", "time")]
TESTS = [(w, m) for w, m in WORDS if w in table.TESTS]


def asked(word: str, measure: Measure, *, level: float = 0.95) -> Asked:
    spec, registered = SPECS[word], MEASURES[measure].direction
    direction = HIGHER if registered == "either" else Direction(registered)
    ratio = isinstance(spec, HypothesisTestSpec) and spec.scale == "ratio"
    margin = (0.8 if direction is HIGHER else 1.25) if ratio else 0.1
    found = asked_of(spec, measure, margin=margin, direction=direction, level=level)
    return replace(found, resamples=40) if found.resamples else found


def generated(word: str, measure: Measure, *, n: int = 12, subjects: int = 4) -> Rows:
    spec = SPECS[word]
    reads = any(parameter.name == "reader" for parameter in spec.parameters)
    repeated = spec.pairs == "clustered" or reads
    rows = rows_of(measure, n=n, subjects=subjects if repeated else None, cases=reads)
    return with_parameters(rows, spec)


def run(word: str, rows: Rows, question: Asked) -> Estimate | Findings | NotEvaluable:
    if word in table.TESTS:
        return registry.estimate(word, rows, question)
    return registry.analysis(word, rows, question)


def answer(word: str, rows: Rows, question: Asked) -> list[Estimate | Quantity]:
    """What the word gives, or nothing where it refuses; every number of it is finite."""
    found = run(word, rows, question)
    if isinstance(found, NotEvaluable):
        return []
    given: list[Estimate | Quantity] = (
        [found] if isinstance(found, Estimate) else [*found.quantities]
    )
    for one in given:
        numbers = [getattr(one, f.name) for f in fields(one)]
        assert all(math.isfinite(n) for n in numbers if isinstance(n, float)), (word, one)
    return given


@pytest.mark.parametrize(("word", "measure"), NUMBERS)
def test_a_value_without_a_square_is_refused(word: str, measure: Measure) -> None:
    rows = generated(word, measure)
    huge = replace(rows, candidate=rows.candidate * 1e300)
    found = run(word, huge, asked(word, measure))
    assert isinstance(found, NotEvaluable)
    assert found.code == "values_too_large"


@pytest.mark.parametrize(("word", "measure"), NUMBERS)
def test_values_next_to_nothing_do_not_make_a_word_stumble(word: str, measure: Measure) -> None:
    rows = generated(word, measure, n=60, subjects=20)
    tiny = replace(
        rows, candidate=rows.candidate * 1e-310, standard_of_care=rows.standard_of_care * 1e-310
    )
    answer(word, tiny, asked(word, measure))


@pytest.mark.parametrize(("word", "measure"), NUMBERS)
def test_a_missing_answer_leaves_no_number_that_is_none(word: str, measure: Measure) -> None:
    rows = generated(word, measure, n=60, subjects=20)
    gone = np.arange(rows.n) % 5 == 0
    lacking = replace(
        rows,
        candidate=np.where(gone, np.nan, rows.candidate),
        candidate_score=np.where(gone, np.nan, rows.candidate_score),
        candidate_flag=rows.candidate_flag & ~gone,
    )
    answer(word, lacking, asked(word, measure))


@pytest.mark.parametrize(("word", "measure"), TESTS)
def test_copies_of_an_arm_pass_no_margin(word: str, measure: Measure) -> None:
    rows = generated(word, measure, n=60, subjects=20)
    extra = dict(rows.extra)
    for name in rows.extra:
        if name.startswith("candidate_"):
            extra[name] = rows.extra[name.replace("candidate_", "standard_of_care_")]
    copies = replace(
        rows,
        candidate=rows.standard_of_care,
        candidate_score=rows.standard_of_care_score,
        candidate_flag=rows.standard_of_care_flag,
        extra=extra,
    )
    assert answer(word, copies, asked(word, measure)) == []


@pytest.mark.parametrize("level", [0.5, 0.999])
@pytest.mark.parametrize(("word", "measure"), WORDS)
def test_two_subjects_at_any_level_do_not_make_a_word_stumble(
    word: str, measure: Measure, level: float
) -> None:
    rows = generated(word, measure, n=8, subjects=2)
    answer(word, rows, asked(word, measure, level=level))

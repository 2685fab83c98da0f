"""The tables of measures and methods hold together."""

from itertools import chain
from typing import get_args

import pytest

from protocols.methods.base import HypothesisTestSpec, Parameter
from protocols.methods.measures import MEASURES, Measure
from protocols.methods.table import ESTIMATORS, TESTS, merged


def test_every_measure_has_one_line_in_the_list_of_measures() -> None:
    assert list(MEASURES) == list(get_args(Measure))


def test_one_word_cannot_stand_for_two_methods() -> None:
    spec = HypothesisTestSpec("safety", "A title", ("auc",), "difference", "either")
    with pytest.raises(ValueError, match="same words: delong"):
        merged(TESTS, {"delong": spec})


@pytest.mark.parametrize("word", sorted({*TESTS, *ESTIMATORS}))
def test_every_method_is_of_known_measures(word: str) -> None:
    test, estimator = TESTS.get(word), ESTIMATORS.get(word)
    for spec in (spec for spec in (test, estimator) if spec is not None):
        assert spec.measures
        assert set(spec.measures) <= set(MEASURES)
        assert len(set(spec.measures)) == len(spec.measures)


def test_every_measure_can_be_estimated() -> None:
    estimated = set(chain.from_iterable(spec.measures for spec in ESTIMATORS.values()))
    assert estimated == set(MEASURES)


@pytest.mark.parametrize("word", sorted(ESTIMATORS))
def test_every_estimator_names_its_intervals_once(word: str) -> None:
    intervals = ESTIMATORS[word].intervals
    assert intervals
    assert len(set(intervals)) == len(intervals)


def _parameters() -> list[tuple[str, tuple[Parameter, ...]]]:
    tables = (MEASURES.items(), TESTS.items(), ESTIMATORS.items())
    return [(word, spec.parameters) for table in tables for word, spec in table]


@pytest.mark.parametrize(("word", "parameters"), _parameters(), ids=lambda it: str(it)[:30])
def test_every_parameter_can_be_written(word: str, parameters: tuple[Parameter, ...]) -> None:
    names = [parameter.name for parameter in parameters]
    assert len(set(names)) == len(names), word
    for parameter in parameters:
        assert parameter.meaning
        assert (parameter.kind == "word") is bool(parameter.choices)
        if parameter.low is not None and parameter.high is not None:
            assert parameter.low < parameter.high

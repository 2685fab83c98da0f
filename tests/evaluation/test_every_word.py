"""Every registered word, from a linted protocol through a whole look, on generated pairs."""

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.results import LookResults
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.methods.measures import Measure
from protocols.methods.table import ESTIMATORS, TESTS
from protocols.rules import lint
from tests.support.every_word import pairs_for, protocol_for
from tests.support.simulator import lock_of

CASES = [(word, measure) for word, spec in TESTS.items() for measure in spec.measures]
ANALYSES = [(word, measure) for word, spec in ESTIMATORS.items() for measure in spec.measures]


def looked(word: str, spec: HypothesisTestSpec | EstimatorSpec, measure: Measure) -> LookResults:
    """The first look of a trial that registers the word, as read from its bytes."""
    protocol = protocol_for(word, spec, measure)
    assert [finding for finding in lint(protocol) if finding.level == "error"] == []
    pairs = pairs_for(protocol, spec, measure)
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    return from_bytes(to_bytes(found))


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_a_hypothesis_can_register_the_word(word: str, measure: Measure) -> None:
    found = looked(word, TESTS[word], measure).hypotheses[1]
    assert found.primary.not_evaluable is None
    assert found.primary.estimate is not None
    assert [interval.kind for interval in found.primary.intervals] == ["repeated", "naive"]


@pytest.mark.parametrize(("word", "measure"), ANALYSES)
def test_an_analysis_can_register_the_word(word: str, measure: Measure) -> None:
    (found,) = looked(word, ESTIMATORS[word], measure).analyses
    assert found.not_evaluable is None
    assert found.quantities
    assert found.n_pairs > 0

"""Every test word with futility, harm and three inferences, replayed from its log."""

import json
import math

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.replay import departures
from evaluation.results import HypothesisResult
from protocols.methods.measures import Measure
from protocols.methods.table import TESTS
from protocols.schema import Protocol
from protocols.vocabulary import Direction
from tests.support.every_word import pairs_for, protocol_for
from tests.support.simulator import lock_of
from tests.support.watched import futility_rule, harm_bound

RULE = futility_rule(hypothesis="H2", scale="conditional_power", values=[0.2])


def _watched(word: str, measure: Measure) -> HypothesisResult:
    spec = TESTS[word]
    document = protocol_for(word, spec, measure).model_dump(mode="json")
    document |= {"harm_bounds": [harm_bound(hypothesis="H2")], "futility": [RULE]}
    protocol = Protocol.model_validate_json(json.dumps(document))
    data = lock_of(protocol, pairs_for(protocol, spec, measure), look="L1")
    results = from_bytes(to_bytes(conduct(protocol, data, [])))
    assert departures(protocol, results) == ()
    return results.hypotheses[1]


@pytest.mark.parametrize(("word", "measure"), [(w, s.measures[0]) for w, s in TESTS.items()])
def test_any_test_can_be_watched_and_inferred_from(word: str, measure: Measure) -> None:
    found = _watched(word, measure)
    boundary, sequential = found.boundaries[0], found.sequential
    assert boundary.futility[0].z is not None
    assert _harm_opposes_the_estimate(found)
    assert sequential is not None
    kinds = {item.kind: item for item in sequential.inferences}
    if found.framework != "equivalence":
        naive, staged = kinds["naive"], kinds["stagewise"]
        width = naive.high - naive.low if naive.high is not None and naive.low is not None else 1
        assert abs(naive.estimate - staged.estimate) <= 0.02 * width


def _harm_opposes_the_estimate(found: HypothesisResult) -> bool:
    """Far from no effect on the better side harm is negative, and the other way round."""
    effect, information = found.primary.estimate, found.boundaries[0].statistical_information
    harm = found.boundaries[0].harm[0].statistic
    assert effect is not None
    assert information is not None
    assert harm is not None
    linear = math.log(effect) if found.scale == "ratio" else effect
    sign = 1 if found.direction is Direction.HIGHER_IS_BETTER else -1
    z = sign * linear * math.sqrt(information)
    return abs(z) < 1 or z * harm < 0

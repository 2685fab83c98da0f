"""What every registered word promises, whatever its method."""

import math
from dataclasses import astuple, fields
from itertools import pairwise

import numpy as np
import pytest

from evaluation.design.repeated import nominal_alpha, repeated_interval
from evaluation.inference import registry
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows
from protocols.methods import table
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.methods.measures import MEASURES, Measure
from protocols.schema.analysis import Hypothesis
from protocols.vocabulary import Direction
from tests.support.rows import asked_of, rows_of, with_parameters

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
SUBJECTS = 40

CASES = [(word, measure) for word, spec in table.TESTS.items() for measure in spec.measures]
AVERAGED = {measure for measure, spec in MEASURES.items() if spec.kind in ("binary", "mean")}
MEANS = [(word, measure) for word, measure in CASES if measure in AVERAGED]
ANALYSES = [(word, measure) for word, spec in table.ESTIMATORS.items() for measure in spec.measures]


def _rows(
    spec: HypothesisTestSpec | EstimatorSpec, measure: Measure, *, clustered: bool = False
) -> Rows:
    reads = any(p.name == "reader" for p in spec.parameters)
    subjects = 60 if reads else SUBJECTS if clustered else None
    unknown = 0.1 if spec.group == "missing" else 0.0
    rows = rows_of(measure, subjects=subjects, unknown=unknown, cases=reads)
    return with_parameters(rows, spec)


def _direction(measure: Measure) -> Direction:
    registered = MEASURES[measure].direction
    return HIGHER if registered == "either" else Direction(registered)


def _margin(spec: HypothesisTestSpec, measure: Measure) -> float:
    if spec.scale == "ratio":
        return 0.8 if _direction(measure) is HIGHER else 1.25
    return 0.1


def _asked(word: str, measure: Measure, *, level: float = 0.95) -> Asked:
    spec = table.TESTS[word]
    margin, direction = _margin(spec, measure), _direction(measure)
    return asked_of(spec, measure, margin=margin, direction=direction, level=level)


def _estimated(word: str, measure: Measure, *, level: float = 0.95) -> tuple[Rows, Estimate]:
    spec = table.TESTS[word]
    rows = _rows(spec, measure, clustered=spec.pairs == "clustered")
    found = registry.estimate(word, rows, _asked(word, measure, level=level))
    assert isinstance(found, Estimate), (word, measure, found)
    return rows, found


def test_protocols_and_functions_know_the_same_words() -> None:
    assert set(table.TESTS) == set(registry.TESTS)
    assert set(table.ESTIMATORS) == set(registry.ESTIMATORS)
    items = Hypothesis.model_json_schema()["properties"]["sensitivity_tests"]["items"]
    assert set(items["enum"]) == set(registry.SENSITIVITY_TESTS)


def test_a_word_means_one_thing() -> None:
    words = [
        w for family in registry.FAMILIES.values() for w in (*family.TESTS, *family.ESTIMATORS)
    ]
    assert sorted(words) == sorted(set(words))
    for word in words:
        assert registry.method_of(word).name == word


def test_every_family_and_every_measure_can_be_registered() -> None:
    groups = {spec.group for spec in table.TESTS.values()}
    groups |= {spec.group for spec in table.ESTIMATORS.values()}
    assert groups == set(registry.FAMILIES)
    assert {measure for _, measure in (*CASES, *ANALYSES)} == set(MEASURES)


def test_every_method_names_source_limits_and_two_witnesses() -> None:
    entries: list[HypothesisTest | Estimator] = [*registry.TESTS.values()]
    for entry in (*entries, *registry.ESTIMATORS.values()):
        texts = (entry.method.sentence, entry.method.citation, entry.limits, *entry.witnesses)
        assert all(len(text.strip()) > 3 for text in texts), entry.method.name


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_a_test_gives_all_that_a_look_needs(word: str, measure: Measure) -> None:
    _, found = _estimated(word, measure)
    assert found.low <= found.estimate <= found.high
    assert found.low < found.high
    assert found.information == pytest.approx(found.standard_error**-2)
    assert found.scale == table.TESTS[word].scale
    numbers = [v for v in astuple(found)[1:] if isinstance(v, float)]
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    word: str, measure: Measure
) -> None:
    for level in (0.5, 0.8, 0.95, 0.99):
        _, found = _estimated(word, measure, level=level)
        margin = _margin(table.TESTS[word], measure)
        edge = margin if found.scale == "ratio" else -margin
        beyond = found.low > edge if _direction(measure) is HIGHER else found.high < abs(edge)
        assert beyond == (found.p_value < (1 - level) / 2), (level, found)


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_an_interval_is_symmetric_unless_it_is_inverted(word: str, measure: Measure) -> None:
    _, found = _estimated(word, measure)
    z = 2.5
    _, again = _estimated(word, measure, level=1 - 2 * nominal_alpha(z))
    repeated = repeated_interval(found, bound=z)
    assert not isinstance(repeated, NotEvaluable)
    same = (again.low, again.high) == pytest.approx(repeated, rel=1e-6, abs=1e-9)
    assert same or registry.TESTS[word].inverted


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_parts_in_any_order_give_the_same_bytes(word: str, measure: Measure) -> None:
    rows, found = _estimated(word, measure)
    assert registry.estimate(word, _reassembled(rows), _asked(word, measure)) == found


@pytest.mark.parametrize(("word", "measure"), ANALYSES)
def test_an_analysis_gives_finite_numbers_and_says_which(word: str, measure: Measure) -> None:
    found = _analysed(word, measure)
    names = [quantity.name for quantity in found.quantities]
    assert names
    assert len(names) == len(set(names))
    for quantity in found.quantities:
        numbers = [getattr(quantity, f.name) for f in fields(quantity)]
        assert all(math.isfinite(n) for n in numbers if isinstance(n, float)), quantity
        given = (quantity.estimate, quantity.p_value, quantity.reason)
        assert any(value is not None for value in given), quantity


@pytest.mark.parametrize(("word", "measure"), ANALYSES)
def test_an_analysis_of_parts_in_any_order_has_the_same_bytes(word: str, measure: Measure) -> None:
    spec = table.ESTIMATORS[word]
    rows = _rows(spec, measure, clustered=spec.pairs == "clustered")
    asked = asked_of(spec, measure, margin=0.1, direction=_direction(measure))
    assert registry.analysis(word, _reassembled(rows), asked) == _analysed(word, measure)


@pytest.mark.parametrize(("word", "measure"), ANALYSES)
def test_every_interval_that_may_be_registered_is_given(word: str, measure: Measure) -> None:
    spec = table.ESTIMATORS[word]
    rows = _rows(spec, measure, clustered=spec.pairs == "clustered")
    asked = asked_of(spec, measure, margin=0.1, direction=_direction(measure))
    assert spec.intervals_of(measure)
    for interval in spec.intervals_of(measure):
        given = Asked(
            level=asked.level,
            direction=asked.direction,
            margin=asked.margin,
            interval=interval,
            parameters=asked.parameters,
            seed=7,
            resamples=200,
        )
        found = registry.analysis(word, rows, given)
        assert isinstance(found, Findings), (word, measure, interval, found)
        if interval != "none":
            assert any(q.low is not None or q.high is not None for q in found.quantities), interval


def _analysed(word: str, measure: Measure) -> Findings:
    spec = table.ESTIMATORS[word]
    rows = _rows(spec, measure, clustered=spec.pairs == "clustered")
    asked = asked_of(spec, measure, margin=0.1, direction=_direction(measure))
    found = registry.analysis(word, rows, asked)
    assert isinstance(found, Findings), (word, measure, found)
    return found


def _reassembled(rows: Rows) -> Rows:
    """Shuffled, cut into parts, and put together again in another order."""
    rng = np.random.default_rng(5)
    order = rng.permutation(rows.n)
    cuts = [0, *sorted(rng.integers(0, rows.n, 3).tolist()), rows.n]
    parts = [rows.take(order[a:b]) for a, b in pairwise(cuts) if b > a]
    return Rows.merged([parts[i] for i in rng.permutation(len(parts))])


@pytest.mark.parametrize(("word", "measure"), CASES)
def test_exchanging_the_arms_turns_the_effect(word: str, measure: Measure) -> None:
    rows, found = _estimated(word, measure)
    other = registry.estimate(word, _exchanged(rows), _asked(word, measure))
    assert isinstance(other, Estimate)
    expected = 1 / found.estimate if found.scale == "ratio" else -found.estimate
    drawn = 0.02 if word == "imputed_difference" else 1e-9  # other outcomes are imputed
    assert other.estimate == pytest.approx(expected, rel=1e-6, abs=drawn)
    assert other.estimate != found.estimate


@pytest.mark.parametrize(("word", "measure"), MEANS)
def test_the_effect_is_the_candidates_less_or_over_the_standard_of_cares(
    word: str, measure: Measure
) -> None:
    rows, found = _estimated(word, measure)
    known = rows.known
    candidate, soc = rows.candidate[known].mean(), rows.standard_of_care[known].mean()
    above = found.estimate > (1 if found.scale == "ratio" else 0)
    assert above == (candidate > soc)


def _exchanged(rows: Rows) -> Rows:
    """The same pairs with every column of an arm given to the other."""

    def other(name: str) -> str:
        mine, theirs = "candidate", "standard_of_care"
        swap = {mine: theirs, theirs: mine}
        arm = next((arm for arm in swap if name == arm or name.startswith(f"{arm}_")), None)
        return name if arm is None else swap[arm] + name[len(arm) :]

    own = {f.name: getattr(rows, other(f.name)) for f in fields(Rows)}
    own["extra"] = {name: rows.extra[other(name)] for name in rows.extra}
    return Rows(**own)

"""Small subgroup levels stay hidden, also from whoever knows the total."""

import itertools
from dataclasses import replace

from evaluation.columns import members
from evaluation.conduct import conduct
from evaluation.populations import Pairs
from evaluation.results import SubgroupResult
from protocols.expressions import compile_expression
from protocols.names import input_values
from protocols.schema import SubgroupLevel
from tests.support.example_protocol import Document, one_look_protocol
from tests.support.simulator import Truth, lock_of, simulate, simulate_pairs


def _women(n: int) -> SubgroupResult:
    """The subgroup by sex in a trial of 300 pairs whose first `n` are women."""
    protocol = one_look_protocol()
    mostly_men = [
        replace(pair, inputs={**pair.inputs, "sex": "female" if i < n else "male"})
        for i, pair in enumerate(simulate_pairs(protocol, Truth(n=300)))
    ]
    return conduct(protocol, lock_of(protocol, mostly_men, look="L1"), []).subgroups[0]


def test_small_subgroup_cells_are_suppressed_to_the_last_number() -> None:
    women, _ = _women(12).cells
    assert women.suppressed
    assert (women.n_pairs, women.n_events, women.estimate, women.low) == (None,) * 4


def test_a_suppressed_level_cannot_be_had_as_the_total_less_the_rest() -> None:
    _, men = _women(12).cells
    assert (men.n_pairs, men.n_events, men.estimate, men.low) == (None,) * 4
    assert men.reason is not None
    assert men.reason.startswith("Withheld")


def test_a_level_without_anybody_hides_no_other_level() -> None:
    women, men = _women(0).cells
    assert women.suppressed
    assert men.estimate is not None


def test_levels_hidden_together_are_not_small_together() -> None:
    def by_age(document: Document) -> None:
        edges = (18, 21, 24, 60, 120)
        document["subgroups"][1]["levels"] = [
            {
                "id": f"from_{low}",
                "title": f"From {low}",
                "expression": f"inputs.age >= {low} and inputs.age < {high}",
            }
            for low, high in itertools.pairwise(edges)
        ]

    protocol = one_look_protocol(by_age)
    cells = conduct(protocol, simulate(protocol, Truth(n=300)), []).subgroups[1].cells
    assert [cell.suppressed for cell in cells] == [True, True, False, False]
    assert [cell.n_pairs is None for cell in cells] == [True, True, True, False]


def test_a_level_keeps_apart_what_python_takes_as_equal() -> None:
    protocol = one_look_protocol()
    values: list[float | int | str | bool | None] = [1.0, True, 1, "1", None, 2.0, 1.0]
    pairs = [
        replace(pair, inputs={**pair.inputs, "age": value})
        for pair, value in zip(simulate_pairs(protocol, Truth(n=7)), values, strict=True)
    ]
    sample = Pairs(protocol, pairs, final=True).asked(protocol.analysis_populations[0])
    level = SubgroupLevel(id="one", title="One", expression="inputs.age == 1")
    expression = compile_expression(level.expression)
    alone = [expression.evaluate(input_values(r.inputs)) is True for r in sample.records]
    assert members(protocol, level, sample).tolist() == alone
    assert {repr(r.inputs["age"]): m for r, m in zip(sample.records, alone, strict=True)} == {
        "1.0": True, "True": False, "1": True, "'1'": False, "None": False, "2.0": False,
    }  # fmt: skip

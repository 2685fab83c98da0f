"""The log of all looks, as stored, gives the same bounds again without the data."""

from collections.abc import Callable

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.replay import departures
from evaluation.results import Boundary, LookResults
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import OBRIEN_FLEMING, beta_rule, futility_rule, harm_bound, share_alpha

LOOKS = [("L1", 211), ("unplanned_1", 307), ("L2", 419), ("L3", 633)]


def _three_looks(document: Document) -> None:
    document["monitoring"] |= {
        "unplanned_looks": "allowed",
        "looks": [
            {"id": "L1", "information": 1 / 3},
            {"id": "L2", "information": 2 / 3},
            {"id": "L3", "information": 1.0},
        ],
    }


def _plain(document: Document) -> None:
    document["hypotheses"].append(hypothesis("H2", "SENS", test="tango_score", margin=0.1))
    document["multiplicity"] |= {"procedure": "fixed_sequence", "order": [["H1"], ["H2"]]}


def _watched(document: Document) -> None:
    document["futility"] = [
        futility_rule(scale="conditional_power", values=[0.1], true_effect=0.01),
        futility_rule(looks=["L2"], scale="predictive_power", values=[0.05]),
        futility_rule(scale="effect", values=[-0.2]),
    ]
    document["harm_bounds"] = [harm_bound(), harm_bound(alpha=0.05, action="stop")]


def _binding(document: Document) -> None:
    rule = futility_rule(looks=["L1", "L2"], values=[-2.0, -1.0], binding=True)
    document["futility"] = [rule | {"binding_reason": "The contract ends then."}]
    document["monitoring"]["spending"] = OBRIEN_FLEMING | {
        "family": "kim_demets",
        "parameter": 2.5,
        "start": 0.2,
    }


def _beta(document: Document) -> None:
    document["futility"] = [beta_rule(looks=["L1", "L2"], true_effect=0.01)]
    document["monitoring"] |= {"clock": "smaller_of_planned_and_observed"}


def _holm(document: Document) -> None:
    share_alpha(document, "holm", [1 / 3, 1 / 3, 1 / 3])


def _hommel(document: Document) -> None:
    share_alpha(document, "hommel", [1 / 3, 1 / 3, 1 / 3], look_back=True)


def _clustered(document: Document) -> None:
    document["design"]["cluster"] = "subject"
    document["harm_bounds"] = [harm_bound()]


EDITS = (_plain, _watched, _binding, _beta, _holm, _hommel, _clustered)


def _protocol(edit: Callable[[Document], None]) -> Protocol:
    def both(document: Document) -> None:
        edit(document)
        _three_looks(document)

    return example_protocol(both)


def _results(protocol: Protocol, *, seed: int = 1, separation: float = 1.25) -> LookResults:
    pairs = simulate_pairs(protocol, Truth(n=650, candidate_separation=separation, seed=seed))
    made: list[LookResults] = []
    for name, n in LOOKS:
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))
    return made[-1]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize(("seed", "separation"), [(1, 1.25), (2, 2.0), (3, 0.7)])
def test_what_was_stored_replays_to_the_same_bytes(
    edit: Callable[[Document], None], seed: int, separation: float
) -> None:
    protocol = _protocol(edit)
    results = _results(protocol, seed=seed, separation=separation)
    assert [b.look for b in results.hypotheses[0].boundaries] == [name for name, _ in LOOKS]
    assert departures(protocol, results) == ()


def _changed(results: LookResults, place: int, **fields: object) -> LookResults:
    found = results.hypotheses[0]
    boundaries: list[Boundary] = list(found.boundaries)
    boundaries[place] = boundaries[place].model_copy(update=fields)
    edited = found.model_copy(update={"boundaries": tuple(boundaries)})
    return results.model_copy(update={"hypotheses": (edited, *results.hypotheses[1:])})


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"alpha_spent": 0.02}, "alpha_spent"),
        ({"z": 1.9}, "z"),
        ({"nominal_alpha": 0.02}, "nominal_alpha"),
        ({"spending_time": 0.6}, "spending_time"),
        ({"crossed": True}, "crossed"),
    ],
)
def test_a_log_that_was_altered_is_found_out(fields: Document, first: str) -> None:
    protocol = _protocol(_watched)
    results = _results(protocol, separation=1.0)
    found = departures(protocol, _changed(results, 1, **fields))
    assert found
    assert found[0].look == "unplanned_1"
    assert first in found[0].fields
    assert first in found[0].sentence()


def test_altered_information_is_found_out_by_the_bounds_that_rest_on_it() -> None:
    protocol = _protocol(_watched)
    results = _results(protocol)
    information = results.hypotheses[0].boundaries[1].statistical_information or 0.0
    edited = _changed(results, 1, statistical_information=information * 1.01)
    assert {d.look for d in departures(protocol, edited)} >= {"unplanned_1", "L2"}


def test_an_altered_futility_bound_is_found_out() -> None:
    protocol = _protocol(_watched)
    results = _results(protocol)
    reading = results.hypotheses[0].boundaries[0].futility[0].model_copy(update={"z": -9.0})
    others = results.hypotheses[0].boundaries[0].futility[1:]
    edited = _changed(results, 0, futility=(reading, *others))
    assert departures(protocol, edited)[0].fields == ("futility",)

"""Every value of two results that differs is named by its place."""

from typing import Any

import pytest

from evaluation.differences import differences

LOOK: dict[str, Any] = {
    "facts": {"final": True, "n": 3},
    "hypotheses": [
        {"id": "H1", "boundaries": [{"look": "L1", "z": 2.5, "harm": [{"z": 2.1}, {"z": 3.0}]}]},
        {"id": "H2", "boundaries": []},
    ],
    "limits": ["It ended."],
}


def _changed(**first: object) -> dict[str, Any]:
    return {**LOOK, **first}


def _boundary(**fields: object) -> dict[str, Any]:
    first, second = LOOK["hypotheses"]
    boundary = first["boundaries"][0] | fields
    return _changed(hypotheses=[{**first, "boundaries": [boundary]}, second])


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (_changed(facts={"final": True, "n": 4}), "facts.n: stored 4, again 3"),
        (_changed(facts={"final": 1, "n": 3}), "facts.final: stored 1, again true"),
        (_changed(facts={"final": True}), 'facts.n: stored "absent", again 3'),
        (_boundary(z=2.4), "hypotheses[H1].boundaries[L1].z: stored 2.4, again 2.5"),
        (
            _boundary(harm=[{"z": 2.1}, {"z": 9}]),
            "hypotheses[H1].boundaries[L1].harm[1].z: stored 9, again 3",
        ),
        (_changed(limits=["It goes on."]), 'limits[0]: stored "It goes on.", again "It ended."'),
        (_changed(limits=[]), 'limits: stored [], again ["It ended."]'),
    ],
)
def test_a_value_that_differs_is_named_with_its_place(changed: dict[str, Any], place: str) -> None:
    assert list(differences(changed, LOOK)) == [place]


def test_what_is_the_same_has_no_difference() -> None:
    assert list(differences(LOOK, _changed())) == []


def test_a_long_value_is_cut_and_every_difference_is_told() -> None:
    changed = _changed(limits=["x" * 200], facts={"final": False, "n": 0})
    found = list(differences(changed, LOOK))
    assert [line.split(":")[0] for line in found] == ["facts.final", "facts.n", "limits[0]"]
    assert len(found[-1]) < 120

"""A locked line is RFC 8785 whatever its values, by the quick way and by the long one."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.locked_bytes import line_of, pair_from
from gateway.store.records import ArmRecord, PairRecord
from protocols.canonical import canonical_json
from protocols.errors import UsageError
from protocols.vocabulary import Fate, OutcomeState

ARM = ArmRecord(Fate.ANSWERED, 0.25, True, None, 1.5, 2.0)
PAIR = PairRecord(
    ordinal=1,
    pair_id="pair",
    subject="subject",
    encounter="encounter",
    arrived_at_us=1_767_225_600_000_000,
    eligible=True,
    ineligible_reason=None,
    sampled=True,
    duplicate_of=None,
    inputs={},
    standard_of_care=ARM,
    candidate=ARM,
    outcome_state=OutcomeState.ASCERTAINED,
    outcome=True,
    further={},
)

SAFE = 2**53 - 1
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1000, 1000),
    st.integers(-1000, 1000).map(float),
    st.decimals(-1000, 1000, places=4).map(float),
    st.sampled_from([-0.0, 1e-4, 9.999999999999999e-5, 1e-6, 1e15, 1e16, 1e21, 2.0**53]),
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(NUMBERS, st.integers(-SAFE, SAFE), WORDS, st.booleans(), st.none())
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=4)


@settings(max_examples=2000)
@given(inputs=OBJECTS, further=OBJECTS, score=NUMBERS, lag=NUMBERS, detail=WORDS)
def test_a_line_is_canonical_json_of_its_pair(
    inputs: dict[str, Any], further: dict[str, Any], score: float, lag: float, detail: str
) -> None:
    arm = replace(ARM, score=score, lag_ms=lag, detail=detail)
    pair = replace(PAIR, inputs=inputs, further=further, candidate=arm, subject=detail)
    assert line_of(pair) == canonical_json(asdict(pair)) + b"\n"


def test_a_line_holds_every_field_of_its_pair() -> None:
    assert pair_from(line_of(PAIR)) == PAIR


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**60), "\ud800"])
def test_what_has_no_canonical_json_is_refused(value: float | str) -> None:
    with pytest.raises(UsageError, match="no canonical JSON"):
        line_of(replace(PAIR, inputs={"x": value}))

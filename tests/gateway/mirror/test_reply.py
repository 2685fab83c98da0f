"""A reply is parsed strictly, and no bytes make the parser raise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mirror.interpret import Interpreter
from gateway.mirror.reply import parse
from protocols.vocabulary import Fate
from tests.support.example_protocol import example_protocol

PLAN = example_protocol().arms.candidate

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["model", "output", "score", "name"]) | st.text(), inner)
    ),
)


@given(st.binary())
def test_no_bytes_make_a_reply_an_error(content: bytes) -> None:
    assert Interpreter(PLAN).interpret(content).fate is Fate.INVALID


@given(anything)
def test_no_json_of_any_shape_passes_for_an_answer(value: object) -> None:
    meaning = Interpreter(PLAN).interpret(json.dumps(value).encode())
    assert (meaning.fate, meaning.score) == (Fate.INVALID, None)
    assert meaning.detail is not None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xff", "not_utf8"),
        (b"{", "not_json"),
        (b"[" * 200_000, "not_json"),
        (b"[1]", "not_an_object"),
        (b'{"a":1,"a":1}', "duplicate_keys"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_keys"),
        (b'{"a":[NaN]}', "not_finite"),
        (b'{"a":-Infinity}', "not_finite"),
        (b'{"a":1e400}', "not_finite"),
        (b'{"a":"b:c"}', None),
    ],
)
def test_what_is_wrong_with_a_reply_has_a_word(content: bytes, problem: str | None) -> None:
    assert parse(content).problem == problem

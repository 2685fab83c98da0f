"""The small parts of the edge: strict JSON, keys, traces, tokens, ids, remembered answers."""

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access import Tokeniser, read_subject_key
from gateway.declared_model import model_reader
from gateway.errors import Problem
from gateway.idempotency import IdempotencyStore, StoredAnswer
from gateway.identifiers import new_pair_id, new_traceparent
from gateway.strict_json import NotStrictJSONError, parse
from gateway.wire import read_idempotency_key, read_trace, rfc3339
from protocols.errors import UsageError
from tests.support.example_protocol import example_protocol

HOUR_US = 3_600_000_000

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=VALUES, indent=st.sampled_from([None, 1]), colon=st.sampled_from([":", " : ", "\t:"]))
def test_what_json_writes_is_read_as_it_is(value: object, indent: int | None, colon: str) -> None:
    text = json.dumps(value, indent=indent, separators=(",", colon))
    assert parse(text.encode()) == value


@given(key=st.text(), other=st.text(), value=VALUES, colon=st.sampled_from([":", " :", "\n:"]))
def test_a_repeated_key_is_seen_whatever_else_stands_there(
    key: str, other: str, value: object, colon: str
) -> None:
    name = json.dumps(key)
    rest = json.dumps({f"{other}x": value})
    text = f"[{{{name}{colon}1,{json.dumps(key + 'y')}{colon}2,{name}{colon}3}},{rest}]"
    with pytest.raises(NotStrictJSONError, match="duplicate_key"):
        parse(text.encode())


@pytest.mark.parametrize(
    ("header", "key"),
    [(b'"a b"', "a b"), (b"abc-1", "abc-1"), (b'"a\\"b\\\\c"', 'a"b\\c'), (b"x" * 255, "x" * 255)],
)
def test_a_key_is_a_quoted_string_or_a_token(header: bytes, key: str) -> None:
    assert read_idempotency_key(header) == key


@pytest.mark.parametrize("header", [b"", b'""', b'"a', b"a b", b'"a\xe9"', b"a;b=1,c", b"x" * 256])
def test_anything_else_is_no_key(header: bytes) -> None:
    with pytest.raises(Problem):
        read_idempotency_key(header)


def test_a_trace_is_continued_under_a_new_parent() -> None:
    trace = read_trace(b"00-" + b"ab" * 16 + b"-" + b"cd" * 8 + b"-01")
    assert trace == ("ab" * 16, "01")
    first, second = new_traceparent(trace), new_traceparent(trace)
    assert first != second
    assert read_trace(first.encode()) == trace


@pytest.mark.parametrize(
    "header", [None, b"", b"00-zz", b"ff-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01", b"\xff"]
)
def test_no_valid_trace_begins_one_that_is_not_sampled(header: bytes | None) -> None:
    assert read_trace(header) is None
    assert new_traceparent(read_trace(header)).endswith("-00")


def test_pair_ids_are_uuids_of_version_7_in_order_of_time() -> None:
    ids = [new_pair_id(at_ms * 1000) for at_ms in range(1_800_000_000_000, 1_800_000_000_100)]
    parsed = [uuid.UUID(text) for text in ids]
    assert {(one.version, one.variant) for one in parsed} == {(7, uuid.RFC_4122)}
    assert ids == sorted(ids)
    assert len({new_pair_id(0) for _ in range(1000)}) == 1000


def test_times_are_written_to_the_millisecond_in_utc() -> None:
    assert rfc3339(1_795_147_402_007_999) == "2026-11-20T04:03:22.007Z"


def test_tokens_depend_on_key_kind_and_system() -> None:
    one, two = Tokeniser(b"1" * 32), Tokeniser(b"2" * 32)
    tokens = {one.subject("a"), two.subject("a"), one.encounter("a"), one.subject("a", "mrn")}
    assert len(tokens) == 4
    assert one.subject("rna", "m") != one.subject("a", "mrn")
    assert one.subject("a") == Tokeniser(b"1" * 32).subject("a")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "subject.key"
    path.write_text("ab" * 32)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        read_subject_key(path)
    path.chmod(0o600)
    assert len(read_subject_key(path)) == 32


def test_a_key_file_that_is_none_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "subject.key"
    path.write_text("CANARY")
    path.chmod(0o600)
    with pytest.raises(UsageError) as caught:
        read_subject_key(path)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("identity", ["model", "meta.model", "{name: a, version: b, digest: c}"])
def test_the_declared_model_is_repeated_and_nothing_is_made_up(identity: str) -> None:
    plan = example_protocol().arms.standard_of_care.model_copy(update={"identity": identity})
    read = model_reader(plan)
    model = {"name": "n", "version": "1", "digest": "d"}
    said = {"model": model, "meta": {"model": model}, "a": "n", "b": "1", "c": "d"}
    assert json.loads(read(said)) == model
    assert set(json.loads(read({"meta": [1], "model": 3})).values()) == {None}


def _answer(token: str = "r", at_us: int = 0, body: bytes = b"{}") -> StoredAnswer:  # noqa: S107
    return StoredAnswer(token, "pair", body, at_us)


def test_an_answer_is_forgotten_after_its_hours() -> None:
    store = IdempotencyStore(keys=10, hours=1)
    store.keep("k", _answer())
    assert store.begin("k", "r", now_us=HOUR_US) is not None
    assert store.begin("k", "r", now_us=HOUR_US + 1) is None


def test_the_oldest_answer_makes_room_and_what_runs_is_never_dropped() -> None:
    store = IdempotencyStore(keys=3, hours=24)
    assert store.begin("running", "r", now_us=0) is None
    for number in range(5):
        store.keep(f"k{number}", _answer(at_us=number))
    assert store.begin("k0", "r", now_us=5) is None
    assert store.begin("k4", "r", now_us=5) is not None
    with pytest.raises(Problem):
        store.begin("running", "r", now_us=5)


def test_a_key_whose_request_failed_is_free_again() -> None:
    store = IdempotencyStore(keys=3, hours=24)
    assert store.begin("k", "r", now_us=0) is None
    store.forget("k")
    assert store.begin("k", "other", now_us=0) is None
    assert len(store) == 1

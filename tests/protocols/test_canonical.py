"""One content, one digest: whatever the order, quoting and comments of the file."""

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.canonical import canonical_json, canonical_protocol, digest_of, from_canonical
from protocols.errors import DocumentError, UsageError
from protocols.load import check, load
from tests.protocols.documents import MINIMAL, checked, minimal_text


def _shuffled(value: Any, source: random.Random) -> Any:
    if isinstance(value, dict):
        keys = source.sample(sorted(value), len(value))
        return {key: _shuffled(value[key], source) for key in keys}
    if isinstance(value, list):
        return [_shuffled(item, source) for item in value]
    return value


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_keys_does_not_change_the_digest(seed: int) -> None:
    protocol = load(MINIMAL)
    document = _shuffled(json.loads(canonical_protocol(protocol)), random.Random(seed))
    again = check(json.dumps(document, indent=1).encode(), name="shuffled.yaml").protocol
    assert again is not None
    assert digest_of(again) == digest_of(protocol)


def test_comments_and_quotes_do_not_change_the_digest_and_a_margin_does() -> None:
    digest = digest_of(load(MINIMAL))
    same = checked(minimal_text(("kind: rule", "kind: 'rule'  # a points score"))).protocol
    other = checked(minimal_text(("value: 0.05", "value: 0.051"))).protocol
    assert same is not None
    assert other is not None
    assert digest_of(same) == digest
    assert digest_of(other) != digest


def test_a_registered_protocol_is_read_back_unchanged() -> None:
    protocol = load(MINIMAL)
    again = from_canonical(canonical_protocol(protocol).decode())
    assert again == protocol
    assert canonical_protocol(again) == canonical_protocol(protocol)


def test_a_damaged_registration_is_an_error_with_a_remedy() -> None:
    with pytest.raises(DocumentError, match="restore it") as caught:
        from_canonical('{"schema_version": "1.0"}')
    assert caught.value.code == "CANONICAL_DAMAGED"


def test_the_digest_of_the_minimal_protocol_is_known() -> None:
    """A change here is a change of what every stored digest means: a new schema version."""
    assert digest_of(load(MINIMAL)) == MINIMAL_DIGEST


def test_canonical_json_is_that_of_the_standard() -> None:
    """RFC 8785, section 3.2.3 (sorting by UTF-16) and 3.2.2.3 (numbers as ECMAScript writes)."""
    value = {"\u20ac": "Euro", "\r": "CR", "1": "One", "\U0001f600": "Smiley", "\ufb33": "Dalet"}
    expected = (
        '{"\\r":"CR","1":"One","\u20ac":"Euro","\U0001f600":"Smiley","\ufb33":"Dalet"}'
    ).encode()
    assert canonical_json(value) == expected
    numbers = [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27, -0.0, 1.0]
    assert canonical_json(numbers) == b"[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1]"


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**53, object(), {1: "a"}, "\ud800", b"x"]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="no canonical JSON"):
        canonical_json([value])


MINIMAL_DIGEST = "sha256:04a86b7e772b5267d01a620df81f752f2cd3f4f434cb7422b5e408fd455300cc"

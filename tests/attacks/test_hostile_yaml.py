"""Protocol files written to break their reader: refused with a place, quickly, never raising."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.load import check
from tests.protocols.documents import minimal_text

GUARD_S = 5.0  # an alias that is expanded takes minutes; a slow machine does not
LITTLE_MEMORY = 50 * 1024 * 1024
# Shared machines pause; the best of a few tries says what the code needs.


def _bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines) + "\n"


DEEP_BRACKETS = "a: " + "[" * 100_000
HOSTILE: dict[str, str] = {
    "alias bomb": _bomb(9, 9),
    "wide alias bomb": _bomb(3, 20_000),
    "alias bomb inside a protocol": minimal_text() + _bomb(12, 10),
    "recursive alias": "a: &a [*a, *a]\n",
    "recursive merge": "a: &a\n  <<: *a\n  b: 1\n",
    "merge list": "x: &x {a: 1}\ny: {<<: [*x, *x]}\n",
    "python object": "!!python/object/apply:os.system ['true']\n",
    "python name": "a: !!python/name:os.system\n",
    "tag by directive": "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system [x]\n",
    "local tag": "a: !secret x\n",
    "set": "!!set {a, b}\n",
    "binary": "a: !!binary aGVsbG8=\n",
    "ordered map": "!!omap [a: 1, a: 2]\n",
    "timestamp tag": "a: !!timestamp 2001-01-01\n",
    "deep flow sequence": DEEP_BRACKETS,
    "deep flow mapping": "{a: " * 60_000,
    "deep block sequence": "- " * 100_000 + "x\n",
    "deep block mapping": "".join(f"{' ' * level}a:\n" for level in range(600)),
    "deep complex keys": "? " * 100_000 + "x\n",
    "list as key": "[a, b]: 1\n",
    "mapping as key": "{a: 1}: 1\n",
    "many keys": "".join(f"k{number}: 1\n" for number in range(30_000))[:260_000],
    "many empty values": "{" + ",".join(f"k{number}" for number in range(30_000)) + "}",
    "one key a thousand times": "a: 1\n" * 20_000,
    "a scalar of 200 KB": "a: " + "x" * 200_000,
    "digits of 200 KB": "a: " + "9" * 200_000,
    "digits with underscores": "a: " + "1_" * 100_000,
    "a decimal of 200 KB": "a: 1." + "0" * 200_000,
    "blank lines of 200 KB": "a: x" + "\n" * 200_000 + "b: y\n",
    "comment of 200 KB": "#" * 200_000,
    "quotes never closed": "a: '" + "x\n" * 100_000,
    "colons": "a: " + ": " * 100_000,
    "dashes": "---\n" * 60_000,
    "percent": "%" * 200_000,
    "tabs": "\t\n" * 100_000,
    "escapes": 'a: "' + "\\x41" * 50_000 + '"\n',
    "escaped escape character": 'a: "\\e[31m"\n',
    "escaped null": 'a: "\\0"\n',
    "escaped tab": 'a: "x\\ty"\n',
    "escaped surrogate": 'a: "\\ud800"\n',
    "escaped order mark": 'a: "\\u202e"\n',
    "norwegian": minimal_text(("signs: true", "signs: no")),
    "exponent as text": minimal_text(("tolerance: 0.05", "tolerance: 5e-2")),
    "not a number": minimal_text(("tolerance: 0.05", "tolerance: .nan")),
    "infinite": minimal_text(("limit: 0.2", "limit: .inf")),
    "sexagesimal": minimal_text(("horizon_days: 30", "horizon_days: 1:30")),
    "octal": minimal_text(("horizon_days: 30", "horizon_days: 030")),
    "quoted number": minimal_text(("tolerance: 0.05", 'tolerance: "0.05"')),
    "quoted truth value": minimal_text(("signs: true", 'signs: "true"')),
    "repeated margin": minimal_text(("value: 0.05", "value: 0.05\n      value: 0.9")),
    "repeated key in other quotes": minimal_text(("value: 0.05", 'value: 0.05\n      "value": 1')),
    "second document": minimal_text() + "---\n" + minimal_text(),
    "text reordered on screen": minimal_text(("Ten years.", "Ten\u202e years.")),
    "zero-width mark": minimal_text(("Ten years.", "Ten\ufeff years.")),
    "next line character": minimal_text(("Ten years.", "Ten\u0085years.")),
    "lone carriage return": minimal_text(("Ten years.", "Ten\ryears.")),
    "call in an expression": minimal_text(("inputs.age >= 18", "open('x')")),
    "power in an expression": minimal_text(("inputs.age >= 18", "9**9**9**9 > inputs.age")),
    "multiplied text": minimal_text(("expression: inputs.age >= 18", "expression: '\"a\" * 9'")),
    "dunder in an expression": minimal_text(("inputs.age >= 18", "inputs.__class__ == 1")),
    "nested expression": minimal_text(("inputs.age >= 18", "(" * 300 + "true" + ")" * 300)),
    "negated expression": minimal_text(("inputs.age >= 18", "not " * 200 + "true")),
    "function in a path": minimal_text(("score: output.score", "score: sum(a)")),
    "wildcards in a path": minimal_text(("score: output.score", 'score: "' + "[*]" * 60 + '"')),
    "unfinished path": minimal_text(("score: output.score", "score: output.")),
    "long identifier": minimal_text(("id: H1", "id: " + "H" * 100_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_place(name: str) -> None:
    result = check(HOSTILE[name].encode("utf-8", "surrogatepass"), name="hostile.yaml")
    assert result.protocol is None
    errors = [finding for finding in result.findings if finding.level == "error"]
    assert errors
    assert all(finding.line >= 1 and finding.column >= 1 for finding in errors)
    assert len(result.findings) <= 600


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_file_holds_the_loader_up(name: str) -> None:
    source = HOSTILE[name].encode("utf-8", "surrogatepass")
    assert _seconds(source) < GUARD_S


def _seconds(source: bytes) -> float:
    start = time.perf_counter()
    check(source, name="hostile.yaml")
    return time.perf_counter() - start


@pytest.mark.parametrize("name", ["alias bomb", "wide alias bomb", "deep flow sequence", "colons"])
def test_a_hostile_file_takes_little_memory(name: str) -> None:
    source = HOSTILE[name].encode()
    tracemalloc.start()
    try:
        check(source, name="hostile.yaml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < LITTLE_MEMORY


def test_an_alias_is_refused_where_it_stands_and_never_expanded() -> None:
    findings = check(_bomb(9, 9).encode(), name="bomb.yaml").findings
    first = next(finding for finding in findings if finding.code == "ALIAS")
    assert (first.line, first.column) == (2, 10)


def test_a_file_too_large_is_not_even_read_as_text() -> None:
    result = check(b"\xff" * 10_000_000, name="large.yaml")
    assert [finding.code for finding in result.findings] == ["FILE_TOO_LARGE"]
    assert result.source == ""


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_give_findings_and_never_raise(source: bytes) -> None:
    result = check(source, name="random.yaml")
    assert result.protocol is None
    assert result.findings


@settings(max_examples=300)
@given(st.text(alphabet="ab:-[]{}\"'&*!|>%?#,.~ \n\t0123456789\\<=ud8yesno\u202e", max_size=120))
def test_random_yaml_like_text_gives_findings_and_never_raises(text: str) -> None:
    assert check(text.encode(), name="random.yaml").protocol is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_protocol_with_a_piece_of_its_text_replaced_never_raises(data: st.DataObject) -> None:
    text = minimal_text()
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    piece = data.draw(st.text(alphabet="ab:-[]{}\"'&*!|>\n 0159.eyn\\", max_size=10))
    check((text[:start] + piece + text[end:]).encode(), name="mutated.yaml")

"""The language of conditions: what it means, what it refuses, and that it always ends."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.expressions import ExpressionError, Value, compile_expression
from protocols.findings import Code

NAMES = frozenset({"inputs.age", "inputs.sex", "outcome", "candidate.flag", "candidate.score"})


def _evaluate(text: str, **values: Value) -> bool | None:
    return compile_expression(text).evaluate(values)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a > 1 and b == 'x'", True),
        ("a > 5 or b in ('x', 'y')", True),
        ("b not in ('x', 'y')", False),
        ("b in ('x')", True),
        ("1 < a <= 2", True),
        ("2 < a <= 2", False),
        ("a + 1 == 3 and a * 2 == 4 and a / 4 == 0.5 and a - 5 == -3", True),
        ("-a < 0 and +a > 0", True),
        ("not (a == 2)", False),
        ("yes == true and no != true", True),
        ("yes", True),
        ("true", True),
        ("false", False),
        ("gone is null", True),
        ("a is not null", True),
        ("gone is null or gone > 5", True),
        ('b == "x"', True),
        ("b < 'y'", True),
        ("a == 2.0", True),
        ("a > 1\n and b == 'x'", True),
    ],
)
def test_a_condition_over_known_values_is_settled(text: str, meaning: bool) -> None:
    assert _evaluate(text, a=2, b="x", yes=True, no=False, gone=None) is meaning


@pytest.mark.parametrize(
    "text",
    [
        "gone > 1",
        "gone == gone",
        "absent",
        "not gone",
        "gone and yes",
        "gone or no",
        "gone in (1, 2)",
        "a in ('x', 'y')",  # unlike kinds
        "a == 'x'",
        "a != 'x'",
        "yes > no",  # truth values have no order
        "yes == 1",
        "b + 1 > 2",
        "yes + 1 > 1",
        "-b == 1",
        "a / 0 > 1",
        "a",  # a number is no truth value
        "b and yes",
        "null",
        "1 < gone < 3",
        "huge > 1",
        "nan == nan",
        "infinite > 1",
        "9007199254740 * 999999 > 1",
    ],
)
def test_what_is_not_settled_is_neither_true_nor_false(text: str) -> None:
    values: dict[str, Value] = {"a": 2, "b": "x", "yes": True, "no": False, "gone": None}
    values |= {"huge": 10**400, "nan": math.nan, "infinite": math.inf}
    assert compile_expression(text).evaluate(values) is None


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("gone and no", False),
        ("no and gone", False),
        ("gone or yes", True),
        ("not (gone and no)", True),
        ("gone < 1 < 0", False),
        ("a in ('x', 2)", True),
    ],
)
def test_an_unknown_part_does_not_hide_what_is_settled_anyway(text: str, meaning: bool) -> None:
    assert _evaluate(text, a=2, gone=None, yes=True, no=False) is meaning


def test_dotted_names_are_whole_names() -> None:
    expression = compile_expression("inputs.age >= 18 and not outcome", names=NAMES)
    assert expression.names == {"inputs.age", "outcome"}
    assert expression.evaluate({"inputs.age": 20, "outcome": False}) is True


def test_an_unknown_name_is_refused_with_the_closest_known_one() -> None:
    with pytest.raises(ExpressionError, match=r"did you mean `inputs.age`") as caught:
        compile_expression("outcome and inputs.aeg > 3", names=NAMES)
    assert caught.value.code == Code.EXPRESSION_UNKNOWN_NAME
    assert caught.value.offset == len("outcome and ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.EXPRESSION_SYNTAX),
        ("a >", Code.EXPRESSION_SYNTAX),
        ("a b", Code.EXPRESSION_SYNTAX),
        ("(a > 1", Code.EXPRESSION_SYNTAX),
        ("a) or (b", Code.EXPRESSION_SYNTAX),
        ("a = 1", Code.EXPRESSION_SYNTAX),
        ("a := 1", Code.EXPRESSION_SYNTAX),
        ("a > 1 # and b", Code.EXPRESSION_SYNTAX),
        ("a; b", Code.EXPRESSION_SYNTAX),
        ("a[0] == 1", Code.EXPRESSION_SYNTAX),
        ("{a}", Code.EXPRESSION_SYNTAX),
        ("a > 1e3", Code.EXPRESSION_SYNTAX),
        ("a > 0x1F", Code.EXPRESSION_SYNTAX),
        ("a > 1_0", Code.EXPRESSION_SYNTAX),
        ("a > 1j", Code.EXPRESSION_SYNTAX),
        ("a > 1if", Code.EXPRESSION_SYNTAX),
        ("a > 007", Code.EXPRESSION_SYNTAX),
        ("a == f'{b}'", Code.EXPRESSION_SYNTAX),
        ("a == b'x'", Code.EXPRESSION_SYNTAX),
        ("a == '\\x41'", Code.EXPRESSION_SYNTAX),
        ("a == 'x' 'y'", Code.EXPRESSION_SYNTAX),
        ("a == 'x", Code.EXPRESSION_SYNTAX),
        ("\u0430 > 1", Code.EXPRESSION_SYNTAX),  # a Cyrillic a
        ("a\t> 1", Code.EXPRESSION_SYNTAX),
        ("a & b", Code.EXPRESSION_SYNTAX),
        ("a.__class__ == 1", Code.EXPRESSION_SYNTAX),
        ("_a > 1", Code.EXPRESSION_SYNTAX),
        ("open('x')", Code.EXPRESSION_NOT_ALLOWED),
        ("a ** 9 ** 9 > 1", Code.EXPRESSION_NOT_ALLOWED),
        ("a // 2 > 1", Code.EXPRESSION_NOT_ALLOWED),
        ("a if b else c", Code.EXPRESSION_NOT_ALLOWED),
        ("(a for b in c)", Code.EXPRESSION_NOT_ALLOWED),
        ("a, b", Code.EXPRESSION_NOT_ALLOWED),
        ("(lambda)", Code.EXPRESSION_SYNTAX),
        ("a in b", Code.EXPRESSION_NOT_ALLOWED),
        ("a in ()", Code.EXPRESSION_NOT_ALLOWED),
        ("a in (*b, 1)", Code.EXPRESSION_NOT_ALLOWED),
        ("a in (1, null)", Code.EXPRESSION_NOT_ALLOWED),
        ("a in (1, 2) in (3, 4)", Code.EXPRESSION_NOT_ALLOWED),
        ("1 < a in (1, 2)", Code.EXPRESSION_NOT_ALLOWED),
        ("a == null", Code.EXPRESSION_NOT_ALLOWED),
        ("a is 5", Code.EXPRESSION_NOT_ALLOWED),
        ("a == True", Code.EXPRESSION_NOT_ALLOWED),
        ("None is null", Code.EXPRESSION_NOT_ALLOWED),
        ("'x' * 3 == a", None),  # not evaluable, and no text is ever multiplied
        ("a + 1", Code.EXPRESSION_NOT_A_CONDITION),
        ("5", Code.EXPRESSION_NOT_A_CONDITION),
        ("'x'", Code.EXPRESSION_NOT_A_CONDITION),
        ("-a", Code.EXPRESSION_NOT_A_CONDITION),
        ("a and 5", Code.EXPRESSION_NOT_A_CONDITION),
        ("not (a + 1)", Code.EXPRESSION_NOT_A_CONDITION),
        ("a > 1" + " " * 1000, Code.EXPRESSION_TOO_LARGE),
        ("a > 1234567890123456", Code.EXPRESSION_TOO_LARGE),
        ("not " * 200 + "a", Code.EXPRESSION_TOO_LARGE),
        ("-" * 500 + "1 > 2", Code.EXPRESSION_TOO_LARGE),
        ("+".join(["a"] * 200) + " > 1", Code.EXPRESSION_TOO_LARGE),
        ("a > 1 or " * 90 + "b", Code.EXPRESSION_TOO_LARGE),
        ("(" * 400 + "a" + ")" * 400, Code.EXPRESSION_SYNTAX),
    ],
)
def test_what_is_not_of_the_language_is_refused(text: str, code: Code | None) -> None:
    if code is None:
        assert compile_expression(text).evaluate({"a": 3}) is None
        return
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.code == code
    assert 0 <= caught.value.offset <= 1000


@settings(max_examples=300)
@given(st.text(alphabet="ab. ()<>=!+-*/,'\"0123456789andornotinistruefalsenull\n", max_size=60))
def test_any_text_compiles_to_something_total_or_is_refused(text: str) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError:
        return
    for value in (None, True, 0, -1.5, "x", 10**400, math.nan):
        assert expression.evaluate({"a": value, "b": 1}) in (True, False, None)


NUMBERS = st.one_of(
    st.integers(0, 50).map(str),
    st.sampled_from(["x", "y", "z"]),
)
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
    max_leaves=4,
)
COMPARISONS = st.one_of(
    st.builds(
        "{} {} {}".format, ARITHMETIC, st.sampled_from(["<", "<=", "==", "!=", ">="]), ARITHMETIC
    ),
    st.builds("{} <= {} < {}".format, ARITHMETIC, ARITHMETIC, ARITHMETIC),
    st.builds("{} in ({}, {})".format, ARITHMETIC, NUMBERS, NUMBERS),
    st.builds("{} not in ({}, {})".format, ARITHMETIC, NUMBERS, NUMBERS),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(CONDITIONS, st.integers(-9, 9), st.integers(-9, 9), st.floats(-9, 9))
def test_with_everything_known_the_language_agrees_with_python(
    text: str, x: int, y: int, z: float
) -> None:
    values: dict[str, Value] = {"x": x, "y": y, "z": z}
    expected = eval(text, {"__builtins__": {}}, dict(values))  # noqa: S307 - text made just above
    assert compile_expression(text).evaluate(values) is expected


@settings(max_examples=200)
@given(CONDITIONS, st.integers(-9, 9), st.sampled_from(["x", "y", "z"]))
def test_what_is_settled_without_a_value_stays_settled_with_any(
    text: str, filled: int, missing: str
) -> None:
    values: dict[str, Value] = {"x": 1, "y": 2, "z": 3.5} | {missing: None}
    expression = compile_expression(text)
    before = expression.evaluate(values)
    after = expression.evaluate({**values, missing: filled})
    assert before is None or before is after

"""The small language of conditions: eligibility, subgroups, safety rules, decision rules.

Python-like on the outside, but only this much: names, numbers, texts, true, false, null,
comparisons (also chained), `in (...)`, `is null`, + - * /, and, or, not, parentheses. It has no
calls, no attributes, no loops, and a bounded size, so that every expression ends in bounded time.

Truth is three-valued (Kleene, Introduction to Metamathematics, 1952, section 64). A missing value
or a comparison of unlike kinds is *not evaluable*; `false and unknown` is false all the same.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

from protocols.errors import EquipoiseError
from protocols.findings import Code

Value = float | int | str | bool | None
Evaluator = Callable[[Mapping[str, Value]], Value]

LONGEST = 1000
DEEPEST = 25
MOST_NODES = 250
MOST_DIGITS = 15
LARGEST_INTEGER = 2**53

TOKEN = re.compile(
    r"""(?P<space>[ \n]+)
      | (?P<number>[0-9]+(\.[0-9]+)?(?![0-9A-Za-z_.]))
      | (?P<text>'[^'\\\n]*'|"[^"\\\n]*")
      | (?P<name>[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*(?!['"\w.]))
      | (?P<sign>==|!=|<=|>=|[-+*/<>(),])""",
    re.VERBOSE | re.ASCII,
)
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
CONSTANT_NAMES: dict[str, Value] = {"true": True, "false": False, "null": None}


class ExpressionError(EquipoiseError):
    """The text is not an expression of this language; `offset` counts characters from 0."""

    exit_status = 3

    def __init__(self, code: Code, offset: int, message: str) -> None:
        super().__init__(code.value, message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled condition. `names` are the values it looks at, dotted names whole."""

    text: str
    names: frozenset[str]
    _evaluator: Evaluator

    def evaluate(self, values: Mapping[str, Value]) -> bool | None:
        """True, false, or None where what is known does not settle it. Never raises."""
        return _truth(self._evaluator(values))


def compile_expression(text: str, *, names: frozenset[str] | None = None) -> Expression:
    """Compile once, evaluate often. With `names`, any other name is refused.

    Raises ExpressionError with a finding code, an offset and a sentence.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            Code.EXPRESSION_TOO_LARGE, LONGEST, f"An expression has at most {LONGEST} characters."
        )
    text = text.strip(" \n")
    _check_tokens(text)
    compiler = _Compiler(names)
    try:
        tree = ast.parse(text.replace("\n", " "), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        offset = (getattr(problem, "offset", None) or len(text) + 1) - 1
        raise ExpressionError(
            Code.EXPRESSION_SYNTAX, min(offset, len(text)), "This is not a whole expression."
        ) from problem
    compiler.require_condition(tree.body)
    evaluator = compiler.compile(tree.body, 1)
    return Expression(text, frozenset(compiler.used), evaluator)


def _check_tokens(text: str) -> None:
    """Only the language's own tokens reach the parser: no comments, escapes, prefixes, brackets."""
    position, before = 0, ""
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(
                Code.EXPRESSION_SYNTAX, position, f"`{text[position]}` has no meaning here."
            )
        kind = str(match.lastgroup)
        if kind == "number" and len(match[0].replace(".", "")) > MOST_DIGITS:
            raise ExpressionError(
                Code.EXPRESSION_TOO_LARGE, position, f"A number has at most {MOST_DIGITS} digits."
            )
        if kind == before == "text":
            raise ExpressionError(Code.EXPRESSION_SYNTAX, position, "Two texts stand side by side.")
        before = before if kind == "space" else kind
        position = match.end()


class _Compiler:
    """Turns the whitelisted part of Python's syntax tree into closures."""

    def __init__(self, names: frozenset[str] | None) -> None:
        self.used: set[str] = set()
        self._names = names
        self._n_nodes = 0

    def compile(self, node: ast.expr, depth: int) -> Evaluator:
        self._n_nodes += 1
        if depth > DEEPEST or self._n_nodes > MOST_NODES:
            raise ExpressionError(
                Code.EXPRESSION_TOO_LARGE, _offset(node), "The expression is too involved."
            )
        match node:
            case ast.BoolOp(op=op, values=values):
                return self._bool_op(isinstance(op, ast.And), values, depth)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._not(operand, depth)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                return _signed(isinstance(sign, ast.USub), self.compile(operand, depth + 1))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                operands = self.compile(left, depth + 1), self.compile(right, depth + 1)
                return _arithmetic(ARITHMETIC[type(op)], *operands)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._compare(left, ops, comparators, depth)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.Constant(value=bool() | None):
                raise _refused(node, "Write true, false and null in small letters.")
            case ast.Constant(value=int() | float() | str() as value):
                return lambda _values: value
            case _:
                raise _refused(node, "This is not part of the language.")

    def require_condition(self, node: ast.expr) -> None:
        """A sum or a text is no condition; a name may be one, which is only known at evaluation."""
        is_value = isinstance(node, ast.BinOp | ast.Constant) or (
            isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not)
        )
        if is_value and not (isinstance(node, ast.Constant) and isinstance(node.value, bool)):
            raise ExpressionError(
                Code.EXPRESSION_NOT_A_CONDITION, _offset(node), "This is a value, not a condition."
            )

    def _bool_op(self, is_and: bool, values: list[ast.expr], depth: int) -> Evaluator:
        for value in values:
            self.require_condition(value)
        parts = tuple(self.compile(value, depth + 1) for value in values)
        decisive = not is_and  # false settles `and`, true settles `or`

        def evaluate(known: Mapping[str, Value]) -> Value:
            result: bool | None = not decisive
            for part in parts:
                truth = _truth(part(known))
                if truth is decisive:
                    return decisive
                if truth is None:
                    result = None
            return result

        return evaluate

    def _not(self, operand: ast.expr, depth: int) -> Evaluator:
        self.require_condition(operand)
        part = self.compile(operand, depth + 1)

        def evaluate(known: Mapping[str, Value]) -> Value:
            truth = _truth(part(known))
            return None if truth is None else not truth

        return evaluate

    def _compare(
        self, left: ast.expr, ops: list[ast.cmpop], comparators: list[ast.expr], depth: int
    ) -> Evaluator:
        if isinstance(ops[0], ast.In | ast.NotIn | ast.Is | ast.IsNot):
            if len(ops) > 1:
                raise _refused(left, "`in` and `is` do not chain; join with `and`.")
            return self._membership(left, ops[0], comparators[0], depth)
        if any(_is_null(side) for side in (left, *comparators)):
            raise _refused(left, "A comparison with null is never true; write `is null`.")
        sides = tuple(self.compile(side, depth + 1) for side in (left, *comparators))
        tests = []
        for op in ops:
            if type(op) not in COMPARE:
                raise _refused(left, "`in` and `is` do not chain; join with `and`.")
            tests.append((COMPARE[type(op)], isinstance(op, ast.Eq | ast.NotEq)))
        return _chain(sides, tuple(tests))

    def _membership(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> Evaluator:
        negated = isinstance(op, ast.NotIn | ast.IsNot)
        part = self.compile(left, depth + 1)
        if isinstance(op, ast.Is | ast.IsNot):
            if not _is_null(right):
                raise _refused(right, "`is` asks for null only; compare with ==.")
            return lambda known: (part(known) is None) is not negated
        listed = [right] if isinstance(right, ast.Constant) else getattr(right, "elts", [])
        if not listed or not isinstance(right, ast.Tuple | ast.Constant):
            raise _refused(right, "`in` needs a list in brackets, such as ('a', 'b').")
        if any(_is_null(item) for item in listed):
            raise _refused(right, "null is never in a list; write `is null`.")
        items = tuple(self.compile(item, depth + 1) for item in listed)
        return _member(part, items, negated)

    def _name(self, node: ast.expr) -> Evaluator:
        name = _dotted_name(node)
        if name in CONSTANT_NAMES:
            constant = CONSTANT_NAMES[name]
            return lambda _values: constant
        if self._names is not None and name not in self._names:
            close = get_close_matches(name, sorted(self._names), n=1)
            hint = f"did you mean `{close[0]}`?" if close else _listing(self._names)
            raise ExpressionError(
                Code.EXPRESSION_UNKNOWN_NAME, _offset(node), f"`{name}` is not known here; {hint}"
            )
        self.used.add(name)

        def evaluate(known: Mapping[str, Value]) -> Value:
            return _usable(known.get(name))

        return evaluate


def _chain(
    sides: tuple[Evaluator, ...], tests: tuple[tuple[Callable[[Any, Any], bool], bool], ...]
) -> Evaluator:
    """`a < b <= c` means `a < b and b <= c`."""

    def evaluate(known: Mapping[str, Value]) -> Value:
        values = [side(known) for side in sides]
        result: bool | None = True
        for index, (test, equality) in enumerate(tests):
            left, right = values[index], values[index + 1]
            if not _comparable(left, right, equality=equality):
                result = None
            elif not test(left, right):
                return False
        return result

    return evaluate


def _member(part: Evaluator, items: tuple[Evaluator, ...], negated: bool) -> Evaluator:
    def evaluate(known: Mapping[str, Value]) -> Value:
        value = part(known)
        result: bool | None = False
        for item in items:
            candidate = item(known)
            if not _comparable(value, candidate, equality=True):
                result = None
            elif value == candidate:
                result = True
                break
        return None if result is None else result is not negated

    return evaluate


def _arithmetic(
    operation: Callable[[float, float], float], left: Evaluator, right: Evaluator
) -> Evaluator:
    def evaluate(known: Mapping[str, Value]) -> Value:
        a, b = left(known), right(known)
        if not _is_number(a) or not _is_number(b):
            return None
        assert isinstance(a, int | float)  # noqa: S101 - for the type checker
        assert isinstance(b, int | float)  # noqa: S101 - for the type checker
        try:
            return _usable(operation(a, b))
        except ArithmeticError:
            return None

    return evaluate


def _signed(negative: bool, part: Evaluator) -> Evaluator:
    def evaluate(known: Mapping[str, Value]) -> Value:
        value = part(known)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return -value if negative else value

    return evaluate


def _truth(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _usable(value: object) -> Value:
    """A value the language can work with; anything else counts as missing."""
    match value:
        case bool() | str():
            return value
        case int():
            return value if -LARGEST_INTEGER <= value <= LARGEST_INTEGER else None
        case float():
            return value if isfinite(value) else None
        case _:
            return None


def _comparable(left: Value, right: Value, *, equality: bool) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return equality and isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, str) or isinstance(right, str):
        return isinstance(left, str) and isinstance(right, str)
    return left is not None and right is not None


def _dotted_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_dotted_name(value)}.{attribute}"
        case _:
            raise _refused(node, "Only names may have a dot.")


def _is_null(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "null"


def _offset(node: ast.expr) -> int:
    return node.col_offset


def _refused(node: ast.expr, message: str) -> ExpressionError:
    return ExpressionError(Code.EXPRESSION_NOT_ALLOWED, _offset(node), message)


def _listing(names: frozenset[str]) -> str:
    shown = sorted(names)
    more = ", …" if len(shown) > 12 else ""
    return "names here are: " + ", ".join(shown[:12]) + more + "."

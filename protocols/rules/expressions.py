"""Every expression of the document compiles, and speaks of values that exist where it is run."""

from collections.abc import Iterator
from typing import NamedTuple

from protocols.errors import Finding
from protocols.expressions import Expression, ExpressionError, compile_expression
from protocols.findings import Code, error, warning
from protocols.names import decision_names, input_names, safety_names
from protocols.schema import Protocol
from protocols.tree import shorten


class Place(NamedTuple):
    """Where an expression stands and which names it may use."""

    path: str
    text: str
    names: frozenset[str]


def _eligibility(protocol: Protocol) -> Iterator[Place]:
    names = input_names(protocol)
    sections = {"participant": protocol.eligibility.participant}
    sections["input"] = protocol.eligibility.input
    for section, criteria in sections.items():
        for index, criterion in enumerate(criteria):
            path = f"eligibility.{section}[{index}].expression"
            yield Place(path, criterion.expression, names)


def _analysed(protocol: Protocol) -> Iterator[Place]:
    """Expressions that run on a lock, where only stored inputs are known."""
    for i, subgroup in enumerate(protocol.subgroups):
        for j, level in enumerate(subgroup.levels):
            path = f"subgroups[{i}].levels[{j}].expression"
            yield Place(path, level.expression, input_names(protocol))
    for index, rule in enumerate(protocol.safety):
        yield Place(f"safety[{index}].event", rule.event, safety_names(protocol))
        yield Place(f"safety[{index}].among", rule.among, safety_names(protocol))
    for index, watch in enumerate(protocol.anytime_safety):
        for name, text in (("event", watch.event), ("counterpart", watch.counterpart)):
            if text is not None:
                yield Place(f"anytime_safety[{index}].{name}", text, safety_names(protocol))
        yield Place(f"anytime_safety[{index}].among", watch.among, safety_names(protocol))


def _decisions(protocol: Protocol) -> Iterator[Place]:
    for index, rule in enumerate(protocol.decision_rule.rules):
        yield Place(f"decision_rule.rules[{index}].when", rule.when, decision_names(protocol))


def compiled(place: Place) -> Expression | None:
    """None where the text does not compile; `compilable` has the finding."""
    try:
        return compile_expression(place.text, names=place.names)
    except ExpressionError:
        return None


def compilable(protocol: Protocol) -> Iterator[Finding]:
    """Every expression is of the language, with the names that its place allows."""
    for place in (*_eligibility(protocol), *_analysed(protocol), *_decisions(protocol)):
        try:
            compile_expression(place.text, names=place.names)
        except ExpressionError as problem:
            near = shorten(place.text[problem.offset :] or place.text[-10:], 30)
            message = f"Near `{near}`: {problem}"
            remedy = "The README of this room shows the whole expression language."
            yield error(Code(problem.code), place.path, message, remedy)


def stored_inputs_only(protocol: Protocol) -> Iterator[Finding]:
    """What a look evaluates is stored."""
    not_stored = {f"inputs.{f.name}" for f in protocol.inputs.fields if not f.stored}
    for place in _analysed(protocol):
        expression = compiled(place)
        for name in sorted(expression.names & not_stored) if expression else ():
            message = f"`{name}` is not stored, so no look can read it."
            remedy = "Write stored: true at the input, or use another one."
            yield error(Code.INPUT_NOT_STORED, place.path, message, remedy)


def eligibility_inputs(protocol: Protocol) -> Iterator[Finding]:
    """A criterion can be checked again later, and says what a missing input means."""
    fields = {f"inputs.{field.name}": field for field in protocol.inputs.fields}
    for place in _eligibility(protocol):
        expression = compiled(place)
        for name in sorted(expression.names) if expression else ():
            if not fields[name].stored:
                message = f"`{name}` is not stored: nobody can check this criterion again later."
                yield warning(
                    Code.ELIGIBILITY_INPUT_NOT_STORED,
                    place.path,
                    message,
                    "Write stored: true, unless data protection forbids it.",
                )
            if not fields[name].required and " is " not in place.text:
                message = f"`{name}` is optional; without it the request is not eligible."
                yield warning(
                    Code.ELIGIBILITY_INPUT_OPTIONAL,
                    place.path,
                    message,
                    f"Write required: true, or `{name} is null or …` if that is not meant.",
                )


RULES = (compilable, stored_inputs_only, eligibility_inputs)

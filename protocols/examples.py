"""The author's own worked examples, run through the protocol as every other room reads it."""

from collections.abc import Iterator
from math import isfinite

from protocols.eligibility import EligibilityCheck
from protocols.endpoints import flag_is_correct
from protocols.errors import Finding
from protocols.expressions import ExpressionError, compile_expression
from protocols.findings import Code, error
from protocols.names import pair_values, safety_names
from protocols.reading import flag_of, in_range
from protocols.schema import ArmPlan, Protocol, WorkedExample


def run_examples(protocol: Protocol) -> list[Finding]:
    """A finding for every place where the protocol says something else than its author expects.

    Empty while an expression does not compile: the lint rules speak of that.
    """
    try:
        runner = _Runner(protocol)
    except ExpressionError:
        return []
    return [
        finding
        for index, example in enumerate(protocol.worked_examples)
        for finding in runner.run(example, f"worked_examples[{index}]")
    ]


class _Runner:
    def __init__(self, protocol: Protocol) -> None:
        names = safety_names(protocol)
        self._protocol = protocol
        self._eligibility = EligibilityCheck(protocol)
        self._measures = {endpoint.id: endpoint.measure for endpoint in protocol.endpoints}
        self._of_the_outcome = {
            endpoint.id
            for endpoint in protocol.endpoints
            if endpoint.outcome == protocol.outcome.name
        }
        self._safety = [
            (
                rule.id,
                compile_expression(rule.event, names=names),
                compile_expression(rule.among, names=names),
            )
            for rule in protocol.safety
        ]

    def run(self, example: WorkedExample, path: str) -> Iterator[Finding]:
        pair, expect, arms = example.pair, example.expect, self._protocol.arms
        yield from self._unknown_names(example, path)
        yield from _score_range(pair.standard_of_care_score, arms.standard_of_care, f"{path}.pair")
        yield from _score_range(pair.candidate_score, arms.candidate, f"{path}.pair")
        reason = self._eligibility.check(pair.inputs)
        flags = (
            _flag(pair.standard_of_care_score, arms.standard_of_care),
            _flag(pair.candidate_score, arms.candidate),
        )
        told = f"{path}.expect"
        why = f" (because of {reason})" if reason else ""
        yield from _compare(f"{told}.eligible", expect.eligible, reason is None, why)
        yield from _compare(f"{told}.standard_of_care_flag", expect.standard_of_care_flag, flags[0])
        yield from _compare(f"{told}.candidate_flag", expect.candidate_flag, flags[1])
        counted = reason is None
        for endpoint, expected in expect.correct.items():
            if endpoint in self._measures:
                correct = self._correct(endpoint, flags, pair.outcome if counted else None)
                yield from _compare(f"{told}.correct.{endpoint}", expected, correct)
        events = self._safety_events(example, flags) if counted else ()
        expected_events = tuple(sorted(expect.safety_events))
        yield from _compare(f"{told}.safety_events", expected_events, events)

    def _correct(
        self, endpoint: str, flags: tuple[bool | None, bool | None], outcome: bool | None
    ) -> tuple[bool | None, bool | None]:
        """[standard of care, candidate]; an ineligible or unascertained encounter is outside.

        So is every endpoint of a further outcome: examples tell the protocol's own alone.
        """
        if outcome is None or endpoint not in self._of_the_outcome:
            return None, None
        measure = self._measures[endpoint]
        return (
            flag_is_correct(measure, flags[0], outcome),
            flag_is_correct(measure, flags[1], outcome),
        )

    def _safety_events(
        self, example: WorkedExample, flags: tuple[bool | None, bool | None]
    ) -> tuple[str, ...]:
        pair = example.pair
        if pair.outcome is None:
            return ()
        values = pair_values(
            pair.inputs,
            standard_of_care=(pair.standard_of_care_score, flags[0]),
            candidate=(pair.candidate_score, flags[1]),
            outcome=pair.outcome,
        )
        happened = [
            code
            for code, event, among in self._safety
            if among.evaluate(values) is True and event.evaluate(values) is True
        ]
        return tuple(sorted(happened))

    def _unknown_names(self, example: WorkedExample, path: str) -> Iterator[Finding]:
        fields = {field.name for field in self._protocol.inputs.fields}
        rules = {code for code, _, _ in self._safety}
        pair, expect = example.pair, example.expect
        checks: tuple[tuple[str, set[str], set[str], str], ...] = (
            ("pair.inputs", set(pair.inputs), fields, "an input"),
            ("expect.correct", set(expect.correct), set(self._measures), "an endpoint"),
            ("expect.safety_events", set(expect.safety_events), rules, "a safety rule"),
        )
        for place, used, known, kind in checks:
            for name in sorted(used - known):
                message = f"`{name}` is not {kind} of this protocol."
                remedy = f"Known here: {', '.join(sorted(known))}."
                yield error(Code.EXAMPLE_UNKNOWN_NAME, f"{path}.{place}", message, remedy)


def _flag(score: float | None, plan: ArmPlan) -> bool | None:
    return None if score is None else flag_of(score, plan.decision)


def _score_range(score: float | None, plan: ArmPlan, path: str) -> Iterator[Finding]:
    output = plan.output
    if score is not None and not (isfinite(score) and in_range(score, plan)):
        message = f"A score of {score:g} is outside {plan.name}'s range."
        kind = "Levels are whole numbers" if output.kind == "category" else "Scores lie"
        remedy = f"{kind} in [{output.low:g}, {output.high:g}]; such an answer is invalid."
        yield error(Code.EXAMPLE_SCORE_OUT_OF_RANGE, path, message, remedy)


def _compare(path: str, expected: object, said: object, why: str = "") -> Iterator[Finding]:
    if expected != said:
        message = f"The author expects {_show(expected)}, the protocol says {_show(said)}{why}."
        remedy = "One of the two is wrong: mend the protocol or the example."
        yield error(Code.EXAMPLE_DISAGREES, path, message, remedy)


def _show(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(_show(item) for item in value) + "]"
        case _:
            return str(value)

"""Safety limits, subgroup cells and the rule that turns results into a recommendation."""

from collections.abc import Iterator
from itertools import product
from typing import Literal

from protocols.errors import Finding
from protocols.expressions import Expression, ExpressionError, Value, compile_expression
from protocols.findings import Code, error, warning
from protocols.names import decision_names
from protocols.schema import Protocol

Moment = Literal["interim", "final"]
MOST_FREE_NAMES = 10  # 2^10 evaluations; beyond, only the presence of a name is checked
ADOPTING = {"switch", "randomised_pilot"}


def safety_limits(protocol: Protocol) -> Iterator[Finding]:
    """A safety limit can be kept and can be passed, with a confidence worth the name."""
    for index, rule in enumerate(protocol.safety):
        if rule.limit in {0, 1}:
            message = f"A limit of {rule.limit:g} is passed by the first event or by none."
            remedy = "Write the largest share that is still acceptable, above 0 and below 1."
            yield error(Code.SAFETY_LIMIT_EXTREME, f"safety[{index}].limit", message, remedy)
        if rule.confidence < 0.9:
            message = f"One-sided bounds at {rule.confidence:g} raise many false alarms."
            path = f"safety[{index}].confidence"
            yield warning(Code.SAFETY_CONFIDENCE_LOW, path, message, "0.95 is usual.")


def subgroup_cells(protocol: Protocol) -> Iterator[Finding]:
    """No subgroup shows cells that governance wants hidden."""
    smallest = protocol.governance.small_cell
    for index, subgroup in enumerate(protocol.subgroups):
        if subgroup.minimum_cell < smallest:
            message = f"Cells from {subgroup.minimum_cell} are shown, governance asks {smallest}."
            path = f"subgroups[{index}].minimum_cell"
            remedy = f"Write {smallest} or more."
            yield error(Code.SMALL_CELL_CLASH, path, message, remedy)


def _compiled(protocol: Protocol) -> list[Expression | None]:
    names = decision_names(protocol)
    found: list[Expression | None] = []
    for rule in protocol.decision_rule.rules:
        try:
            found.append(compile_expression(rule.when, names=names))
        except ExpressionError:
            found.append(None)
    return found


def _moments(protocol: Protocol) -> tuple[Moment, ...]:
    """One planned look is a final look only."""
    return ("interim", "final") if len(protocol.monitoring.looks) > 1 else ("final",)


def _applies(at: str, moment: Moment) -> bool:
    return at in {"any_look", moment}


def _always(expression: Expression | None, moment: Moment) -> bool:
    """True whatever the results: with everything else unknown, Kleene's logic settles it."""
    known: dict[str, Value] = {"look.final": moment == "final"}
    return expression is not None and expression.evaluate(known) is True


def reachable(protocol: Protocol) -> Iterator[Finding]:
    """At every look some rule holds, and no rule stands behind one that always holds."""
    rules, expressions = protocol.decision_rule.rules, _compiled(protocol)
    moments = _moments(protocol)
    closed: set[Moment] = set()
    for index, (rule, expression) in enumerate(zip(rules, expressions, strict=True)):
        if all(moment in closed for moment in moments if _applies(rule.at, moment)):
            message = f"The rule `{rule.id}` is never reached."
            remedy = "Put it before the rule that always holds, or delete it."
            path = f"decision_rule.rules[{index}]"
            yield error(Code.DECISION_UNREACHABLE, path, message, remedy)
        closed |= {m for m in moments if _applies(rule.at, m) and _always(expression, m)}
    if None in expressions:
        return  # one that does not compile yet may be the catch-all
    for moment in moments:
        if moment not in closed:
            message = f"No rule holds for certain at {'an' if moment == 'interim' else 'the'} "
            message += f"{moment} look, so there may be no recommendation."
            remedy = f'End with a rule at: {moment} (or any_look) with when: "true".'
            yield error(Code.DECISION_NO_CATCH_ALL, "decision_rule.rules", message, remedy)


def earned(protocol: Protocol) -> Iterator[Finding]:
    """Nothing speaks for the candidate unless a hypothesis was shown."""
    safety = {name for name in decision_names(protocol) if name.startswith("safety.")}
    guarded = False
    rules = zip(protocol.decision_rule.rules, _compiled(protocol), strict=True)
    for index, (rule, expression) in enumerate(rules):
        if expression is None:
            continue
        if rule.recommendation not in ADOPTING:
            guarded = guarded or bool(expression.names & safety)
            continue
        path = f"decision_rule.rules[{index}].when"
        if not _needs_a_shown_hypothesis(expression):
            message = f"`{rule.id}` recommends {rule.recommendation} though nothing was shown."
            remedy = "Join it with `and` to a hypothesis, such as `H1.shown`."
            yield error(Code.DECISION_SWITCH_UNEARNED, path, message, remedy)
        if not guarded and not expression.names & safety:
            message = f"`{rule.id}` recommends {rule.recommendation} without asking for safety."
            remedy = "Add `and not safety.any_exceeded`, or put a rule on safety before it."
            yield warning(Code.DECISION_IGNORES_SAFETY, path, message, remedy)


def _needs_a_shown_hypothesis(expression: Expression) -> bool:
    """Whether the condition can never be true while no hypothesis was shown."""
    shown = {name for name in expression.names if name.endswith(".shown")}
    free = sorted(expression.names - shown)
    if not shown or len(free) > MOST_FREE_NAMES:
        return bool(shown)
    nothing_shown: dict[str, Value] = dict.fromkeys(shown, False)
    return not any(
        expression.evaluate({**nothing_shown, **dict(zip(free, values, strict=True))}) is True
        for values in product((False, True), repeat=len(free))
    )


RULES = (safety_limits, subgroup_cells, reachable, earned)

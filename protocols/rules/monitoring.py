"""Spending, futility, bounds for harm and rules at any time."""

from collections.abc import Iterator
from itertools import pairwise

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.rules.names import suggestion
from protocols.schema import FutilityRule, Protocol, SpendingPlan

BY_POINTS = frozenset({"table", "piecewise"})
BY_PARAMETER = frozenset({"hwang_shih_decani", "kim_demets"})
LARGEST_GAMMA = 100.0  # beyond, the function is a step to any number of digits


def _spendings(protocol: Protocol) -> Iterator[tuple[str, SpendingPlan]]:
    yield "monitoring.spending", protocol.monitoring.spending
    for index, rule in enumerate(protocol.futility):
        if rule.spending is not None:
            yield f"futility[{index}].spending", rule.spending
    for index, bound in enumerate(protocol.harm_bounds):
        yield f"harm_bounds[{index}].spending", bound.spending


def spending_parameters(protocol: Protocol) -> Iterator[Finding]:
    """A family has the parameter that it asks for, in its range, and no other."""
    for path, plan in _spendings(protocol):
        asked, given = plan.family in BY_PARAMETER, plan.parameter is not None
        if asked != given:
            message = f"`{plan.family}` {'asks for a' if asked else 'has no'} parameter."
        elif plan.parameter is not None and not _in_range(plan.family, plan.parameter):
            message = f"`{plan.family}` has no parameter {plan.parameter:g}."
        else:
            continue
        remedy = "gamma of hwang_shih_decani lies in [-100, 100], rho of kim_demets in (0, 100]; "
        remedy += "write null for the others."
        yield error(Code.SPENDING_PARAMETER, f"{path}.parameter", message, remedy)


def _in_range(family: str, parameter: float) -> bool:
    lowest = 0.0 if family == "kim_demets" else -LARGEST_GAMMA
    return lowest <= parameter <= LARGEST_GAMMA and (family != "kim_demets" or parameter > 0)


def spending_points(protocol: Protocol) -> Iterator[Finding]:
    """Points rise to all of the error rate at all of the information; a table has one per look."""
    looks = [look.information for look in protocol.monitoring.looks]
    for path, plan in _spendings(protocol):
        if (plan.family in BY_POINTS) != bool(plan.points):
            asked = "asks for" if plan.family in BY_POINTS else "has no"
            message, remedy = f"`{plan.family}` {asked} points.", "Write points: [] without them."
        elif (problem := _points_problem(plan, looks)) is not None:
            message, remedy = problem
        else:
            continue
        yield error(Code.SPENDING_POINTS, f"{path}.points", message, remedy)


def _points_problem(plan: SpendingPlan, looks: list[float]) -> tuple[str, str] | None:
    if not plan.points:
        return None
    times, shares = [time for time, _ in plan.points], [share for _, share in plan.points]
    if any(b <= a for a, b in pairwise([0.0, *times])) or times[-1] > 1:
        return "The spending times do not increase.", "They rise from above 0 to 1."
    if any(b < a for a, b in pairwise([0.0, *shares])):
        return "A share that was spent is taken back.", "Shares never fall from point to point."
    if (times[-1], shares[-1]) != (1.0, 1.0):
        message = f"The last point spends {shares[-1]:g} of the whole at {times[-1]:g}."
        return message, "End with [1.0, 1.0]: what is never spent is never needed."
    if plan.family == "table" and times != looks:
        return "The table's times are not those of the looks.", "Write one point for each look."
    return None


def spending_start(protocol: Protocol) -> Iterator[Finding]:
    """Spending begins within the trial; a table says so itself; its last look spends all."""
    for path, plan in _spendings(protocol):
        if plan.start is not None and (plan.family == "table" or not 0 <= plan.start < 1):
            message = f"Spending by {plan.family} cannot start at {plan.start:g}."
            remedy = "Write a time from 0 to below 1, or null; a table holds shares of 0 instead."
            yield error(Code.SPENDING_START, f"{path}.start", message, remedy)
    monitoring = protocol.monitoring
    if monitoring.spending.family == "table" and monitoring.final_look != "full_alpha":
        message = "A table spends by look, and its last look spends all."
        remedy = "Write final_look: full_alpha, or a family that spends by information."
        yield error(Code.SPENDING_POINTS, "monitoring.final_look", message, remedy)


def watched_hypotheses(protocol: Protocol) -> Iterator[Finding]:
    """Whatever watches or sizes a hypothesis names one that exists."""
    known = [hypothesis.id for hypothesis in protocol.hypotheses]
    used = [(f"futility[{i}]", rule.hypothesis) for i, rule in enumerate(protocol.futility)]
    used += [(f"harm_bounds[{i}]", b.hypothesis) for i, b in enumerate(protocol.harm_bounds)]
    designs = protocol.sample_size.design
    used += [(f"sample_size.design[{i}]", d.hypothesis) for i, d in enumerate(designs)]
    for path, name in used:
        if name not in known:
            message, remedy = f"There is no hypothesis `{name}`.", suggestion(name, known)
            yield error(Code.UNKNOWN_HYPOTHESIS, f"{path}.hypothesis", message, remedy)


def named_looks(protocol: Protocol) -> Iterator[Finding]:
    """A look that is named is planned, and is not the last one where something follows from it."""
    known = [look.id for look in protocol.monitoring.looks]
    used = [
        (f"futility[{i}].looks[{j}]", name)
        for i, rule in enumerate(protocol.futility)
        for j, name in enumerate(rule.looks)
    ]
    if protocol.re_estimation is not None:
        used.append(("re_estimation.look", protocol.re_estimation.look))
    for path, name in used:
        if name not in known:
            message, remedy = f"There is no look `{name}`.", suggestion(name, known)
            yield error(Code.UNKNOWN_LOOK, path, message, remedy)
        elif name == known[-1]:
            message = f"After `{name}`, the last look, there is nothing to give up or to enlarge."
            yield error(Code.LOOK_IS_LAST, path, message, "Name an earlier look.")
    for index, rule in enumerate(protocol.futility):
        places = [known.index(name) for name in rule.looks if name in known]
        if any(b <= a for a, b in pairwise(places)):
            path = f"futility[{index}].looks"
            message = "These looks are repeated or out of order."
            yield error(Code.LOOKS_NOT_INCREASING, path, message, "Order the looks.")


def futility_values(protocol: Protocol) -> Iterator[Finding]:
    """One value for each look on the rule's scale, or a beta that is spent."""
    for index, rule in enumerate(protocol.futility):
        path, needed = f"futility[{index}]", len(rule.looks)
        by_beta = rule.scale == "beta_spending"
        if len(rule.values) != (0 if by_beta else needed):
            message = f"There are {len(rule.values)} values for {needed} looks of {rule.scale}."
            remedy = "Write one per look, and [] for beta_spending."
            yield error(Code.FUTILITY_VALUES, f"{path}.values", message, remedy)
        power = rule.scale in {"conditional_power", "predictive_power"}
        if power and not all(0 <= value <= 1 for value in rule.values):
            message = "A power lies outside [0, 1]."
            remedy = "Write it as a share, 0.1 for 10 %."
            yield error(Code.FUTILITY_VALUES, f"{path}.values", message, remedy)
        yield from _beta(path, rule, by_beta=by_beta)


def _beta(path: str, rule: FutilityRule, *, by_beta: bool) -> Iterator[Finding]:
    if rule.beta is not None and not 0 < rule.beta < 1:
        message = f"A type II error of {rule.beta:g} is none."
        yield error(Code.FUTILITY_SCALE, f"{path}.beta", message, "It lies in (0, 1).")
    told = {"beta": rule.beta, "spending": rule.spending}
    asked = {"true_effect": rule.true_effect} if by_beta else {}
    for field, value in {**told, **asked}.items():
        if (value is not None) != by_beta:
            verb = "asks for" if by_beta else "has no"
            message = f"The scale {rule.scale} {verb} {field.replace('_', ' ')}."
            remedy = "beta, spending and true_effect belong to beta_spending."
            yield error(Code.FUTILITY_SCALE, f"{path}.{field}", message, remedy)
    free = rule.scale in {"z", "effect", "predictive_power"}
    if free and rule.true_effect is not None:
        message = f"The scale {rule.scale} reckons under no assumed effect."
        remedy = "Write true_effect: null."
        yield error(Code.FUTILITY_SCALE, f"{path}.true_effect", message, remedy)


def binding(protocol: Protocol) -> Iterator[Finding]:
    """A rule that nobody may overrule says why; alpha would be too large if somebody did."""
    for index, rule in enumerate(protocol.futility):
        if rule.binding == (rule.binding_reason is not None):
            continue
        path = f"futility[{index}].binding_reason"
        message = "A binding rule for futility gives no reason."
        if not rule.binding:
            message = "This rule is not binding, so it has no reason to be."
        remedy = "Leave it non-binding with null, or say why nobody can overrule it."
        yield error(Code.BINDING_REASON, path, message, remedy)


RULES = (
    spending_parameters,
    spending_points,
    spending_start,
    watched_hypotheses,
    named_looks,
    futility_values,
    binding,
)

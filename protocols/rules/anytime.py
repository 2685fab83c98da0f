"""Safety rules that are read after every outcome: what they watch, parameters, units, merging."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from protocols.errors import Finding
from protocols.expressions import ExpressionError, compile_expression
from protocols.findings import Code, error, warning
from protocols.methods.anytime import (
    ANYTIME,
    BY_LOOKS,
    COUNTING,
    E_PROCESSES,
    LEAST_BURN_IN,
    UNBOUNDED,
)
from protocols.methods.measures import MEASURES, Measure
from protocols.names import safety_names
from protocols.rules.names import suggestion
from protocols.rules.parameters import Names, parameter_findings
from protocols.schema import AnytimeGroup, AnytimeRule, FateMixRule, Protocol
from protocols.vocabulary import ASKED, OTHER_FATES

ROUNDING = 1e-9
OF_ONE_OUTCOME = ("sensitivity", "specificity")
"""Measures whose pairs all have the event, or all have none."""


def anytime_parameters(protocol: Protocol) -> Iterator[Finding]:
    """Each method has exactly the parameters that it asks for."""
    names = Names.of(protocol)
    for index, rule in enumerate(protocol.anytime_safety):
        path = f"anytime_safety[{index}].parameters"
        asked = ANYTIME[rule.method]
        found = list(parameter_findings(path, rule.method, asked, rule.parameters, names))
        yield from found or _out_of_order(path, rule)


def _out_of_order(path: str, rule: AnytimeRule) -> Iterator[Finding]:
    if rule.method == BY_LOOKS:
        yield from _looks(path, rule)
        return
    given = {k: v for k, v in rule.parameters.items() if isinstance(v, int | float)}
    most = given.get("most_units")
    if most is not None and rule.burn_in > most:
        message = f"The burn-in of {rule.burn_in} lies behind the horizon of {most:g} units."
        yield error(
            Code.PARAMETER_RANGE, f"{path}.most_units", message, "Let the rule signal before it."
        )
    share, beta = given.get("alternative"), given.get("beta")
    if share is not None and not rule.limit < share < 1:
        message = f"The alternative {share:g} is not above the limit {rule.limit:g} and below 1."
        remedy = "Write the larger share that must not go unnoticed."
        yield error(Code.PARAMETER_RANGE, f"{path}.alternative", message, remedy)
    if beta is not None and not 0 < beta < 1 - rule.alpha:
        message = f"A chance of {beta:g} of missing it leaves no room beside alpha."
        remedy = "It lies above 0, and its sum with alpha below 1."
        yield error(Code.PARAMETER_RANGE, f"{path}.beta", message, remedy)


def _looks(path: str, rule: AnytimeRule) -> Iterator[Finding]:
    """Numbers of units rise in whole numbers; shares of alpha never fall and end with all."""
    units, spent = rule.parameters["at_units"], rule.parameters["spent"]
    if not (isinstance(units, tuple) and isinstance(spent, tuple)):
        return
    if any(b <= a for a, b in pairwise(units)) or any(n != int(n) for n in units):
        message = "These numbers of units do not increase in whole numbers."
        yield error(Code.PARAMETER_RANGE, f"{path}.at_units", message, "Write [50, 100, 200].")
    fits = len(spent) == len(units) and spent[-1] == 1 and spent[0] > 0
    if not fits or any(b < a for a, b in pairwise(spent)):
        message = "These shares of alpha are not one for each number of units, rising to 1."
        remedy = "Write [0.25, 0.5, 1] for three: what may have been used by each of them."
        yield error(Code.PARAMETER_RANGE, f"{path}.spent", message, remedy)


def anytime_harm(protocol: Protocol) -> Iterator[Finding]:
    """Each rule watches one harm, and its method can."""
    known = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    for index, rule in enumerate(protocol.anytime_safety):
        path = f"anytime_safety[{index}]"
        if (rule.event is None) == (rule.endpoint is None):
            message = "A rule watches either an event or the paired loss of an endpoint."
            yield _harm(f"{path}.event", message, "Write null for the one that it does not watch.")
        elif rule.endpoint is not None and rule.counterpart is not None:
            message = "The paired loss of an endpoint has its counterpart already."
            yield _harm(f"{path}.counterpart", message, "Write counterpart: null.")
        elif rule.endpoint is not None and rule.endpoint not in known:
            message = f"There is no endpoint `{rule.endpoint}`."
            yield _harm(f"{path}.endpoint", message, suggestion(rule.endpoint, known))
        elif rule.endpoint is not None:
            yield from _loss(path, rule, known[rule.endpoint].measure)
        elif rule.counterpart is not None and rule.method in COUNTING:
            yield _uncountable(path, rule)
        yield from _limit(path, rule)


def _loss(path: str, rule: AnytimeRule, measure: Measure) -> Iterator[Finding]:
    spec = MEASURES[measure]
    if spec.kind not in {"binary", "mean"}:
        message = f"`{measure}` has no loss of a single pair."
        remedy = "Name an endpoint whose measure is a mean over pairs."
        yield _harm(f"{path}.endpoint", message, remedy)
    elif rule.method in COUNTING:
        yield _uncountable(path, rule)
    elif rule.method != UNBOUNDED and not _has_bounds(measure):
        message = f"The loss of `{measure}` has no bounds from 0 to 1, as {rule.method} asks for."
        remedy = "Write method: asymptotic, with its burn-in."
        yield _harm(f"{path}.method", message, remedy)


def _uncountable(path: str, rule: AnytimeRule) -> Finding:
    message = f"{rule.method} counts events, and a paired loss is no count."
    remedy = "Write a method that bets (betting, empirical_bernstein), or counterpart: null."
    return _harm(f"{path}.method", message, remedy)


def _harm(path: str, message: str, remedy: str) -> Finding:
    return error(Code.ANYTIME_HARM, path, message, remedy)


def _limit(path: str, rule: AnytimeRule) -> Iterator[Finding]:
    """A limit can be passed; a paired one may be 0, an expected rate or an error 1 or more."""
    paired = rule.counterpart is not None or rule.endpoint is not None
    unbounded = rule.method == "poisson_maxsprt" or (
        rule.method == UNBOUNDED and rule.endpoint is not None
    )
    if (rule.limit >= 1 and not unbounded) or (rule.limit == 0 and not paired):
        message = f"A limit of {rule.limit:g} cannot be kept or cannot be passed by a share."
        remedy = "Write the largest share that is still acceptable, above 0 and below 1."
        yield error(Code.SAFETY_LIMIT_EXTREME, f"{path}.limit", message, remedy)


def anytime_burn_in(protocol: Protocol) -> Iterator[Finding]:
    """What holds in the limit says nothing early; a look is not thrown away."""
    for index, rule in enumerate(protocol.anytime_safety):
        path = f"anytime_safety[{index}].burn_in"
        if rule.method == UNBOUNDED and rule.burn_in < LEAST_BURN_IN:
            message = f"After {rule.burn_in} units an asymptotic rule does not keep its alpha."
            remedy = f"Write {LEAST_BURN_IN} or more, or a method for values with bounds."
            yield error(Code.ANYTIME_BURN_IN, path, message, remedy)
        units = rule.parameters.get("at_units")
        if rule.method == BY_LOOKS and isinstance(units, tuple) and rule.burn_in > min(units):
            message = f"The burn-in of {rule.burn_in} passes over the first reading."
            remedy = "Write 0; at_units says when the rule is read."
            yield error(Code.ANYTIME_BURN_IN, path, message, remedy)


def anytime_inexact(protocol: Protocol) -> Iterator[Finding]:
    """Rare events are far from normal for long, and methods for values with bounds are exact."""
    measures = {endpoint.id: endpoint.measure for endpoint in protocol.endpoints}
    for index, rule in enumerate(protocol.anytime_safety):
        measure = measures.get(rule.endpoint) if rule.endpoint else None
        bounded = rule.event is not None or (measure is not None and _has_bounds(measure))
        if rule.method == UNBOUNDED and bounded:
            message = "These values have bounds, and asymptotic keeps its alpha only in the limit."
            remedy = "Write method: betting or empirical_bernstein, which are exact."
            yield warning(Code.ANYTIME_INEXACT, f"anytime_safety[{index}].method", message, remedy)


def _has_bounds(measure: Measure) -> bool:
    return MEASURES[measure].kind == "binary" or measure == "brier"


def anytime_order(protocol: Protocol) -> Iterator[Finding]:
    """Where events are reported sooner than their absence, early pairs look worse than all do."""
    if protocol.outcome.maturity != "ascertained":
        return
    measures = {endpoint.id: endpoint.measure for endpoint in protocol.endpoints}
    for index, rule in enumerate(protocol.anytime_safety):
        of_one_kind = rule.endpoint and measures.get(rule.endpoint) in OF_ONE_OUTCOME
        if not (of_one_kind or _settles_outcome(protocol, rule)):
            message = "Pairs with and without the event are read together, as they are reported."
            remedy = "Write among: outcome (or not outcome), or outcome.maturity: elapsed."
            yield warning(Code.ANYTIME_ORDER, f"anytime_safety[{index}].among", message, remedy)


def _settles_outcome(protocol: Protocol, rule: AnytimeRule) -> bool:
    """Whether every pair among which the rule looks has the same outcome."""
    try:
        among = compile_expression(rule.among, names=safety_names(protocol))
    except ExpressionError:
        return True  # said elsewhere
    return any(among.evaluate({"outcome": there}) is False for there in (True, False))


def anytime_units(protocol: Protocol) -> Iterator[Finding]:
    """Pairs of one subject are no independent cases to bet on."""
    for index, rule in enumerate(protocol.anytime_safety):
        if rule.unit == "pair" and protocol.design.cluster == "subject":
            message = "Pairs cluster by subject, and this rule takes every pair as a new case."
            yield error(
                Code.UNIT_FINER_THAN_CLUSTER,
                f"anytime_safety[{index}].unit",
                message,
                "Write unit: subject; later pairs of a subject are then left out.",
            )


def anytime_groups(protocol: Protocol) -> Iterator[Finding]:
    """A group merges e-processes that are registered, each once."""
    methods = {rule.id: rule.method for rule in protocol.anytime_safety}
    for index, group in enumerate(protocol.anytime_groups):
        for place, name in enumerate(group.rules):
            problem = _member(name, place, group, methods)
            if problem is not None:
                path = f"anytime_groups[{index}].rules[{place}]"
                remedy = f"Name rules of anytime_safety by {', '.join(sorted(E_PROCESSES))}."
                yield error(Code.ANYTIME_GROUP, path, problem, remedy)


def _member(name: str, place: int, group: AnytimeGroup, methods: Mapping[str, str]) -> str | None:
    if name not in methods:
        return f"There is no rule `{name}` in anytime_safety."
    if name in group.rules[:place]:
        return f"`{name}` is in the group already."
    if methods[name] not in E_PROCESSES:
        return f"`{name}` is read by {methods[name]}, whose statistic is no e-value."
    return None


def fate_mix(protocol: Protocol) -> Iterator[Finding]:
    """Shares are of fates, positive, and sum to one."""
    rule = protocol.fate_mix
    if rule is None:
        return
    known = {fate.value for fate in ASKED}
    for name in rule.shares:
        if name not in known | {OTHER_FATES}:
            message = f"`{name}` is no fate of an asking."
            remedy = suggestion(name, sorted(known | {OTHER_FATES}))
            yield error(Code.FATE_MIX, f"fate_mix.shares.{name}", message, remedy)
    problem = _mix_problem(rule, known)
    if problem is not None:
        remedy = "Write a positive share for each fate that you name, one for other, in all 1."
        yield error(Code.FATE_MIX, "fate_mix.shares", problem, remedy)


def _mix_problem(rule: FateMixRule, known: set[str]) -> str | None:
    if len(rule.shares) < 2 or not all(0 < share < 1 for share in rule.shares.values()):
        return "A mix has two fates or more, each with a share between 0 and 1."
    if abs(math.fsum(rule.shares.values()) - 1) > ROUNDING:
        return f"The shares sum to {math.fsum(rule.shares.values()):g}."
    if (OTHER_FATES in rule.shares) == (known <= set(rule.shares)):
        return "`other` stands for the fates that are not named, where there are any."
    return None


RULES = (
    anytime_parameters,
    anytime_harm,
    anytime_burn_in,
    anytime_inexact,
    anytime_order,
    anytime_units,
    anytime_groups,
    fate_mix,
)

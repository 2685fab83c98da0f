"""Safety rules that are read after every outcome: parameters, units, errors of their own."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.methods.anytime import ANYTIME
from protocols.rules.parameters import Names, parameter_findings
from protocols.schema import AnytimeRule, Protocol


def anytime_parameters(protocol: Protocol) -> Iterator[Finding]:
    """Each method has exactly the parameters that it asks for."""
    names = Names.of(protocol)
    for index, rule in enumerate(protocol.anytime_safety):
        path = f"anytime_safety[{index}].parameters"
        asked = ANYTIME[rule.method]
        yield from parameter_findings(path, rule.method, asked, rule.parameters, names)
        yield from _out_of_order(path, rule)


def _out_of_order(path: str, rule: AnytimeRule) -> Iterator[Finding]:
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


RULES = (anytime_parameters, anytime_units)

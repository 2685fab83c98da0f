"""Further outcomes, and whether each endpoint's outcome and arms can give its measure."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.methods.measures import MEASURES, MeasureSpec
from protocols.outcomes import outcomes_by_name
from protocols.rules.names import suggestion
from protocols.schema import Endpoint, FurtherOutcome, OutcomePlan, Protocol

CATEGORIES = {"ordinal", "nominal"}
WITH_LIMITS = {"number", "count", "time_to_event"}


def names(protocol: Protocol) -> Iterator[Finding]:
    """No further outcome has the name of the protocol's outcome."""
    for index, outcome in enumerate(protocol.further_outcomes):
        if outcome.name == protocol.outcome.name:
            message = f"`{outcome.name}` is the protocol's outcome already."
            path = f"further_outcomes[{index}].name"
            yield error(Code.DUPLICATE_ID, path, message, "Give each outcome its own name.")


def observable(protocol: Protocol) -> Iterator[Finding]:
    """Nobody observes what would have followed from acting on the candidate."""
    for index, outcome in enumerate(protocol.further_outcomes):
        if outcome.per_arm and outcome.basis == "observed":
            message = f"`{outcome.name}` cannot be observed for both arms: nobody acts on the "
            message += "candidate in shadow mode."
            remedy = "Have it adjudicated from both answers, or simulate it, and say so in basis."
            path = f"further_outcomes[{index}].basis"
            yield error(Code.OUTCOME_NOT_OBSERVABLE, path, message, remedy)


def simulated(protocol: Protocol) -> Iterator[Finding]:
    """A hypothesis on a simulated outcome tests the simulator as well."""
    bases = {outcome.name: outcome.basis for outcome in protocol.further_outcomes}
    endpoints = {endpoint.id: endpoint.outcome for endpoint in protocol.endpoints}
    for index, hypothesis in enumerate(protocol.hypotheses):
        name = endpoints.get(hypothesis.endpoint, "")
        if bases.get(name) == "simulated":
            message = f"`{hypothesis.id}` tests `{name}`, which nobody saw: it is simulated."
            remedy = "Describe it with an analysis; a verdict would be one on the simulator too."
            path = f"hypotheses[{index}].endpoint"
            yield warning(Code.OUTCOME_SIMULATED, path, message, remedy)


def levels(protocol: Protocol) -> Iterator[Finding]:
    """A category has two distinct levels or more, and nothing else has any."""
    for index, outcome in enumerate(protocol.further_outcomes):
        path = f"further_outcomes[{index}].levels"
        n_levels, distinct = len(outcome.levels), len(set(outcome.levels))
        if outcome.type not in CATEGORIES and n_levels:
            message = f"A {outcome.type} outcome has no levels."
            yield error(Code.OUTCOME_LEVELS, path, message, "Write levels: [].")
        elif outcome.type in CATEGORIES and (n_levels < 2 or distinct < n_levels):
            message = f"The levels of `{outcome.name}` are not two or more distinct words."
            remedy = "List every level once; those of an ordinal outcome from lowest to highest."
            yield error(Code.OUTCOME_LEVELS, path, message, remedy)


def limits(protocol: Protocol) -> Iterator[Finding]:
    """Only what is counted or measured has limits, and they have an order."""
    for index, outcome in enumerate(protocol.further_outcomes):
        problem = _limit_problem(outcome)
        if problem is not None:
            remedy = "Write the smallest and largest value that is taken, or null for none."
            yield error(Code.OUTCOME_LIMITS, f"further_outcomes[{index}].low", problem, remedy)


def _limit_problem(outcome: FurtherOutcome) -> str | None:
    low, high = outcome.low, outcome.high
    if outcome.type not in WITH_LIMITS and (low is not None or high is not None):
        return f"A {outcome.type} outcome has no low and no high."
    if low is not None and high is not None and low >= high:
        return f"low ({low:g}) does not lie below high ({high:g})."
    if outcome.type == "number" and (low is None or high is None):
        return "A number without limits takes every slip of the keyboard."
    if outcome.type != "number" and ((low or 0) < 0 or (high is not None and high <= 0)):
        return f"A {outcome.type} outcome is never negative."
    return None


def outcomes_of_endpoints(protocol: Protocol) -> Iterator[Finding]:
    """Each endpoint's outcome exists and is one that its measure can be taken of."""
    known = outcomes_by_name(protocol)
    for index, endpoint in enumerate(protocol.endpoints):
        path = f"endpoints[{index}].outcome"
        outcome = known.get(endpoint.outcome)
        if outcome is None:
            message = f"There is no outcome `{endpoint.outcome}`."
            remedy = suggestion(endpoint.outcome, known)
            yield error(Code.UNKNOWN_OUTCOME, path, message, remedy)
        elif (problem := _clash(MEASURES[endpoint.measure], endpoint, outcome)) is not None:
            remedy = "Name another outcome, or take another measure."
            yield error(Code.OUTCOME_MEASURE_CLASH, path, problem, remedy)


def _clash(
    spec: MeasureSpec, endpoint: Endpoint, outcome: OutcomePlan | FurtherOutcome
) -> str | None:
    per_arm = isinstance(outcome, FurtherOutcome) and outcome.per_arm
    if outcome.type not in spec.outcome_types:
        taken = " or ".join(word.replace("_", " ") for word in spec.outcome_types)
        kind = outcome.type.replace("_", " ")
        return f"{endpoint.measure} is of a {taken} outcome, and `{outcome.name}` is {kind}."
    if spec.per_arm == "needed" and not per_arm:
        return f"{endpoint.measure} needs a value for each arm; `{outcome.name}` has one a pair."
    if spec.per_arm == "forbidden" and per_arm:
        return f"{endpoint.measure} needs one reference; `{outcome.name}` has a value for each arm."
    return None


def answers_of_arms(protocol: Protocol) -> Iterator[Finding]:
    """Probabilities come from arms that give them, classes from arms that name them."""
    kinds = {protocol.arms.standard_of_care.output.kind, protocol.arms.candidate.output.kind}
    for index, endpoint in enumerate(protocol.endpoints):
        path = f"endpoints[{index}].measure"
        if MEASURES[endpoint.measure].needs_probability and kinds != {"probability"}:
            message = f"{endpoint.measure} needs a probability from both arms, and one gives none."
            remedy = "Take auc, or map the score first."
            yield error(Code.PROBABILITY_NEEDED, path, message, remedy)
        if endpoint.measure == "category" and kinds != {"category"}:
            message = "category needs arms that name a level, and one gives another kind of answer."
            remedy = "Write output.kind: category for both arms, or take another measure."
            yield error(Code.CATEGORY_NEEDED, path, message, remedy)


def categories(protocol: Protocol) -> Iterator[Finding]:
    """The arms number exactly the levels of the reference that they are held against."""
    known = outcomes_by_name(protocol)
    wanted = {
        len(outcome.levels)
        for endpoint in protocol.endpoints
        if endpoint.measure == "category"
        and isinstance(outcome := known.get(endpoint.outcome), FurtherOutcome)
    }
    arms = protocol.arms
    for name, arm in (("standard_of_care", arms.standard_of_care), ("candidate", arms.candidate)):
        for n_levels in sorted(wanted):
            if arm.output.kind == "category" and arm.output.high != n_levels - 1:
                message = f"The reference has {n_levels} levels, this arm's answers run from 0 to "
                message += f"{arm.output.high:g}."
                remedy = f"Levels are numbered in the order written: high is {n_levels - 1}."
                path = f"arms.{name}.output.high"
                yield error(Code.CATEGORY_LEVELS, path, message, remedy)


RULES = (
    names,
    observable,
    simulated,
    levels,
    limits,
    outcomes_of_endpoints,
    answers_of_arms,
    categories,
)

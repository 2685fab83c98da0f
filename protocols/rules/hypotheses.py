"""Endpoints, hypotheses, margins, tests and the order in which alpha is used."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.rules.names import suggestion
from protocols.schema import Endpoint, Hypothesis, Protocol
from protocols.vocabulary import Direction, Framework, Role

PRIMARY_ROLES = {Role.PRIMARY, Role.CO_PRIMARY}
CONFIRMATORY_ROLES = PRIMARY_ROLES | {Role.KEY_SECONDARY}
TESTS_OF = {
    "auc": ("delong",),
    "sensitivity": ("tango_score", "clustered_difference"),
    "specificity": ("tango_score", "clustered_difference"),
    "brier": ("clustered_difference",),
}
BINARY = {"sensitivity", "specificity"}
DIRECTIONS = {
    "auc": Direction.HIGHER_IS_BETTER,
    "sensitivity": Direction.HIGHER_IS_BETTER,
    "specificity": Direction.HIGHER_IS_BETTER,
    "brier": Direction.LOWER_IS_BETTER,
}


def _tested(protocol: Protocol) -> Iterator[tuple[str, Hypothesis, Endpoint]]:
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    for index, hypothesis in enumerate(protocol.hypotheses):
        if hypothesis.endpoint in endpoints:
            yield f"hypotheses[{index}]", hypothesis, endpoints[hypothesis.endpoint]


def primary_endpoints(protocol: Protocol) -> Iterator[Finding]:
    """One endpoint is primary, or several together, and each is tested."""
    n_primary = sum(endpoint.role is Role.PRIMARY for endpoint in protocol.endpoints)
    n_co_primary = sum(endpoint.role is Role.CO_PRIMARY for endpoint in protocol.endpoints)
    if (n_primary, n_co_primary) != (1, 0) and (n_primary != 0 or n_co_primary < 2):
        message = f"There are {n_primary} primary and {n_co_primary} co-primary endpoints."
        remedy = "Have one primary endpoint, or at least two co-primary ones that must all pass."
        yield error(Code.PRIMARY_ENDPOINTS, "endpoints", message, remedy)
    tested = {hypothesis.endpoint for hypothesis in protocol.hypotheses}
    for index, endpoint in enumerate(protocol.endpoints):
        if endpoint.role in PRIMARY_ROLES and endpoint.id not in tested:
            message = f"No hypothesis tests the {endpoint.role} endpoint `{endpoint.id}`."
            path = f"endpoints[{index}].role"
            yield error(Code.PRIMARY_NOT_TESTED, path, message, "Write the hypothesis down.")


def directions(protocol: Protocol) -> Iterator[Finding]:
    """Each measure is better in its own direction."""
    for index, endpoint in enumerate(protocol.endpoints):
        right = DIRECTIONS[endpoint.measure]
        if endpoint.direction is not right:
            message = f"The direction of {endpoint.measure} is {right}."
            remedy = f"Write {right}; the margin stays a positive number."
            yield error(Code.DIRECTION_CLASH, f"endpoints[{index}].direction", message, remedy)


def probabilities(protocol: Protocol) -> Iterator[Finding]:
    """The Brier score is the mean squared error of a probability, of nothing else."""
    kinds = {protocol.arms.standard_of_care.output.kind, protocol.arms.candidate.output.kind}
    for index, endpoint in enumerate(protocol.endpoints):
        if endpoint.measure == "brier" and kinds != {"probability"}:
            message = "The Brier score needs a probability from both arms, and one gives a score."
            path = f"endpoints[{index}].measure"
            yield error(Code.PROBABILITY_NEEDED, path, message, "Take auc, or map the score first.")


def testable_endpoints(protocol: Protocol) -> Iterator[Finding]:
    """A tested endpoint is one that shadow mode can show, in a role that is tested."""
    for path, hypothesis, endpoint in _tested(protocol):
        if not endpoint.identifiability.identifiable:
            message = f"Shadow mode cannot show `{endpoint.id}`: nobody acts on the candidate."
            remedy = "Describe it without a hypothesis, or leave it to a randomised trial."
            yield error(Code.UNIDENTIFIABLE_ENDPOINT, f"{path}.endpoint", message, remedy)
        if endpoint.role not in CONFIRMATORY_ROLES:
            message = f"`{hypothesis.id}` tests `{endpoint.id}`, whose role is {endpoint.role}."
            remedy = "Make the endpoint key_secondary, or describe it without a hypothesis."
            yield error(Code.ROLE_CLASH, f"{path}.endpoint", message, remedy)


def margins(protocol: Protocol) -> Iterator[Finding]:
    """Non-inferiority has a margin that is a plausible loss; superiority has none."""
    for path, hypothesis, _ in _tested(protocol):
        margin, place = hypothesis.margin, f"{path}.margin"
        if hypothesis.framework is Framework.SUPERIORITY:
            if margin is not None:
                message = f"`{hypothesis.id}` is of superiority and has a margin."
                remedy = "Write margin: null, or make it a non-inferiority hypothesis."
                yield error(Code.MARGIN_NOT_ALLOWED, place, message, remedy)
        elif margin is None:
            message = f"`{hypothesis.id}` is of non-inferiority and has no margin."
            remedy = "Write the largest acceptable loss and why, before any data are seen."
            yield error(Code.MARGIN_MISSING, place, message, remedy)
        elif margin.value >= 1:
            message = f"A margin of {margin.value:g} allows any loss: the scale runs from 0 to 1."
            remedy = "Write a share: five percentage points are 0.05."
            yield error(Code.MARGIN_OFF_SCALE, f"{place}.value", message, remedy)
        elif margin.value >= 0.5:
            message = f"A margin of {margin.value:g} gives away half of the scale or more."
            remedy = "Derive it from what the standard of care achieves; 0.01 to 0.1 is usual."
            yield error(Code.MARGIN_IMPLAUSIBLE, f"{place}.value", message, remedy)


def tests(protocol: Protocol) -> Iterator[Finding]:
    """Each test estimates its endpoint's measure at the unit of the design."""
    clustered = protocol.design.cluster == "subject"
    for path, hypothesis, endpoint in _tested(protocol):
        fitting, binary = TESTS_OF[endpoint.measure], endpoint.measure in BINARY
        if hypothesis.test not in fitting:
            message = f"The test {hypothesis.test} does not estimate {endpoint.measure}."
            remedy = f"Take {' or '.join(fitting)}."
            yield error(Code.TEST_MEASURE_CLASH, f"{path}.test", message, remedy)
        if hypothesis.sensitivity_tests and not binary:
            message = f"McNemar's tests compare flags; {endpoint.measure} is not about flags."
            place = f"{path}.sensitivity_tests"
            yield error(Code.TEST_MEASURE_CLASH, place, message, "Write an empty list here.")
        elif hypothesis.sensitivity_tests and clustered:
            message = "McNemar's tests take the encounters of one subject as independent."
            place = f"{path}.sensitivity_tests"
            remedy = "Keep them only as a coarse check."
            yield warning(Code.SENSITIVITY_IGNORES_CLUSTER, place, message, remedy)
        if hypothesis.test == "tango_score" and clustered:
            message = "tango_score counts encounters as independent, but subjects are clusters."
            remedy = "Take clustered_difference, or write cluster: none if nobody comes twice."
            yield error(Code.UNIT_FINER_THAN_CLUSTER, f"{path}.test", message, remedy)
        if hypothesis.test == "clustered_difference" and not clustered and binary:
            message = "clustered_difference without a cluster takes every pair as its own."
            remedy = "Write cluster: subject, or take tango_score, which is better here."
            yield warning(Code.CLUSTER_MISSING, f"{path}.test", message, remedy)


def alphas(protocol: Protocol) -> Iterator[Finding]:
    """Alphas are usual ones, and the same inside a group that must pass together."""
    known = {hypothesis.id: hypothesis for hypothesis in protocol.hypotheses}
    for index, hypothesis in enumerate(protocol.hypotheses):
        if hypothesis.alpha > 0.05 or hypothesis.alpha < 0.0005:
            message = f"A one-sided alpha of {hypothesis.alpha:g} is unusual."
            remedy = "0.025 is usual; it is the two-sided 0.05."
            yield warning(Code.ALPHA_UNUSUAL, f"hypotheses[{index}].alpha", message, remedy)
    for index, group in enumerate(protocol.multiplicity.order):
        if len({known[name].alpha for name in group if name in known}) > 1:
            message = f"The hypotheses {', '.join(group)} must all pass but differ in alpha."
            path = f"multiplicity.order[{index}]"
            yield error(Code.ALPHA_DIFFERS, path, message, "Give the group one alpha.")


def order(protocol: Protocol) -> Iterator[Finding]:
    """Every hypothesis has one place in the order."""
    known = [hypothesis.id for hypothesis in protocol.hypotheses]
    named: list[str] = []
    for index, group in enumerate(protocol.multiplicity.order):
        path = f"multiplicity.order[{index}]"
        if not group:
            yield error(Code.MULTIPLICITY_ORDER, path, "This group is empty.", "Delete it.")
        for place, name in enumerate(group):
            if name not in known:
                message, remedy = f"There is no hypothesis `{name}`.", suggestion(name, known)
                yield error(Code.MULTIPLICITY_ORDER, f"{path}[{place}]", message, remedy)
            elif name in named:
                message, remedy = f"`{name}` is ordered twice.", "Name each hypothesis once."
                yield error(Code.MULTIPLICITY_ORDER, f"{path}[{place}]", message, remedy)
            named.append(name)
    for name in sorted(set(known) - set(named)):
        message = f"The hypothesis `{name}` has no place in the order."
        remedy = "Say when it is tested; an unordered test spends alpha nobody has."
        yield error(Code.MULTIPLICITY_ORDER, "multiplicity.order", message, remedy)


def procedure(protocol: Protocol) -> Iterator[Finding]:
    """The order has the form of the procedure."""
    groups = protocol.multiplicity.order
    fits = {
        "single": len(groups) == 1 and len(groups[0]) == 1,
        "co_primary": len(groups) == 1 and len(groups[0]) > 1,
        "fixed_sequence": len(groups) > 1,
    }
    if not fits[protocol.multiplicity.procedure]:
        message = f"The order does not have the form of `{protocol.multiplicity.procedure}`."
        remedy = (
            "single: one hypothesis. co_primary: one group of several. "
            "fixed_sequence: several groups, one after the other."
        )
        yield error(Code.MULTIPLICITY_PROCEDURE, "multiplicity.procedure", message, remedy)


def primary_first(protocol: Protocol) -> Iterator[Finding]:
    """The first group holds every primary hypothesis and nothing else."""
    primary = {h.id for _, h, endpoint in _tested(protocol) if endpoint.role in PRIMARY_ROLES}
    known = {hypothesis.id for hypothesis in protocol.hypotheses}
    later = {name for group in protocol.multiplicity.order[1:] for name in group}
    for name in sorted((set(protocol.multiplicity.order[0]) & known) - primary):
        message = f"`{name}` is tested first, but its endpoint is not primary."
        remedy = "Put the primary hypotheses into the first group, alone."
        yield error(Code.PRIMARY_NOT_FIRST, "multiplicity.order[0]", message, remedy)
    # A second hypothesis on a primary endpoint (superiority after non-inferiority) may come later.
    first = set(protocol.multiplicity.order[0])
    covered = {h.endpoint for _, h, _ in _tested(protocol) if h.id in first}
    for _, hypothesis, _ in _tested(protocol):
        late = hypothesis.id in primary & later and hypothesis.endpoint not in covered
        if late:
            message = f"The primary hypothesis `{hypothesis.id}` waits for another one."
            remedy = "Put it into the first group, or make its endpoint key_secondary."
            yield error(Code.PRIMARY_NOT_FIRST, "multiplicity.order", message, remedy)


RULES = (
    primary_endpoints,
    directions,
    probabilities,
    testable_endpoints,
    margins,
    tests,
    alphas,
    order,
    procedure,
    primary_first,
)

"""Endpoints, hypotheses and the order in which alpha is used."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.methods.measures import MEASURES
from protocols.rules.names import suggestion
from protocols.rules.sharing import SHARING
from protocols.schema import Endpoint, Hypothesis, Protocol
from protocols.vocabulary import Role

PRIMARY_ROLES = {Role.PRIMARY, Role.CO_PRIMARY}
CONFIRMATORY_ROLES = PRIMARY_ROLES | {Role.KEY_SECONDARY}


def tested(protocol: Protocol) -> Iterator[tuple[str, Hypothesis, Endpoint]]:
    """(path, hypothesis, its endpoint) of every hypothesis whose endpoint exists."""
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
    """Each measure that has a direction is better in that one."""
    for index, endpoint in enumerate(protocol.endpoints):
        right = MEASURES[endpoint.measure].direction
        if right not in ("either", endpoint.direction):
            message = f"The direction of {endpoint.measure} is {right}."
            remedy = f"Write {right}; the margin stays a positive number."
            yield error(Code.DIRECTION_CLASH, f"endpoints[{index}].direction", message, remedy)


def testable_endpoints(protocol: Protocol) -> Iterator[Finding]:
    """A tested endpoint is one that shadow mode can show, in a role that is tested."""
    for path, hypothesis, endpoint in tested(protocol):
        if not endpoint.identifiability.identifiable:
            message = f"Shadow mode cannot show `{endpoint.id}`: nobody acts on the candidate."
            remedy = "Describe it without a hypothesis, or leave it to a randomised trial."
            yield error(Code.UNIDENTIFIABLE_ENDPOINT, f"{path}.endpoint", message, remedy)
        if endpoint.role not in CONFIRMATORY_ROLES:
            message = f"`{hypothesis.id}` tests `{endpoint.id}`, whose role is {endpoint.role}."
            remedy = "Make the endpoint key_secondary, or describe it without a hypothesis."
            yield error(Code.ROLE_CLASH, f"{path}.endpoint", message, remedy)


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
    alone = len(groups) > 1 and all(len(group) == 1 for group in groups)
    if not fits.get(protocol.multiplicity.procedure, alone):
        message = f"The order does not have the form of `{protocol.multiplicity.procedure}`."
        remedy = (
            "single: one hypothesis. co_primary: one group of several. "
            "fixed_sequence: several groups, one after the other. From holm on: several groups of "
            "one hypothesis."
        )
        yield error(Code.MULTIPLICITY_PROCEDURE, "multiplicity.procedure", message, remedy)


def primary_first(protocol: Protocol) -> Iterator[Finding]:
    """The first group holds every primary hypothesis and nothing else, where order decides."""
    if protocol.multiplicity.procedure in SHARING:
        return
    primary = {h.id for _, h, endpoint in tested(protocol) if endpoint.role in PRIMARY_ROLES}
    known = {hypothesis.id for hypothesis in protocol.hypotheses}
    later = {name for group in protocol.multiplicity.order[1:] for name in group}
    for name in sorted((set(protocol.multiplicity.order[0]) & known) - primary):
        message = f"`{name}` is tested first, but its endpoint is not primary."
        remedy = "Put the primary hypotheses into the first group, alone."
        yield error(Code.PRIMARY_NOT_FIRST, "multiplicity.order[0]", message, remedy)
    # A second hypothesis on a primary endpoint (superiority after non-inferiority) may come later.
    first = set(protocol.multiplicity.order[0])
    covered = {h.endpoint for _, h, _ in tested(protocol) if h.id in first}
    for _, hypothesis, _ in tested(protocol):
        late = hypothesis.id in primary & later and hypothesis.endpoint not in covered
        if late:
            message = f"The primary hypothesis `{hypothesis.id}` waits for another one."
            remedy = "Put it into the first group, or make its endpoint key_secondary."
            yield error(Code.PRIMARY_NOT_FIRST, "multiplicity.order", message, remedy)


RULES = (
    primary_endpoints,
    directions,
    testable_endpoints,
    alphas,
    order,
    procedure,
    primary_first,
)

"""Who signs, who watches, and who must not be the same person."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.schema import Protocol

MUST_SIGN = ("principal_investigator", "trial_statistician")
WATCHING = ("safety_monitor", "unblinded_statistician")


def _names(protocol: Protocol, role: str) -> set[str]:
    """Names of one role, compared without case or repeated blanks."""
    people = (person for person in protocol.roles if person.role == role)
    return {" ".join(person.name.casefold().split()) for person in people}


def signatures(protocol: Protocol) -> Iterator[Finding]:
    """Those who must sign do."""
    for role in MUST_SIGN:
        if not any(person.role == role and person.signs for person in protocol.roles):
            message = f"No {role} signs this protocol."
            remedy = f"Name a person with role: {role} and signs: true."
            yield error(Code.SIGNATURE_MISSING, "roles", message, remedy)


def independence(protocol: Protocol) -> Iterator[Finding]:
    """Nobody watches over a model of their own, or is masked and unblinded at once."""
    owners = _names(protocol, "model_owner")
    for index, person in enumerate(protocol.roles):
        name = " ".join(person.name.casefold().split())
        if person.role == "safety_monitor" and name in owners:
            message = f"{person.name} owns the model and watches over its safety."
            remedy = "Let someone without a stake in the candidate watch."
            yield error(Code.OWNER_MONITORS, f"roles[{index}].name", message, remedy)
        if person.role == "unblinded_statistician" and person.masked:
            message = "An unblinded statistician cannot be masked."
            yield error(
                Code.MASKED_UNBLINDED, f"roles[{index}].masked", message, "Write masked: false."
            )


def monitors(protocol: Protocol) -> Iterator[Finding]:
    """Somebody is named to see interim looks."""
    n_watching = sum(person.role in WATCHING for person in protocol.roles)
    if len(protocol.monitoring.looks) > 1 and n_watching == 0:
        message = "There are interim looks, but nobody is named to see them."
        remedy = f"Name a {' or an '.join(WATCHING)}."
        yield warning(Code.MONITOR_MISSING, "roles", message, remedy)


def prior_access(protocol: Protocol) -> Iterator[Finding]:
    """Outcomes that were seen before the protocol are said to have been."""
    if protocol.prior_data_access.status == "outcomes_seen":
        message = "Outcomes of this trial were seen before its protocol was written."
        remedy = "The report will say so; a prospective trial carries more weight."
        path = "prior_data_access.status"
        yield warning(Code.PRIOR_OUTCOMES_SEEN, path, message, remedy)


RULES = (signatures, independence, monitors, prior_access)

"""The outcomes of a protocol by name: its own, and the further ones."""

from protocols.schema import FurtherOutcome, OutcomePlan, Protocol


def outcomes_by_name(protocol: Protocol) -> dict[str, OutcomePlan | FurtherOutcome]:
    """Everything that is reported of a pair; the protocol's own outcome comes first."""
    further = {outcome.name: outcome for outcome in protocol.further_outcomes}
    return {protocol.outcome.name: protocol.outcome} | further

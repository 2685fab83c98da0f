"""Whether a lock, a protocol and the looks before belong together; asked before anything is run."""

from collections.abc import Sequence

from evaluation.errors import EvaluationError
from evaluation.plan import LookPlan
from evaluation.results import LookResults
from gateway.store.records import LockedData
from protocols.canonical import digest_of


def require_conformance(look: LookPlan, data: LockedData, previous: Sequence[LookResults]) -> None:
    """Raise EvaluationError unless the lock is of this protocol and every earlier look is there."""
    digest = digest_of(look.protocol)
    if data.facts.protocol_digest != digest:
        raise EvaluationError(
            "DIGEST_MISMATCH",
            f"The lock was taken under protocol {data.facts.protocol_digest}, not {digest}; "
            "conduct the look under the protocol that was in force at the lock.",
        )
    expected = [planned.id for planned in look.protocol.monitoring.looks[: look.number - 1]]
    given = [results.facts.look for results in previous]
    if given != expected:
        raise EvaluationError(
            "LOOKS_BEFORE_MISSING",
            f"Look {look.look.id} needs the results of {expected or 'no look'} in this order, "
            f"not {given or 'none'}.",
        )
    strangers = [r.facts.look for r in previous if r.digests.protocol != digest]
    if strangers:
        raise EvaluationError(
            "DIGEST_MISMATCH",
            f"Looks {strangers} were conducted under another protocol; "
            "a trial keeps one protocol from its first look on.",
        )
    if len({pair.pair_id for pair in data.pairs}) != len(data.pairs):
        raise EvaluationError("PAIR_TWICE", "The lock holds a pair twice; take it from a backup.")

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
    given = [results.facts.look for results in previous]
    expected = _expected(look, given)
    if not _fits(look, given, expected):
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


def _expected(look: LookPlan, given: Sequence[str]) -> list[str]:
    """The planned looks that come before this one, without those that were rightly passed over."""
    monitoring = look.protocol.monitoring
    before = len(monitoring.looks) if look.place is None else look.place - 1
    planned = [known.id for known in monitoring.looks[:before]]
    if look.place is None or monitoring.skipped_looks == "allowed":
        return [name for name in planned if name in given]
    return planned


def _fits(look: LookPlan, given: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether the planned looks among those given are these, and others are allowed."""
    monitoring = look.protocol.monitoring
    planned = [known.id for known in monitoring.looks]
    others = [name for name in given if name not in planned]
    if len(set(given)) != len(given) or (others and monitoring.unplanned_looks == "forbidden"):
        return False
    return [name for name in given if name in planned] == list(expected)

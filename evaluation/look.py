"""Run a registered look against the store, once: refuse or lock, conduct, save.

A refusal is recorded before it is raised. If the program dies between the lock and the saving, the
next run finds the lock and conducts the look on the very same data.
"""

import hashlib
import json
from dataclasses import dataclass

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.differences import differences
from evaluation.errors import EvaluationError
from evaluation.plan import LookPlan, plan_of
from evaluation.re_estimation import with_change
from evaluation.readiness import Refused, Standing, refused_by_data, refused_by_order
from evaluation.replay import Departure, departures
from evaluation.results import LookResults
from gateway.store.alarms import hold_of
from gateway.store.capture import record_refusal
from gateway.store.engine import Store
from gateway.store.lock import find_lock, lock, read_lock, save_look_result
from gateway.store.reads import (
    accrual_closed,
    completeness,
    look_result,
    look_results,
    protocol_in_force,
)
from gateway.store.snapshot import pairs_in
from gateway.store.tables import LookResult
from protocols.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Conducted:
    """What a look found and the bytes that were stored of it."""

    results: LookResults
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A look conducted again from its lock, beside what was stored (SHA-256, hexadecimal).

    `log` is empty where the stored log of all looks so far replays to the same bounds by itself.
    `places` are the values that differ, each with its place in the results.
    """

    look: str
    lock_id: str
    stored: str
    again: str
    log: tuple[Departure, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return self.stored == self.again and not self.log


def run_look(store: Store, trial: str, look_id: str, *, actor: str, at_us: int) -> Conducted:
    """Conduct a look and store its result.

    Raises RefusedError with a code of `LookRefusal`; the refusal is on record by then.
    """
    conducted = look_results(store, trial)
    names = [row.look for row in conducted]
    previous = [from_bytes(row.results) for row in conducted]
    try:
        before = names[: names.index(look_id)] if look_id in names else names
        look = plan_of(protocol_in_force(store, trial), look_id, before)
        look = with_change(look, previous[-1].re_estimation if previous else None)
    except RefusedError as refused:
        record_refusal(store, trial, refused.code, str(refused), actor=actor, at_us=at_us)
        raise
    refusal = refused_by_order(look, names)
    if refusal is None and find_lock(store, trial, look_id) is None:
        refusal = refused_by_data(look, _standing(store, look, at_us=at_us))
    if refusal is not None:
        raise _recorded(store, trial, refusal, actor=actor, at_us=at_us)
    data = lock(store, trial, look_id, actor=actor, at_us=at_us)
    results = conduct(look.protocol, data, previous)
    content = to_bytes(results)
    save_look_result(
        store,
        trial=trial,
        look=look_id,
        number=look.number,
        lock_id=data.lock_id,
        results=content,
        actor=actor,
        at_us=at_us,
    )
    return _conducted(content)


def show_look(store: Store, trial: str, look_id: str) -> Conducted:
    """What is stored of a look; EvaluationError(LOOK_NOT_CONDUCTED) where there is nothing."""
    return _conducted(_stored(store, trial, look_id).results.encode())


def verify_look(store: Store, trial: str, look_id: str) -> Verified:
    """Conduct a stored look again from its lock and compare the digests of the bytes.

    The log that it keeps of all looks so far is replayed too, without the lock.
    Raises EvaluationError where nothing is stored, StoreError where the lock is damaged.
    """
    row = _stored(store, trial, look_id)
    data = read_lock(store, row.lock_id)
    before = [from_bytes(r.results) for r in look_results(store, trial) if r.number < row.number]
    protocol = protocol_in_force(store, trial)
    again = to_bytes(conduct(protocol, data, before))
    places = tuple(differences(json.loads(row.results), json.loads(again)))
    stored = hashlib.sha256(row.results.encode()).hexdigest()
    if stored != row.results_sha256:
        where = f" What differs first is {places[0]}." if places else ""
        raise EvaluationError(
            "RESULTS_DAMAGED",
            f"The stored results of look {look_id} are not the bytes that were saved; "
            f"restore the trial store from a backup.{where}",
        )
    log = departures(protocol, from_bytes(row.results))
    return Verified(look_id, row.lock_id, stored, hashlib.sha256(again).hexdigest(), log, places)


def _standing(store: Store, look: LookPlan, *, at_us: int) -> Standing:
    trial = look.protocol.protocol.id
    with store.session() as session:
        pairs = pairs_in(session, look.protocol, at_us=at_us)
    return Standing(
        pairs=pairs,
        completeness=completeness(store, trial),
        accrual_closed=accrual_closed(store, trial) is not None,
        at_us=at_us,
        hold=hold_of(store, trial),
    )


def _recorded(
    store: Store, trial: str, refusal: Refused, *, actor: str, at_us: int
) -> RefusedError:
    record_refusal(store, trial, refusal.code, refusal.sentence, actor=actor, at_us=at_us)
    return RefusedError(refusal.code, refusal.sentence)


def _stored(store: Store, trial: str, look_id: str) -> LookResult:
    row = look_result(store, trial, look_id)
    if row is None:
        raise EvaluationError(
            "LOOK_NOT_CONDUCTED",
            f"Look {look_id} of {trial} has not been conducted; run it with "
            f"`equipoise look run {look_id}`.",
        )
    return row


def _conducted(content: bytes) -> Conducted:
    return Conducted(from_bytes(content), content, hashlib.sha256(content).hexdigest())

"""`equipoise status`: how a trial stands. Counts only; no score, no flag, no outcome by arm."""

import json
import math
from collections import Counter
from dataclasses import dataclass

from gateway.mirror.heartbeat import Heartbeat
from gateway.store.alarms import Hold, hold_of, safety_resumptions
from gateway.store.engine import Store
from gateway.store.reads import (
    accrual_closed,
    completeness,
    deviations,
    epochs,
    evaluable_count,
    look_results,
    outcome_counts_by_name,
    protocol_in_force,
    refusals,
    registration_in_force,
    safety_alarms,
)
from gateway.store.records import Completeness
from gateway.store.tables import Epoch, Registration, SafetyAlarm, SafetyResumption
from gateway.store.watch_beat import WatchBeat
from protocols.names import has_rules_between_looks
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate


@dataclass(frozen=True, slots=True)
class NextLook:
    """The next planned look: planned pairs, and from how many on (`earliest`) it may be run."""

    look: str
    number: int
    planned: int
    earliest: int
    due: bool


@dataclass(frozen=True, slots=True)
class Status:
    """One trial at one moment."""

    registration: Registration
    epochs: tuple[Epoch, ...]
    completeness: Completeness
    outcomes: dict[str, int]  # of the protocol's own outcome, by state
    further_outcomes: dict[str, dict[str, int]]  # by name and state
    evaluable: int
    evaluable_planned: int
    next_look: NextLook | None
    conducted: tuple[str, ...]
    accrual_closed: bool
    deviations: dict[str, int]
    refusals: int
    alarms: tuple[SafetyAlarm, ...]  # of safety rules between looks
    resumptions: dict[str, SafetyResumption]  # of pauses, by rule
    hold: Hold
    has_rules: bool  # that are to be read between looks
    at_us: int
    mirror: Heartbeat | None
    watch: WatchBeat | None

    @property
    def pending(self) -> int:
        """Pairs that the candidate has yet to be asked about."""
        return self.completeness.fates[Arm.CANDIDATE].get(Fate.PENDING, 0)


def read_status(
    store: Store,
    trial: str,
    *,
    at_us: int,
    mirror: Heartbeat | None,
    watch: WatchBeat | None = None,
) -> Status:
    """Read how the trial stands; `mirror` and `watch` are what these last said of themselves.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    protocol = protocol_in_force(store, trial)
    registration = registration_in_force(store, trial)
    assert registration is not None  # noqa: S101 - protocol_in_force has read it
    evaluable = evaluable_count(store, trial, at_us=at_us)
    made = look_results(store, trial)
    conducted = tuple(result.look for result in made)
    planned = planned_total(protocol, made[-1].results if made else None)
    closed = accrual_closed(store, trial) is not None
    counted = {
        name: {state.value: n for state, n in counts.items()}
        for name, counts in outcome_counts_by_name(store, trial).items()
    }
    return Status(
        registration=registration,
        epochs=tuple(epochs(store, trial)),
        completeness=completeness(store, trial),
        outcomes=counted.pop(protocol.outcome.name),
        further_outcomes=counted,
        evaluable=evaluable,
        evaluable_planned=planned,
        next_look=_next_look(
            protocol, conducted, evaluable, planned_pairs=planned, accrual_closed=closed
        ),
        conducted=conducted,
        accrual_closed=closed,
        deviations=dict(sorted(Counter(row.code for row in deviations(store, trial)).items())),
        refusals=len(refusals(store, trial)),
        alarms=tuple(safety_alarms(store, trial)),
        resumptions={row.rule: row for row in safety_resumptions(store, trial)},
        hold=hold_of(store, trial),
        has_rules=has_rules_between_looks(protocol),
        at_us=at_us,
        mirror=mirror,
        watch=watch,
    )


def planned_total(protocol: Protocol, latest: str | None) -> int:
    """Evaluable pairs planned: as registered, or as a re-estimation left them by the latest look.

    `latest` are the stored results of that look, None before there is one.
    """
    found = None if latest is None else json.loads(latest).get("re_estimation")
    return protocol.sample_size.evaluable_pairs if found is None else int(found["total_pairs"])


def _next_look(
    protocol: Protocol,
    conducted: tuple[str, ...],
    evaluable: int,
    *,
    planned_pairs: int,
    accrual_closed: bool,
) -> NextLook | None:
    looks = protocol.monitoring.looks
    for number, look in enumerate(looks, start=1):
        if look.id not in conducted:
            final = number == len(looks)
            share = 1.0 if final else 1 - protocol.monitoring.tolerance
            planned = look.information * planned_pairs
            earliest = math.ceil(planned * share)
            due = evaluable >= earliest or (final and accrual_closed)
            return NextLook(look.id, number, math.ceil(planned), earliest, due)
    return None

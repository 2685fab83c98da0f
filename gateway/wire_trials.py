"""What the gateway says of its trial: plan and conduct. Never a score, a flag or an outcome."""

from pydantic import BaseModel, ConfigDict

from gateway.store.alarms import hold_of, safety_resumptions
from gateway.store.engine import Store
from gateway.store.reads import (
    accrual_closed,
    completeness,
    epochs,
    look_results,
    registration_in_force,
    safety_alarms,
)
from gateway.timestamps import rfc3339
from protocols.errors import RefusedError
from protocols.schema import Protocol


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AlarmReply(_Wire):
    """What a safety rule between looks asks for: notify, pause or stop. No number of the arms.

    `held` of the trial says what came of it: the candidate is not asked (paused, stopped).
    """

    rule: str
    action: str
    severity: str
    raised_at: str
    resumed_at: str | None


class TrialReply(_Wire):
    """The registration in force and how far the plan has been carried out."""

    trial: str
    title: str
    version: str
    protocol_digest: str
    registered_at: str
    retrospective: bool
    accrual_closed: bool
    looks_planned: tuple[str, ...]
    looks_conducted: tuple[str, ...]
    alarms: tuple[AlarmReply, ...]
    held: str | None
    held_by: tuple[str, ...]


class TrialsReply(_Wire):
    """The trials that this gateway serves."""

    trials: tuple[TrialReply, ...]


class EpochReply(_Wire):
    """One life of one gateway process: how far it counted, and how far the store has read."""

    epoch: str
    started_at: str
    accepted_seq: int
    shipped_seq: int
    closed: bool


class CompletenessReply(_Wire):
    """accepted = recorded + booked_gaps + in_flight + the unexplained."""

    trial: str
    accepted: int
    recorded: int
    booked_gaps: int
    in_flight: int
    unexplained: tuple[str, ...]
    fates: dict[str, dict[str, int]]
    epochs: tuple[EpochReply, ...]


def trial_reply(store: Store, protocol: Protocol) -> TrialReply:
    """Say how a trial stands.

    Raises
    ------
    RefusedError
        NOT_REGISTERED: the store knows no registration of it.
    """
    trial = protocol.protocol.id
    registration = registration_in_force(store, trial)
    if registration is None:
        raise RefusedError("NOT_REGISTERED", f"no protocol is registered for {trial} in the store")
    hold = hold_of(store, trial)
    resumed = {row.rule: rfc3339(row.resumed_at_us) for row in safety_resumptions(store, trial)}
    return TrialReply(
        trial=trial,
        title=protocol.protocol.title,
        version=registration.version,
        protocol_digest=registration.digest,
        registered_at=rfc3339(registration.registered_at_us),
        retrospective=registration.retrospective,
        accrual_closed=accrual_closed(store, trial) is not None,
        looks_planned=tuple(look.id for look in protocol.monitoring.looks),
        looks_conducted=tuple(result.look for result in look_results(store, trial)),
        alarms=tuple(
            AlarmReply(
                rule=alarm.rule,
                action=alarm.action,
                severity=alarm.severity,
                raised_at=rfc3339(alarm.raised_at_us),
                resumed_at=resumed.get(alarm.rule),
            )
            for alarm in safety_alarms(store, trial)
        ),
        held=hold.word,
        held_by=hold.rules,
    )


def completeness_reply(store: Store, trial: str) -> CompletenessReply:
    """Account for every accepted request."""
    account = completeness(store, trial)
    return CompletenessReply(
        trial=trial,
        accepted=account.accepted,
        recorded=account.recorded,
        booked_gaps=account.booked_gaps,
        in_flight=account.in_flight,
        unexplained=account.unexplained,
        fates=account.fates,
        epochs=tuple(
            EpochReply(
                epoch=epoch.epoch,
                started_at=rfc3339(epoch.started_at_us),
                accepted_seq=epoch.accepted_seq,
                shipped_seq=epoch.shipped_seq,
                closed=epoch.closed,
            )
            for epoch in epochs(store, trial)
        ),
    )

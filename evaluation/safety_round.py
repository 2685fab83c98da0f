"""One round of the safety watch: read the store, read every rule, record what was raised, once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from evaluation.safety_watch import SafetyWatch, Watched, watch
from evaluation.sentences import plain, three
from gateway.store.arrivals import arrivals
from gateway.store.capture import raise_alarm
from gateway.store.engine import Store
from gateway.store.reads import protocol_in_force, safety_alarms
from gateway.store.tables import SafetyAlarm


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found, the rules that it raised anew, and every alarm on record."""

    watch: SafetyWatch
    raised: tuple[str, ...]
    alarms: tuple[SafetyAlarm, ...]


def watch_round(store: Store, trial: str, *, actor: str, at_us: int) -> Round:
    """Read every registered rule after every outcome so far; an alarm stays, whatever follows.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    found = watch(protocol_in_force(store, trial), arrivals(store, trial, at_us=at_us))
    raised = []
    for one in found.rules:
        alarm = _alarm(one, trial, actor=actor, at_us=at_us)
        if alarm is not None and raise_alarm(store, alarm):
            raised.append(one.rule.id)
    return Round(found, tuple(raised), tuple(safety_alarms(store, trial)))


def _alarm(one: Watched, trial: str, *, actor: str, at_us: int) -> SafetyAlarm | None:
    unit, after = one.raised_by, one.raised_after
    if unit is None or after is None:
        return None
    return SafetyAlarm(
        trial=trial,
        rule=one.rule.id,
        action=one.rule.action,
        severity=one.rule.severity,
        detail=alarm_sentence(one),
        pair_id=unit.pair_id,
        n_units=after,
        entered_at_us=unit.entered_at_us,
        raised_at_us=at_us,
        actor=actor,
    )


def alarm_sentence(one: Watched) -> str:
    """When a rule that has signalled did so, and with which number."""
    unit, after = one.raised_by, one.raised_after
    if unit is None or after is None:
        return f"{one.rule.title}: no alarm."
    share = sum(case.value for case in one.units.cases[:after]) / after
    at = datetime.fromtimestamp(unit.entered_at_us // 1_000_000, tz=UTC)
    return (
        f"{one.rule.title}: {plain(after)} {one.rule.unit}s with a share of {three(share)} against"
        f" the limit {plain(one.rule.limit)}; {_number(one)}; pair {plain(unit.ordinal)},"
        f" outcome of {at:%Y-%m-%dT%H:%M:%SZ}."
    )


def _number(one: Watched) -> str:
    after = one.raised_after or 1
    value, bound = float(one.process.statistic[after - 1]), one.process.bound
    name = "logarithm of the e-value" if one.process.log_e else "log-likelihood ratio"
    return f"{name} {three(value)}, bound {three(bound)}"

"""One round of the safety watch: read the store, read every rule, record what was raised, once.

What an alarm says in words names no pair, because it goes on into locks, results and reports; the
alarm's row in the store does.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from evaluation.safety_processes import is_paired
from evaluation.safety_units import Unit
from evaluation.safety_watch import FateWatch, GroupWatched, SafetyWatch, Watched, watch
from evaluation.sentences import plain, three
from gateway.store.arrivals import arrivals
from gateway.store.capture import raise_alarm
from gateway.store.engine import Store
from gateway.store.reads import protocol_in_force, safety_alarms
from gateway.store.tables import SafetyAlarm
from protocols.schema import AnytimeGroup, AnytimeRule, FateMixRule, Protocol


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found, the rules that it raised anew, and every alarm on record."""

    watch: SafetyWatch
    raised: tuple[str, ...]
    alarms: tuple[SafetyAlarm, ...]


def watch_round(store: Store, trial: str, *, actor: str, at_us: int, past: bool = True) -> Round:
    """Read every registered rule after every outcome so far; an alarm stays, whatever follows.

    `past`: as things stood at `at_us`; a watch that runs now takes all that is on record.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    protocol = protocol_in_force(store, trial)
    found = watch(protocol, arrivals(store, trial, at_us=at_us, past=past))
    raised = []
    for signal in _signals(protocol, found):
        alarm = SafetyAlarm(
            trial=trial,
            rule=signal.rule.id,
            action=signal.rule.action,
            severity=signal.rule.severity,
            detail=signal.detail,
            pair_id=signal.by.pair_id,
            n_units=signal.n_units,
            entered_at_us=signal.by.entered_at_us,
            raised_at_us=at_us,
            actor=actor,
        )
        if raise_alarm(store, alarm):
            raised.append(alarm.rule)
    return Round(found, tuple(raised), tuple(safety_alarms(store, trial)))


@dataclass(frozen=True, slots=True)
class _Signal:
    """A registered rule, group or mix that has signalled, and with what."""

    rule: AnytimeRule | AnytimeGroup | FateMixRule
    by: Unit
    n_units: int
    detail: str


def _signals(protocol: Protocol, found: SafetyWatch) -> Iterator[_Signal]:
    for one in found.rules:
        if one.raised_by is not None and one.raised_after is not None:
            yield _Signal(one.rule, one.raised_by, one.raised_after, alarm_sentence(one))
    for group in found.groups:
        if group.raised_by is not None:
            yield _Signal(group.group, group.raised_by, group.n_units, group_sentence(group))
    mix, fates = protocol.fate_mix, found.fates
    if mix is not None and fates.raised_by is not None:
        yield _Signal(mix, fates.raised_by, fates.after, mix_sentence(mix, fates))


def group_sentence(one: GroupWatched) -> str:
    """With which rules and which number a group that has signalled did so."""
    group, unit = one.group, one.raised_by
    if unit is None:
        return f"{group.title}: no alarm."
    if group.merge == "average":
        number = f"logarithm of the average e-value {three(one.statistic)}"
        number += f", bound {three(-math.log(group.alpha))}"
    else:
        number = f"e-BH at {plain(group.alpha)} names {', '.join(one.shown)}"
    return (
        f"{group.title}: {', '.join(group.rules)} together, {plain(one.n_units)} cases; {number};"
        f" outcome of {_moment(unit)}."
    )


def mix_sentence(rule: FateMixRule, found: FateWatch) -> str:
    """After which asking a mix of fates was no longer the registered one."""
    if found.raised_by is None:
        return f"{rule.title}: no alarm."
    shares = ", ".join(f"{name} {plain(share)}" for name, share in rule.shares.items())
    return (
        f"{rule.title}: the fates of {plain(found.after)} askings are not the registered mix"
        f" ({shares}) at alpha {plain(rule.alpha)};"
        f" asked {_moment(found.raised_by)}."
    )


def alarm_sentence(one: Watched) -> str:
    """When a rule that has signalled did so, and with which number."""
    unit, after = one.raised_by, one.raised_after
    if unit is None or after is None:
        return f"{one.rule.title}: no alarm."
    share = sum(case.value for case in one.units.cases[:after]) / after
    what = "a mean excess" if is_paired(one.rule) else "a share"
    return (
        f"{one.rule.title}: {plain(after)} {one.rule.unit}s with {what} of {three(share)} against"
        f" the limit {plain(one.rule.limit)}; {_number(one)};"
        f" outcome of {_moment(unit)}."
    )


def _moment(unit: Unit) -> str:
    return f"{datetime.fromtimestamp(unit.entered_at_us // 1_000_000, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


def _number(one: Watched) -> str:
    after = one.raised_after or 1
    value, bound = float(one.process.statistic[after - 1]), one.process.bound_at(after)
    return f"{one.process.name} {three(value)}, bound {three(bound)}"

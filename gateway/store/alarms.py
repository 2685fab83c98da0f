"""Alarms of safety rules, what they hold up, and the word of a person to go on.

An alarm is raised once a rule and cannot be withdrawn. While one asks to pause and nobody has
resumed it, or one asks to stop, the candidate is not asked. Only a pause can be resumed, once.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.inserts import as_row, insert_new
from gateway.store.tables import Deviation, Refusal, SafetyAlarm, SafetyResumption
from protocols.errors import RefusedError

HOLDING = ("pause", "stop")
"""The actions that keep the candidate from being asked."""

LONGEST_NAME = 200
LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps the candidate from being asked: rules that paused, and rules that stopped.

    `last_resumed_at_us` is when the last pause was resumed, 0 where none was.
    """

    paused_by: tuple[str, ...]
    stopped_by: tuple[str, ...]
    last_resumed_at_us: int

    @property
    def rules(self) -> tuple[str, ...]:
        return self.stopped_by + self.paused_by

    @property
    def word(self) -> str | None:
        """`stopped`, `paused`, or None where the candidate is asked."""
        return "stopped" if self.stopped_by else "paused" if self.paused_by else None


NO_HOLD = Hold((), (), 0)


def raise_alarm(store: Store, alarm: SafetyAlarm) -> bool:
    """Record what a safety rule raised; say whether it is new. A rule raises once in a trial.

    One that pauses or stops is a deviation too: from here on the plan is not carried out.
    """
    with store.transaction() as session:
        store.serialise(session, alarm.trial)
        is_new = insert_new(session, SafetyAlarm, [as_row(alarm)]) == 1
        if is_new and alarm.action in HOLDING:
            insert_new(session, Deviation, [as_row(_deviation(alarm))])
    return is_new


def _deviation(alarm: SafetyAlarm) -> Deviation:
    done = {"pause": "paused", "stop": "stopped"}[alarm.action]
    return Deviation(
        trial=alarm.trial,
        code=f"SAFETY_{done.upper()}",
        key=alarm.rule,
        severity="major",
        detail=f"safety rule {alarm.rule} {done} the asking of the candidate",
        at_us=alarm.raised_at_us,
    )


def resume(
    store: Store, trial: str, rule: str, *, by: str, reason: str, actor: str, at_us: int
) -> SafetyResumption:
    """Let the candidate be asked again although this rule has paused that; recorded for good.

    Raises
    ------
    RefusedError
        ALARM_UNKNOWN: the rule has raised no alarm. ALARM_HOLDS_NOTHING: it only notifies.
        ALARM_STOPS: a stop is for good. ALARM_RESUMED: somebody has resumed it. REASON_MISSING:
        name or reason is blank. REASON_UNREADABLE: one is too long, or has line ends or control
        characters, which could forge lines of a status. Each refusal is on record.
    """
    with store.transaction() as session:
        store.serialise(session, trial)
        refusal = _refusal(session, trial, rule, said=(by, reason))
        if refusal is None:
            row = SafetyResumption(
                trial=trial,
                rule=rule,
                resumed_by=by.strip(),
                reason=reason.strip(),
                resumed_at_us=at_us,
                actor=actor,
            )
            session.add(row)
            return row
        code, sentence = refusal
        session.add(Refusal(trial=trial, code=code, detail=sentence, actor=actor, at_us=at_us))
    # Raised only now: an exception inside the transaction would take the refusal's row with it.
    raise RefusedError(code, sentence)


def _refusal(
    session: Session, trial: str, rule: str, *, said: tuple[str, str]
) -> tuple[str, str] | None:
    if not all(text.strip() for text in said):
        return "REASON_MISSING", "a pause is resumed by a person with a reason; give both"
    if not (_is_line(said[0], LONGEST_NAME) and _is_line(said[1], LONGEST_REASON)):
        return "REASON_UNREADABLE", (
            f"name and reason are one line each, of at most {LONGEST_NAME} and {LONGEST_REASON}"
            " characters, none of them a control character"
        )
    if not _is_line(rule, LONGEST_NAME):
        return "ALARM_UNKNOWN", f"no rule of {trial} has such a name"
    query = select(SafetyAlarm).where(SafetyAlarm.trial == trial, SafetyAlarm.rule == rule)
    alarm = session.exec(query).first()
    if alarm is None:
        return "ALARM_UNKNOWN", f"rule {rule} of {trial} has raised no alarm"
    if alarm.action == "stop":
        return "ALARM_STOPS", f"rule {rule} has stopped {trial}, and a stop is for good"
    if alarm.action not in HOLDING:
        return "ALARM_HOLDS_NOTHING", f"rule {rule} only notifies; there is nothing to resume"
    if rule in {row.rule for row in _resumptions(session, trial)}:
        return "ALARM_RESUMED", f"the pause by rule {rule} has been resumed before"
    return None


def _is_line(text: str, longest: int) -> bool:
    """Whether it can be shown anywhere as it is: no control, direction or broken characters."""
    return len(text.strip()) <= longest and text.strip().isprintable()


def hold_of(store: Store, trial: str) -> Hold:
    """Say what keeps the candidate from being asked now; two short reads of indexed rows."""
    with store.session() as session:
        return hold_in(session, trial)


def hold_in(session: Session, trial: str) -> Hold:
    """Say the same within a session."""
    alarms = session.exec(select(SafetyAlarm).where(SafetyAlarm.trial == trial)).all()
    resumed = {row.rule: row.resumed_at_us for row in _resumptions(session, trial)}
    return Hold(
        paused_by=tuple(
            sorted(row.rule for row in alarms if row.action == "pause" and row.rule not in resumed)
        ),
        stopped_by=tuple(sorted(row.rule for row in alarms if row.action == "stop")),
        last_resumed_at_us=max(resumed.values(), default=0),
    )


def safety_resumptions(store: Store, trial: str) -> list[SafetyResumption]:
    """List who let the candidate be asked again, and why, in the order of resuming."""
    with store.session() as session:
        return _resumptions(session, trial)


def _resumptions(session: Session, trial: str) -> list[SafetyResumption]:
    query = (
        select(SafetyResumption)
        .where(SafetyResumption.trial == trial)
        .order_by(col(SafetyResumption.id))
    )
    return list(session.exec(query))

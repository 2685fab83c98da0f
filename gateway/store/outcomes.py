"""Outcomes: every report is kept, a repeated one changes nothing, a differing one is a conflict.

Contradictions never raise: both reports stay, the receipt says `conflict`, and the protocol's rule
settles at the lock what the analysis sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.inserts import as_row, insert_new
from gateway.store.maturity import contradicts
from gateway.store.outcome_values import (
    OutcomeRangeError,
    OutcomeTypeError,
    Plan,
    canonical_value,
)
from gateway.store.reads import protocol_of
from gateway.store.tables import Deviation, Encounter, Lock, OutcomeReport
from protocols.errors import EquipoiseError
from protocols.outcomes import outcomes_by_name
from protocols.schema import Protocol

ReportState = Literal["created", "unchanged", "conflict"]
"""What the store holds after a report: its first value, the same as before, a contradiction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeItem:
    """One report: of a pair, or of every pair of an encounter (tokens, never what was sent).

    `name` None means the protocol's own outcome. `value` comes unchecked: see `outcome_values`.
    """

    pair_id: str | None = None
    subject: str | None = None
    encounter: str | None = None
    name: str | None = None
    value: object
    ascertained_at_us: int
    source: str


@dataclass(frozen=True, slots=True)
class OutcomeReceipt:
    """What became of one report. `kept` is False when it was on record already."""

    pair_ids: tuple[str, ...]
    name: str
    state: ReportState
    kept: bool


class UnknownPairError(EquipoiseError):
    """No pair on record is meant."""

    def __init__(self) -> None:
        super().__init__(
            "UNKNOWN_PAIR",
            "no such pair is on record; a request of the last moments may still be on its way,"
            " so send the outcome again later",
        )


class OutcomeUnknownError(EquipoiseError):
    """The protocol knows other outcomes."""

    def __init__(self, known: Sequence[str]) -> None:
        sentence = f"the protocol's outcome is {known[0]}; send that one"
        if len(known) > 1:
            sentence = f"the protocol's outcomes are {', '.join(known)}; send one of them"
        super().__init__("OUTCOME_UNKNOWN", sentence)


REFUSALS = (UnknownPairError, OutcomeTypeError, OutcomeRangeError, OutcomeUnknownError)


def report_outcome(
    store: Store,
    pair_id: str,
    name: str,
    value: object,
    *,
    ascertained_at_us: int,
    received_at_us: int,
    source: str,
) -> OutcomeReceipt:
    """Report one outcome of one pair.

    Raises
    ------
    EquipoiseError
        UNKNOWN_PAIR, OUTCOME_UNKNOWN, OUTCOME_TYPE or OUTCOME_RANGE; nothing was stored.
    """
    item = OutcomeItem(
        pair_id=pair_id,
        name=name,
        value=value,
        ascertained_at_us=ascertained_at_us,
        source=source,
    )
    with store.transaction() as session:
        encounter = session.get(Encounter, pair_id)
        if encounter is None:
            raise UnknownPairError
        store.serialise(session, encounter.trial)
        desk = _Desk(session, encounter.trial, received_at_us)
        return desk.take(item)


def report_outcomes(
    store: Store,
    items: Sequence[OutcomeItem],
    *,
    trial: str,
    received_at_us: int,
) -> list[OutcomeReceipt | EquipoiseError]:
    """Report many outcomes of one trial in one transaction; a wrong item stops no other."""
    with store.transaction() as session:
        store.serialise(session, trial)
        desk = _Desk(session, trial, received_at_us)
        results: list[OutcomeReceipt | EquipoiseError] = []
        for item in items:
            try:
                results.append(desk.take(item))
            except REFUSALS as error:
                results.append(error)
        return results


class _Desk:
    """Takes reports of one trial's outcomes inside one transaction."""

    def __init__(self, session: Session, trial: str, received_at_us: int) -> None:
        self._session = session
        self._trial = trial
        self._received_at_us = received_at_us
        protocol = protocol_of(session, trial)
        self._own_name = protocol.outcome.name
        self._plans: Mapping[str, Plan] = outcomes_by_name(protocol)
        self._locked_at_us = _final_lock_at(session, protocol)

    def take(self, item: OutcomeItem) -> OutcomeReceipt:
        name = self._own_name if item.name is None else item.name
        if name not in self._plans:
            raise OutcomeUnknownError(tuple(self._plans))
        value = canonical_value(item.value, self._plans[name])
        pairs = self._pairs(item)
        if not pairs:
            raise UnknownPairError
        taken = [self._take_for(pair, item, name, value) for pair in pairs]
        states = {state for state, _ in taken}
        state: ReportState = "unchanged"
        if "conflict" in states:
            state = "conflict"
        elif "created" in states:
            state = "created"
        kept = any(kept for _, kept in taken)
        return OutcomeReceipt(tuple(pair.pair_id for pair in pairs), name, state, kept)

    def _pairs(self, item: OutcomeItem) -> list[Encounter]:
        query = select(Encounter).where(Encounter.trial == self._trial)
        if item.pair_id is not None and "\0" in item.pair_id:  # no text of PostgreSQL's
            return []
        if item.pair_id is not None:
            query = query.where(Encounter.pair_id == item.pair_id)
        elif item.encounter is not None:
            query = query.where(Encounter.encounter == item.encounter)
            if item.subject is not None:
                query = query.where(Encounter.subject == item.subject)
        else:
            return []
        found = self._session.exec(query).all()
        return sorted(found, key=lambda pair: (pair.arrived_at_us, pair.epoch, pair.seq))

    def _take_for(
        self, pair: Encounter, item: OutcomeItem, name: str, value: str
    ) -> tuple[ReportState, bool]:
        earlier = self._earlier(pair.pair_id, name)
        report = OutcomeReport(
            pair_id=pair.pair_id,
            name=name,
            number=len(earlier) + 1,
            value=value,
            ascertained_at_us=item.ascertained_at_us,
            received_at_us=self._received_at_us,
            source=item.source,
        )
        values = [known.value for known in earlier]
        if _is_on_record(report, earlier):
            return ("conflict" if contradicts(values) else "unchanged"), False
        self._session.add(report)
        self._note_lateness(pair, report)
        if not earlier:
            return "created", True
        sentence = "two reports of one outcome differ"
        self._note("OUTCOME_CONFLICT", pair, self._key(pair, name), sentence)
        return "conflict", True

    def _key(self, pair: Encounter, name: str) -> str:
        """What makes a deviation of this outcome one; the protocol's own needs no name."""
        return pair.pair_id if name == self._own_name else f"{pair.pair_id}:{name}"

    def _earlier(self, pair_id: str, name: str) -> Sequence[OutcomeReport]:
        query = (
            select(OutcomeReport)
            .where(OutcomeReport.pair_id == pair_id, OutcomeReport.name == name)
            .order_by(col(OutcomeReport.number))
        )
        return self._session.exec(query).all()

    def _note_lateness(self, pair: Encounter, report: OutcomeReport) -> None:
        if self._locked_at_us is not None and pair.arrived_at_us <= self._locked_at_us:
            sentence = "an outcome was reported after the last look was locked; it is not analysed"
            key = f"{self._key(pair, report.name)}:{report.number}"
            self._note("OUTCOME_AFTER_LOCK", pair, key, sentence)

    def _note(self, code: str, pair: Encounter, key: str, detail: str) -> None:
        deviation = Deviation(
            trial=self._trial,
            code=code,
            key=key,
            pair_id=pair.pair_id,
            severity="minor",
            detail=detail,
            at_us=self._received_at_us,
        )
        insert_new(self._session, Deviation, [as_row(deviation)])


def _is_on_record(report: OutcomeReport, earlier: Sequence[OutcomeReport]) -> bool:
    """Say whether a report adds nothing: the current value again, or an old report sent again."""
    if not earlier:
        return False
    if report.value == earlier[-1].value:
        return True
    content = (report.value, report.ascertained_at_us, report.source)
    return any((known.value, known.ascertained_at_us, known.source) == content for known in earlier)


def _final_lock_at(session: Session, protocol: Protocol) -> int | None:
    query = select(Lock.locked_at_us).where(
        Lock.trial == protocol.protocol.id, Lock.look == protocol.monitoring.looks[-1].id
    )
    return session.exec(query).first()

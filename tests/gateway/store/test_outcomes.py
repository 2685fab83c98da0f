"""Duplicate, late, contradictory and orphan outcomes, in any order, against a small oracle."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.store.capture import (
    OutcomeItem,
    OutcomeReceipt,
    close_accrual,
    report_outcome,
    report_outcomes,
)
from gateway.store.engine import Store
from gateway.store.lock import lock
from gateway.store.reads import deviations, evaluable_count, outcome_counts
from protocols.errors import EquipoiseError
from protocols.schema import Protocol
from protocols.vocabulary import OutcomeState
from tests.gateway.store.ward import (
    MINUTE_US,
    OUTCOME,
    START_US,
    TRIAL,
    answer_all,
    new_store,
    request,
    ship_requests,
)
from tests.support.example_protocol import Document, example_protocol

LATER_US = START_US + 10_000_000 * MINUTE_US


def tell(
    store: Store, pair_id: str, value: object, *, at: int = 1, source: str = "registry"
) -> OutcomeReceipt:
    return report_outcome(
        store,
        pair_id,
        OUTCOME,
        value,
        ascertained_at_us=at,
        received_at_us=LATER_US,
        source=source,
    )


def codes(store: Store) -> list[str]:
    return [deviation.code for deviation in deviations(store, TRIAL)]


def test_a_first_report_is_created_and_its_repetition_changes_nothing(store: Store) -> None:
    ship_requests(store, request(1))
    assert tell(store, "pair-000001", True).state == "created"
    again = tell(store, "pair-000001", True)
    assert (again.state, again.kept) == ("unchanged", False)
    assert outcome_counts(store, TRIAL)[OutcomeState.ASCERTAINED] == 1


def test_contradicting_reports_are_both_kept_and_a_deviation(store: Store) -> None:
    ship_requests(store, request(1))
    tell(store, "pair-000001", True)
    second = tell(store, "pair-000001", False)
    assert (second.state, second.kept) == ("conflict", True)
    assert outcome_counts(store, TRIAL)[OutcomeState.CONFLICT] == 1
    assert codes(store) == ["OUTCOME_CONFLICT"]


def test_an_old_report_sent_again_after_a_contradiction_is_not_a_third(store: Store) -> None:
    ship_requests(store, request(1))
    tell(store, "pair-000001", True)
    tell(store, "pair-000001", False)
    assert tell(store, "pair-000001", True) == OutcomeReceipt(
        ("pair-000001",), OUTCOME, "conflict", False
    )


@pytest.mark.parametrize(
    ("pair_id", "name", "value", "code"),
    [
        ("pair-000009", OUTCOME, True, "UNKNOWN_PAIR"),
        ("pair-000001", "mood", True, "OUTCOME_UNKNOWN"),
        ("pair-000001", OUTCOME, 1, "OUTCOME_TYPE"),
        ("pair-000001", OUTCOME, "true", "OUTCOME_TYPE"),
    ],
)
def test_a_report_that_means_nothing_is_refused_with_a_code(
    store: Store, pair_id: str, name: str, value: object, code: str
) -> None:
    ship_requests(store, request(1))
    with pytest.raises(EquipoiseError) as raised:
        report_outcome(
            store, pair_id, name, value, ascertained_at_us=1, received_at_us=1, source="x"
        )
    assert raised.value.code == code


def test_a_wrong_item_stops_no_other(store: Store) -> None:
    ship_requests(store, request(1), request(2))
    items = [
        OutcomeItem(pair_id=pair_id, value=True, ascertained_at_us=1, source="x")
        for pair_id in ("pair-000001", "nobody", "pair-000002")
    ]
    first, wrong, second = report_outcomes(store, items, trial=TRIAL, received_at_us=LATER_US)
    assert isinstance(first, OutcomeReceipt)
    assert isinstance(wrong, EquipoiseError)
    assert isinstance(second, OutcomeReceipt)


def test_an_outcome_of_an_encounter_is_that_of_each_of_its_pairs(store: Store) -> None:
    first = request(1, token="key")
    retry = request(2, token="key")
    ship_requests(store, first, retry)
    item = OutcomeItem(
        subject=first.subject,
        encounter=first.encounter,
        value=True,
        ascertained_at_us=1,
        source="x",
    )
    (receipt,) = report_outcomes(store, [item], trial=TRIAL, received_at_us=LATER_US)
    assert receipt == OutcomeReceipt(("pair-000001",), OUTCOME, "created", True)


def test_an_encounter_of_another_subject_is_unknown(store: Store) -> None:
    ship_requests(store, request(1))
    item = OutcomeItem(
        subject="somebody", encounter="encounter-1", value=True, ascertained_at_us=1, source="x"
    )
    (error,) = report_outcomes(store, [item], trial=TRIAL, received_at_us=LATER_US)
    assert isinstance(error, EquipoiseError)


def test_an_outcome_after_the_last_lock_is_kept_and_listed(store: Store) -> None:
    ship_requests(store, request(1), request(2, at_us=LATER_US + 1))
    lock(store, TRIAL, "L1", actor="a", at_us=LATER_US)
    tell(store, "pair-000001", True)
    assert codes(store) == []
    lock(store, TRIAL, "L2", actor="a", at_us=LATER_US)
    tell(store, "pair-000001", False)
    tell(store, "pair-000002", True)
    assert codes(store) == ["OUTCOME_AFTER_LOCK", "OUTCOME_CONFLICT"]


def test_accrual_is_closed_once(store: Store) -> None:
    close_accrual(store, TRIAL, "plan", actor="a", at_us=1)
    assert close_accrual(store, TRIAL, "other", actor="b", at_us=2).reason == "plan"


def test_an_outcome_counts_only_once_its_time_has_passed(tmp_path: Path) -> None:
    def elapsed(document: Document) -> None:
        document["outcome"] |= {
            "maturity": "elapsed",
            "horizon_days": 1.0,
            "maturity_lag_days": 0.5,
        }

    store = new_store(tmp_path, example_protocol(elapsed))
    ship_requests(store, request(1, at_us=START_US))
    answer_all(store, "pair-000001")
    tell(store, "pair-000001", True)
    mature_at_us = START_US + 36 * 60 * MINUTE_US
    assert evaluable_count(store, TRIAL) == 1
    assert evaluable_count(store, TRIAL, at_us=mature_at_us - 1) == 0
    early = lock(store, TRIAL, "L1", actor="a", at_us=mature_at_us - 1).pairs[0]
    late = lock(store, TRIAL, "L2", actor="a", at_us=mature_at_us).pairs[0]
    assert (early.outcome_state, early.outcome) == (OutcomeState.MISSING, None)
    assert (late.outcome_state, late.outcome) == (OutcomeState.ASCERTAINED, True)
    store.close()


N_PAIRS = 3
PAIRS = st.integers(1, N_PAIRS)
Report = tuple[bool, int, str]


def latest_report_protocol() -> Protocol:
    def edit(document: Document) -> None:
        document["outcome"]["conflict"] = "latest_report"

    return example_protocol(edit)


class _Reports(RuleBasedStateMachine):
    """Any history of reports; the oracle keeps, per pair, the reports that differ."""

    protocol = example_protocol()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = new_store(self.folder, self.protocol)
        self.known: dict[int, list[Report]] = {}
        self.shipped: set[int] = set()
        self.locks = 0
        self.after_lock = 0
        self.conflicts: set[int] = set()

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: len(self.shipped) < N_PAIRS and self.locks < 2)
    @rule()
    def ship_the_next_pair(self) -> None:
        seq = len(self.shipped) + 1
        ship_requests(self.store, request(seq))
        answer_all(self.store, f"pair-{seq:06d}")
        self.shipped.add(seq)

    @rule(pair=PAIRS, value=st.booleans(), at=st.integers(1, 2), source=st.sampled_from("ab"))
    def report(self, pair: int, value: bool, at: int, source: str) -> None:
        pair_id = f"pair-{pair:06d}"
        if pair not in self.shipped:
            with pytest.raises(EquipoiseError, match="no such pair"):
                tell(self.store, pair_id, value, at=at, source=source)
            return
        earlier = self.known.setdefault(pair, [])
        new = not earlier or (earlier[-1][0] != value and (value, at, source) not in earlier)
        if new:
            earlier.append((value, at, source))
            self.after_lock += self.locks == 2
        differs = len({known for known, _, _ in earlier}) == 2
        if differs:
            self.conflicts.add(pair)
        receipt = tell(self.store, pair_id, value, at=at, source=source)
        expected = "conflict" if differs else ("created" if new else "unchanged")
        assert (receipt.state, receipt.kept) == (expected, new)

    @precondition(lambda self: self.locks < 2)
    @rule()
    def lock_the_next_look(self) -> None:
        self.locks += 1
        locked = lock(self.store, TRIAL, f"L{self.locks}", actor="a", at_us=LATER_US)
        assert locked.facts.outcome_conflicts == len(self.conflicts)
        for pair in locked.pairs:
            seen = (pair.outcome_state, pair.outcome)
            assert seen == self.expected(self.known.get(int(pair.pair_id[-6:]), []))

    def expected(self, reports: list[Report]) -> tuple[OutcomeState, bool | None]:
        if not reports:
            return OutcomeState.MISSING, None
        if self.protocol.outcome.conflict == "latest_report" or len(reports) == 1:
            return OutcomeState.ASCERTAINED, reports[-1][0]
        return OutcomeState.CONFLICT, None

    @invariant()
    def the_store_agrees_with_the_oracle(self) -> None:
        states = [self.expected(self.known.get(pair, []))[0] for pair in self.shipped]
        counted = outcome_counts(self.store, TRIAL)
        assert counted == {state: states.count(state) for state in OutcomeState}
        assert evaluable_count(self.store, TRIAL) == states.count(OutcomeState.ASCERTAINED)
        assert codes(self.store).count("OUTCOME_CONFLICT") == len(self.conflicts)
        assert codes(self.store).count("OUTCOME_AFTER_LOCK") == self.after_lock


class _LatestReports(_Reports):
    protocol = latest_report_protocol()


_Reports.TestCase.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
_LatestReports.TestCase.settings = _Reports.TestCase.settings
TestAnyHistoryExcludingConflicts = _Reports.TestCase
TestAnyHistoryWithTheLatestReport = _LatestReports.TestCase

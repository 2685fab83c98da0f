"""Journal rows reach the store once, duplicates are found, and no number goes missing unnoticed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from gateway.store.capture import ShipGap, record_observations, ship
from gateway.store.engine import Store
from gateway.store.reads import completeness, deviations, epochs, pending_pairs
from protocols.errors import StoreError
from protocols.vocabulary import Fate
from tests.gateway.store.ward import (
    START_US,
    TRIAL,
    answer_all,
    batch,
    candidate,
    new_store,
    request,
    ship_requests,
)


def gap(seq: int) -> ShipGap:
    return ShipGap(seq=seq, pair_id=f"pair-{seq:06d}", at_us=START_US, cause="budget")


def codes(store: Store) -> list[str]:
    return [deviation.code for deviation in deviations(store, TRIAL)]


def test_shipping_the_same_batch_twice_changes_nothing(store: Store) -> None:
    sent = batch(request(1), request(2, eligible=False), gaps=(gap(3),), shipped_seq=3)
    assert ship(store, sent).n_recorded == 2
    before = (completeness(store, TRIAL), codes(store), epochs(store, TRIAL))
    again = ship(store, sent)
    assert (again.n_recorded, again.n_gaps, again.unaccounted) == (0, 0, ())
    assert (completeness(store, TRIAL), codes(store), epochs(store, TRIAL)) == before


def test_an_overlapping_batch_adds_only_what_is_new(store: Store) -> None:
    ship_requests(store, request(1), request(2))
    assert ship_requests(store, request(2), request(3)).n_recorded == 1
    assert completeness(store, TRIAL).recorded == 3


def test_an_old_batch_does_not_move_the_epoch_back(store: Store) -> None:
    ship(store, batch(request(1), request(2), closed=True))
    ship(store, batch(request(1)))
    (epoch,) = epochs(store, TRIAL)
    assert (epoch.shipped_seq, epoch.accepted_seq, epoch.closed) == (2, 2, True)


def test_a_second_pair_under_one_number_is_refused_whole(store: Store) -> None:
    ship_requests(store, request(1))
    with pytest.raises(StoreError) as raised:
        ship_requests(store, request(1, pair_id="another"), request(2))
    assert raised.value.code == "SEQUENCE_REUSED"
    assert completeness(store, TRIAL).recorded == 1


def test_a_pair_under_a_second_number_is_refused(store: Store) -> None:
    ship_requests(store, request(1))
    with pytest.raises(StoreError) as raised:
        ship(store, batch(request(1), epoch="e2"))
    assert raised.value.code == "PAIR_REUSED"


def test_a_pair_under_two_numbers_of_one_batch_is_refused(store: Store) -> None:
    with pytest.raises(StoreError) as raised:
        ship_requests(store, request(1), request(2, pair_id="pair-000001"))
    assert raised.value.code == "PAIR_REUSED"
    assert completeness(store, TRIAL).recorded == 0


def test_a_retry_under_the_same_key_is_a_duplicate_of_the_first_pair(store: Store) -> None:
    ship_requests(store, request(1, token="key"))
    receipt = ship_requests(store, request(2, token="key"), request(3, token="key"))
    assert receipt.duplicates == {"pair-000002": "pair-000001", "pair-000003": "pair-000001"}
    assert completeness(store, TRIAL).fates["candidate"] == {
        Fate.DUPLICATE: 2,
        Fate.PENDING: 1,
    }


def test_a_retry_within_one_batch_is_found_too(store: Store) -> None:
    receipt = ship_requests(store, request(1, token="key"), request(2, token="key"))
    assert receipt.duplicates == {"pair-000002": "pair-000001"}


@pytest.mark.parametrize("together", [True, False])
def test_a_retry_after_a_failure_is_the_pair_that_counts(store: Store, *, together: bool) -> None:
    failed = request(1, token="key", soc=Fate.TIMED_OUT)
    asked_again = request(2, token="key")
    if not together:
        ship_requests(store, failed)
        failed = request(3, token="key", soc=Fate.FAILED)
    receipt = ship_requests(store, *sorted((failed, asked_again), key=lambda row: row.seq))
    assert receipt.duplicates == ({} if together else {"pair-000003": "pair-000002"})


def test_only_pairs_that_the_candidate_owes_an_answer_are_pending(store: Store) -> None:
    ship_requests(
        store,
        request(1),
        request(2, eligible=False),
        request(3, sampled=False),
        request(4, token="key"),
        request(5, token="key"),
        request(6),
    )
    answer_all(store, "pair-000001")
    assert [p.pair_id for p in pending_pairs(store, TRIAL, limit=9)] == [
        "pair-000004",
        "pair-000006",
    ]
    assert [p.seq for p in pending_pairs(store, TRIAL, limit=1)] == [4]
    assert [p.seq for p in pending_pairs(store, TRIAL, limit=9, after=("e1", 4))] == [6]


def test_the_first_answer_of_an_arm_stays(store: Store) -> None:
    ship_requests(store, request(1))
    assert record_observations(store, [candidate("pair-000001", score=0.2)]) == 1
    assert record_observations(store, [candidate("pair-000001", fate=Fate.FAILED)]) == 0
    assert completeness(store, TRIAL).fates["candidate"] == {Fate.ANSWERED: 1}


@pytest.mark.parametrize(("fate", "score"), [(Fate.PENDING, None), (Fate.ANSWERED, float("nan"))])
def test_an_observation_that_cannot_be_is_refused(
    store: Store, fate: Fate, score: float | None
) -> None:
    with pytest.raises(StoreError, match="pair-000001"):
        record_observations(store, [candidate("pair-000001", fate=fate, score=score)])


def test_a_request_answered_before_the_journal_confirmed_is_a_booked_gap(store: Store) -> None:
    ship(store, batch(request(1), request(3), gaps=(gap(2),)))
    counted = completeness(store, TRIAL)
    assert (counted.accepted, counted.recorded, counted.booked_gaps) == (3, 2, 1)
    assert counted.unexplained == ()
    assert codes(store) == ["CAPTURE_GAP"]


def test_a_gap_whose_row_came_after_all_is_recorded_and_stays_a_deviation(store: Store) -> None:
    ship(store, batch(request(1), gaps=(gap(2),)))
    ship_requests(store, request(2))
    counted = completeness(store, TRIAL)
    assert (counted.accepted, counted.recorded, counted.booked_gaps) == (2, 2, 0)
    assert codes(store) == ["CAPTURE_GAP"]


def test_a_number_that_nothing_accounts_for_is_named(store: Store) -> None:
    receipt = ship_requests(store, request(1), request(4))
    assert receipt.unaccounted == ("e1:2-3",)
    assert completeness(store, TRIAL).unexplained == ("e1:2", "e1:3")
    assert codes(store) == ["SEQUENCE_GAP"]


def test_numbers_still_in_the_journal_are_in_flight_and_not_unexplained(store: Store) -> None:
    ship(store, batch(request(1), accepted_seq=5))
    counted = completeness(store, TRIAL)
    assert (counted.accepted, counted.in_flight, counted.unexplained) == (5, 4, ())
    assert codes(store) == []


def test_a_closed_epoch_owes_every_number(store: Store) -> None:
    ship(store, batch(request(1), accepted_seq=3, closed=True))
    assert completeness(store, TRIAL).unexplained == ("e1:2", "e1:3")


def test_a_request_before_the_registration_is_a_deviation(store: Store) -> None:
    ship_requests(store, request(1, at_us=START_US - 1), request(2, at_us=START_US - 1))
    assert codes(store) == ["RETROSPECTIVE_START"]


@given(
    st.lists(st.sampled_from(["row", "gap", "both", "lost"]), min_size=1, max_size=30),
    st.lists(st.integers(1, 6), min_size=1, max_size=10),
)
@settings(max_examples=15, deadline=None)
def test_accepted_is_always_recorded_and_booked_and_unexplained_and_in_flight(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], sizes: list[int]
) -> None:
    store = new_store(tmp_path_factory.mktemp("law"))
    first = 1
    for size in sizes:
        window = range(first, min(first + size, len(kinds) + 1))
        first += size
        rows = [request(n) for n in window if kinds[n - 1] in ("row", "both")]
        gaps = tuple(gap(n) for n in window if kinds[n - 1] in ("gap", "both"))
        if window:
            sent = batch(*rows, gaps=gaps, shipped_seq=window[-1], accepted_seq=len(kinds))
            ship(store, sent)
        counted = completeness(store, TRIAL)
        accounted = counted.recorded + counted.booked_gaps + len(counted.unexplained)
        assert counted.accepted == accounted + counted.in_flight
    shipped = kinds[: first - 1]
    assert len(counted.unexplained) == shipped.count("lost")
    assert counted.booked_gaps == shipped.count("gap")
    store.close()


def test_a_batch_of_a_thousand_rows_takes_a_handful_of_statements(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(store._engine, "before_cursor_execute", note)
    ship_requests(store, *(request(seq, token=f"key-{seq}") for seq in range(1, 1001)))
    store.close()
    assert 0 < len(statements) < 30

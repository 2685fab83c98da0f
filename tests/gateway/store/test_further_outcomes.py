"""Further outcomes: taken by type, kept by name, locked under flat keys where they are settled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.arrivals import arrivals
from gateway.store.capture import OutcomeReceipt, report_outcome
from gateway.store.engine import Store
from gateway.store.lock import find_lock, lock, read_lock
from gateway.store.outcome_values import canonical_value, flat_values
from gateway.store.reads import deviations, evaluable_count, outcome_counts_by_name
from protocols.errors import EquipoiseError
from protocols.outcomes import outcomes_by_name
from protocols.schema import FurtherOutcome
from protocols.vocabulary import OutcomeState
from tests.gateway.further import further_protocol
from tests.gateway.store.conftest import new_database
from tests.gateway.store.ward import (
    MINUTE_US,
    OUTCOME,
    START_US,
    TRIAL,
    answer_all,
    new_store,
    new_store_at,
    request,
    ship_requests,
)

LATER_US = START_US + 10_000_000 * MINUTE_US
PLANS = outcomes_by_name(further_protocol())
GOOD: tuple[tuple[str, object, dict[str, object]], ...] = (
    ("readmitted", False, {"readmitted": False}),
    ("dose", 4.5, {"dose": 4.5}),
    ("stays", 3, {"stays": 3}),
    ("stage", "severe", {"stage": "severe"}),
    ("relapse", {"time": 12.5, "event": True}, {"relapse.time": 12.5, "relapse.event": True}),
    (
        "harm",
        {"standard_of_care": True, "candidate": False},
        {"harm.standard_of_care": True, "harm.candidate": False},
    ),
    (
        "ttd",
        {
            "standard_of_care": {"time": 1, "event": True},
            "candidate": {"time": 2, "event": False},
        },
        {
            "ttd.standard_of_care.time": 1,
            "ttd.standard_of_care.event": True,
            "ttd.candidate.time": 2,
            "ttd.candidate.event": False,
        },
    ),
)
HUGE = 10**400
BAD: tuple[tuple[str, object, str], ...] = (
    ("readmitted", 1, "OUTCOME_TYPE"),
    ("readmitted", None, "OUTCOME_TYPE"),
    ("dose", True, "OUTCOME_TYPE"),
    ("dose", "4.5", "OUTCOME_TYPE"),
    ("dose", [4.5], "OUTCOME_TYPE"),
    ("dose", -0.5, "OUTCOME_RANGE"),
    ("dose", 100.5, "OUTCOME_RANGE"),
    ("dose", float("nan"), "OUTCOME_RANGE"),
    ("dose", float("inf"), "OUTCOME_RANGE"),
    ("dose", HUGE, "OUTCOME_RANGE"),
    ("stays", 2.5, "OUTCOME_TYPE"),
    ("stays", -1, "OUTCOME_RANGE"),
    ("stays", 51, "OUTCOME_RANGE"),
    ("stage", "deadly", "OUTCOME_RANGE"),
    ("stage", 1, "OUTCOME_TYPE"),
    ("relapse", 12, "OUTCOME_TYPE"),
    ("relapse", {"time": 12}, "OUTCOME_TYPE"),
    ("relapse", {"time": 12, "event": True, "more": 1}, "OUTCOME_TYPE"),
    ("relapse", {"time": -1, "event": True}, "OUTCOME_RANGE"),
    ("relapse", {"time": HUGE, "event": True}, "OUTCOME_RANGE"),
    ("relapse", {"time": 1, "event": 1}, "OUTCOME_TYPE"),
    ("relapse", {"time": {"time": 1}, "event": True}, "OUTCOME_TYPE"),
    ("harm", True, "OUTCOME_TYPE"),
    ("harm", {"candidate": True}, "OUTCOME_TYPE"),
    ("harm", {"standard_of_care": True, "candidate": None}, "OUTCOME_TYPE"),
    ("ttd", {"standard_of_care": 1, "candidate": 2}, "OUTCOME_TYPE"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with further outcomes registered, on either database."""
    if request.param == "sqlite":
        made = new_store(tmp_path, further_protocol())
    else:
        url = new_database(request.getfixturevalue("postgresql_url"))
        made = new_store_at(url, further_protocol())
    yield made
    made.close()


def tell(store: Store, name: str, value: object, *, pair: int = 1, at: int = 1) -> OutcomeReceipt:
    return report_outcome(
        store,
        f"pair-{pair:06d}",
        name,
        value,
        ascertained_at_us=at,
        received_at_us=LATER_US,
        source="readers",
    )


def locked_further(store: Store, look: str = "L1", at_us: int = LATER_US) -> dict[str, object]:
    return dict(lock(store, TRIAL, look, actor="a", at_us=at_us).pairs[0].further)


def test_every_type_is_kept_and_locked_under_its_flat_keys(store: Store) -> None:
    ship_requests(store, request(1), request(2))
    for name, value, _ in GOOD:
        receipt = tell(store, name, value)
        assert receipt == OutcomeReceipt(("pair-000001",), name, "created", True)
    expected = {key: value for _, _, flat in GOOD for key, value in flat.items()}
    locked = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US)
    assert [pair.further for pair in locked.pairs] == [expected, {}]
    assert read_lock(store, locked.lock_id) == locked


@pytest.mark.parametrize(("name", "value", "code"), BAD)
def test_a_value_of_another_kind_is_refused_and_not_repeated(
    name: str, value: object, code: str
) -> None:
    with pytest.raises(EquipoiseError) as raised:
        canonical_value(value, PLANS[name])
    assert raised.value.code == code
    assert "send" in str(raised.value)
    assert "deadly" not in str(raised.value)


def test_a_refused_value_leaves_nothing_behind(store: Store) -> None:
    ship_requests(store, request(1))
    with pytest.raises(EquipoiseError, match="a number from 0 to 100"):
        tell(store, "dose", 101)
    assert outcome_counts_by_name(store, TRIAL)["dose"][OutcomeState.MISSING] == 1


def test_an_unknown_name_is_told_the_known_ones(store: Store) -> None:
    ship_requests(store, request(1))
    with pytest.raises(EquipoiseError, match="readmitted, dose, stays") as raised:
        tell(store, "mood", True)
    assert raised.value.code == "OUTCOME_UNKNOWN"


def test_the_same_number_written_otherwise_is_no_contradiction(store: Store) -> None:
    ship_requests(store, request(1))
    tell(store, "dose", 5)
    assert tell(store, "dose", 5.0, at=2).state == "unchanged"


def test_the_order_of_members_makes_no_contradiction(store: Store) -> None:
    ship_requests(store, request(1))
    tell(store, "relapse", {"time": 1, "event": True})
    assert tell(store, "relapse", {"event": True, "time": 1.0}).state == "unchanged"


def test_outcomes_contradict_by_name_and_a_contradicted_one_is_not_analysed(store: Store) -> None:
    ship_requests(store, request(1))
    tell(store, OUTCOME, True)
    tell(store, "stays", 1)
    tell(store, "dose", 5)
    assert tell(store, "dose", 6).state == "conflict"
    pair = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs[0]
    assert (pair.outcome, pair.further) == (True, {"stays": 1})
    assert [(one.code, one.key) for one in deviations(store, TRIAL)] == [
        ("OUTCOME_CONFLICT", "pair-000001:dose")
    ]


def test_the_latest_report_settles_a_contradiction_where_the_protocol_says_so(
    tmp_path: Path,
) -> None:
    store = new_store(tmp_path, further_protocol("latest_report"))
    ship_requests(store, request(1))
    tell(store, "dose", 5)
    tell(store, "dose", 6)
    assert locked_further(store) == {"dose": 6}
    store.close()


def test_a_further_outcome_counts_only_once_its_time_has_passed(tmp_path: Path) -> None:
    store = new_store(tmp_path, further_protocol(elapsed=True))
    ship_requests(store, request(1, at_us=START_US))
    tell(store, "dose", 5)
    mature_at_us = START_US + 24 * 60 * MINUTE_US
    assert locked_further(store, "L1", mature_at_us - 1) == {}
    assert locked_further(store, "L2", mature_at_us) == {"dose": 5}
    store.close()


def test_a_further_outcome_after_the_last_lock_is_kept_and_listed(store: Store) -> None:
    ship_requests(store, request(1))
    for look in ("L1", "L2"):
        lock(store, TRIAL, look, actor="a", at_us=LATER_US)
    tell(store, "dose", 5)
    tell(store, "stays", 5)
    assert [(one.code, one.key) for one in deviations(store, TRIAL)] == [
        ("OUTCOME_AFTER_LOCK", "pair-000001:dose:1"),
        ("OUTCOME_AFTER_LOCK", "pair-000001:stays:1"),
    ]


def test_a_further_outcome_makes_no_pair_evaluable(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    tell(store, "dose", 5)
    assert evaluable_count(store, TRIAL) == 0
    tell(store, OUTCOME, False)
    assert evaluable_count(store, TRIAL) == 1


def test_outcomes_are_counted_by_name_and_never_by_value(store: Store) -> None:
    ship_requests(store, request(1), request(2))
    tell(store, "stays", 1)
    tell(store, "stays", 1, pair=2)
    tell(store, "stays", 2, pair=2)
    counted = outcome_counts_by_name(store, TRIAL)
    assert next(iter(counted)) == OUTCOME
    assert counted["stays"] == {
        OutcomeState.ASCERTAINED: 1,
        OutcomeState.MISSING: 0,
        OutcomeState.CONFLICT: 1,
    }
    assert counted["dose"][OutcomeState.MISSING] == 2


def test_another_further_value_is_another_lock(tmp_path: Path) -> None:
    ids = []
    for folder, dose in (("a", 5), ("b", 6), ("c", 5)):
        (tmp_path / folder).mkdir()
        store = new_store(tmp_path / folder, further_protocol())
        ship_requests(store, request(1))
        tell(store, "dose", dose)
        lock(store, TRIAL, "L1", actor="a", at_us=LATER_US)
        found = find_lock(store, TRIAL, "L1")
        assert found is not None
        ids.append(found.lock_id)
        store.close()
    assert ids[0] == ids[2] != ids[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["time", "event", "standard_of_care", "candidate", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(PLANS)), value=JSON)
def test_any_value_is_either_refused_with_a_code_or_read_back_as_it_was(
    name: str, value: object
) -> None:
    plan = PLANS[name]
    code, text = "", ""
    try:
        text = canonical_value(value, plan)
    except EquipoiseError as error:
        code = error.code
    assert (code == "") is (text != "")
    assert code in {"", "OUTCOME_TYPE", "OUTCOME_RANGE"}
    if not text:
        return
    assert json.loads(text) == value
    if isinstance(plan, FurtherOutcome):
        assert all(key.split(".")[0] == name for key, _ in flat_values(text, plan))


def test_for_safety_between_looks_a_further_outcome_enters_when_it_came_and_stays(
    tmp_path: Path,
) -> None:
    store = new_store(tmp_path, further_protocol())
    ship_requests(store, request(1), request(2))
    answer_all(store, "pair-000001", "pair-000002")
    for name, value, minute in (("dose", 4.5, 30), ("dose", 9.0, 40), (OUTCOME, True, 50)):
        at_us = START_US + minute * MINUTE_US
        report_outcome(
            store,
            "pair-000001",
            name,
            value,
            ascertained_at_us=at_us,
            received_at_us=at_us,
            source=f"registry at {minute}",
        )
    found = {a.record.pair_id: a for a in arrivals(store, TRIAL, at_us=LATER_US)}
    one, two = found["pair-000001"], found["pair-000002"]
    assert one.further_at_us == {"dose": START_US + 30 * MINUTE_US}
    assert one.record.further == {"dose": 4.5}  # the contradiction came later
    assert one.entered_at_us == START_US + 50 * MINUTE_US
    assert (two.further_at_us, two.record.further) == ({}, {})
    early = arrivals(store, TRIAL, at_us=START_US + 29 * MINUTE_US)
    assert all(not a.further_at_us and not a.record.further for a in early)
    store.close()

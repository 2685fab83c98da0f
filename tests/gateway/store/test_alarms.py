"""Alarms of safety rules between looks: once a rule, append only, locked, shown in the status."""

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from gateway.status import read_status
from gateway.status_text import status_document, status_lines
from gateway.store.arrivals import arrivals
from gateway.store.capture import raise_alarm, report_outcome
from gateway.store.engine import Store, open_store
from gateway.store.inserts import table_of
from gateway.store.lock import lock, read_lock
from gateway.store.locked_bytes import facts_from, facts_text
from gateway.store.migrations import SCHEMA_VERSION
from gateway.store.migrations.upgrade import configuration
from gateway.store.reads import safety_alarms
from gateway.store.tables import SafetyAlarm
from gateway.wire_trials import trial_reply
from protocols.errors import StoreError
from protocols.vocabulary import OutcomeState
from tests.gateway.store.conftest import new_database
from tests.gateway.store.ward import (
    MINUTE_US,
    OUTCOME,
    START_US,
    TRIAL,
    answer_all,
    request,
    ship_requests,
)
from tests.support.example_protocol import example_protocol

LATER_US = START_US + 100 * MINUTE_US


def _alarm(rule: str = "S1", action: str = "pause", actor: str = "watch") -> SafetyAlarm:
    return SafetyAlarm(
        trial=TRIAL,
        rule=rule,
        action=action,
        severity="serious",
        detail="the e-value is 41 after 9 subjects",
        pair_id="pair-000001",
        n_units=9,
        entered_at_us=START_US + 5,
        raised_at_us=START_US + 7,
        actor=actor,
    )


def test_a_rule_raises_once_and_the_first_row_stays(store: Store) -> None:
    assert raise_alarm(store, _alarm())
    assert not raise_alarm(store, _alarm(action="stop", actor="another"))
    assert raise_alarm(store, _alarm(rule="S2", action="stop"))
    found = [(row.rule, row.action, row.actor) for row in safety_alarms(store, TRIAL)]
    assert found == [("S1", "pause", "watch"), ("S2", "stop", "watch")]


@pytest.mark.parametrize("action", ["UPDATE", "DELETE"])
def test_an_alarm_can_be_neither_changed_nor_withdrawn(store: Store, action: str) -> None:
    raise_alarm(store, _alarm())
    table = table_of(SafetyAlarm)
    statement = table.delete() if action == "DELETE" else table.update().values(action="notify")
    with pytest.raises(StoreError) as raised, store.transaction() as session:
        session.connection().execute(statement)
    assert raised.value.code == "STORE_APPEND_ONLY"
    assert [row.action for row in safety_alarms(store, TRIAL)] == ["pause"]


def test_a_lock_holds_the_alarms_that_were_raised_before_it(store: Store) -> None:
    raise_alarm(store, _alarm())
    locked = lock(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    raise_alarm(store, _alarm(rule="S2"))
    (alarm,) = read_lock(store, locked.lock_id).facts.alarms
    assert alarm["rule"] == "S1"
    assert alarm["action"] == "pause"
    assert alarm["n_units"] == "9"


def test_facts_of_a_lock_without_alarms_are_still_read(store: Store) -> None:
    facts = lock(store, TRIAL, "L1", actor="ben", at_us=LATER_US).facts
    old = facts_text(facts).replace('"alarms":[],', "")
    assert old != facts_text(facts)
    assert facts_from(old) == replace(facts, alarms=())


def test_the_status_shows_what_is_asked_for(store: Store) -> None:
    raise_alarm(store, _alarm(action="stop"))
    status = read_status(store, TRIAL, at_us=LATER_US, mirror=None)
    document = status_document(status)
    assert document["alarms"] == [
        {
            "rule": "S1",
            "action": "stop",
            "severity": "serious",
            "raised_at": "2027-01-15T08:00:00.000007Z",
        }
    ]
    assert any("S1 asks to stop (serious)" in line for line in status_lines(status))
    assert trial_reply(store, example_protocol()).alarms[0].action == "stop"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_store_of_the_first_schema_is_brought_here_and_keeps_its_rows(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'trial.sqlite'}"
    if database == "postgresql":
        url = new_database(request.getfixturevalue("postgresql_url"))
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        row = "INSERT INTO accrual_closure VALUES ('t', 'the season is over', 'ada', 1)"
        connection.execute(text(row))
    engine.dispose()
    with pytest.raises(StoreError, match="register the protocol with this version"):
        open_store(url)
    store = open_store(url, create=True)
    with store.session() as session:
        version = session.connection().execute(text("SELECT version_num FROM alembic_version"))
        assert version.scalar() == SCHEMA_VERSION
        kept = session.connection().execute(text("SELECT reason FROM accrual_closure"))
        assert kept.scalar() == "the season is over"
    assert raise_alarm(store, _alarm())
    store.close()


def _report(store: Store, pair: str, value: object, minute: int) -> None:
    at_us = START_US + minute * MINUTE_US
    report_outcome(
        store,
        pair,
        OUTCOME,
        value,
        ascertained_at_us=at_us,
        received_at_us=at_us,
        source=f"registry at {minute}",
    )


def test_a_pair_enters_when_its_outcome_comes_and_not_by_its_request(store: Store) -> None:
    ship_requests(store, request(1), request(2), request(3))
    answer_all(store, "pair-000001", "pair-000002")
    _report(store, "pair-000001", True, 30)
    _report(store, "pair-000002", False, 10)
    _report(store, "pair-000003", True, 5)
    found = {a.record.pair_id: a for a in arrivals(store, TRIAL, at_us=LATER_US)}
    entered = {pair: a.entered_at_us for pair, a in found.items()}
    assert entered == {
        "pair-000001": START_US + 30 * MINUTE_US,
        "pair-000002": START_US + 10 * MINUTE_US,
        "pair-000003": None,  # the candidate is still pending
    }
    assert found["pair-000001"].record.outcome is True
    assert found["pair-000003"].record.outcome is None


def test_a_later_contradiction_takes_nothing_back(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    _report(store, "pair-000001", True, 10)
    _report(store, "pair-000001", False, 20)
    (found,) = arrivals(store, TRIAL, at_us=LATER_US)
    assert found.record.outcome is True
    assert found.record.outcome_state is OutcomeState.ASCERTAINED
    assert found.entered_at_us == START_US + 10 * MINUTE_US


def test_an_outcome_of_the_future_does_not_count_yet(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    _report(store, "pair-000001", True, 10)
    (found,) = arrivals(store, TRIAL, at_us=START_US + 9 * MINUTE_US)
    assert found.entered_at_us is None
    assert found.record.outcome is None

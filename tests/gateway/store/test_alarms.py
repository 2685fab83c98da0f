"""Alarms of safety rules between looks: once a rule, append only, locked, shown in the status."""

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from gateway.status import read_status
from gateway.status_text import status_document, status_lines
from gateway.store.alarms import hold_of, safety_resumptions
from gateway.store.arrivals import arrivals
from gateway.store.capture import raise_alarm, report_outcome, resume
from gateway.store.engine import Store, open_store
from gateway.store.inserts import table_of
from gateway.store.lock import lock, read_lock
from gateway.store.locked_bytes import facts_from, facts_text
from gateway.store.migrations import SCHEMA_VERSION
from gateway.store.migrations.upgrade import configuration
from gateway.store.reads import deviations, refusals, safety_alarms
from gateway.store.tables import SafetyAlarm, SafetyResumption
from gateway.wire_trials import trial_reply
from protocols.errors import RefusedError, StoreError
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
from tests.support.between_looks import an_alarm
from tests.support.example_protocol import example_protocol

LATER_US = START_US + 100 * MINUTE_US


def _alarm(rule: str = "S1", action: str = "pause", actor: str = "watch") -> SafetyAlarm:
    moments = {"entered_at_us": START_US + 5, "raised_at_us": START_US + 7}
    return an_alarm(TRIAL, rule, action, actor=actor, **moments)


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
    old = facts_text(facts).replace('"alarms":[],', "").replace('"resumptions":[],', "")
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
            "resumption": None,
        }
    ]
    assert (document["held"], document["held_by"]) == ("stopped", ["S1"])
    assert any("S1 asks to stop (serious)" in line for line in status_lines(status))
    assert any("STOPPED" in line and "S1" in line for line in status_lines(status))
    reply = trial_reply(store, example_protocol())
    assert (reply.alarms[0].action, reply.held, reply.held_by) == ("stop", "stopped", ("S1",))


def _resume(store: Store, rule: str = "S1", **said: str) -> None:
    words = {"by": "Ada Lovelace", "reason": "The board has reviewed the cases."} | said
    resume(store, TRIAL, rule, **words, actor="ada", at_us=LATER_US)


def test_a_pause_holds_until_a_named_person_resumes_it_and_only_once(store: Store) -> None:
    assert hold_of(store, TRIAL).word is None
    raise_alarm(store, _alarm())
    assert (hold_of(store, TRIAL).word, hold_of(store, TRIAL).rules) == ("paused", ("S1",))
    _resume(store)
    assert hold_of(store, TRIAL).word is None
    assert hold_of(store, TRIAL).last_resumed_at_us == LATER_US
    assert not raise_alarm(store, _alarm())  # what it had to say is said
    status = read_status(store, TRIAL, at_us=LATER_US, mirror=None)
    assert any("by Ada Lovelace: The board" in line for line in status_lines(status))
    assert [d.code for d in deviations(store, TRIAL)] == ["SAFETY_PAUSED"]


@pytest.mark.parametrize(
    ("action", "said", "code"),
    [
        ("stop", {}, "ALARM_STOPS"),
        ("notify", {}, "ALARM_HOLDS_NOTHING"),
        ("pause", {"rule": "S9"}, "ALARM_UNKNOWN"),
        ("pause", {"reason": " "}, "REASON_MISSING"),
        ("pause", {"by": ""}, "REASON_MISSING"),
    ],
)
def test_what_cannot_be_resumed_is_refused_and_the_attempt_recorded(
    store: Store, action: str, said: dict[str, str], code: str
) -> None:
    raise_alarm(store, _alarm(action=action))
    held = hold_of(store, TRIAL)
    with pytest.raises(RefusedError) as raised:
        _resume(store, **said)
    assert raised.value.code == code
    assert [row.code for row in refusals(store, TRIAL)] == [code]
    assert hold_of(store, TRIAL) == held


def test_a_pause_is_resumed_once(store: Store) -> None:
    raise_alarm(store, _alarm())
    _resume(store)
    with pytest.raises(RefusedError, match="resumed before"):
        _resume(store, by="Ben")
    assert [row.resumed_by for row in safety_resumptions(store, TRIAL)] == ["Ada Lovelace"]


@pytest.mark.parametrize("action", ["UPDATE", "DELETE"])
def test_a_resumption_can_be_neither_changed_nor_withdrawn(store: Store, action: str) -> None:
    raise_alarm(store, _alarm())
    _resume(store)
    table = table_of(SafetyResumption)
    statement = table.delete() if action == "DELETE" else table.update().values(reason="another")
    with pytest.raises(StoreError) as raised, store.transaction() as session:
        session.connection().execute(statement)
    assert raised.value.code == "STORE_APPEND_ONLY"


def test_a_lock_holds_the_resumptions_before_it(store: Store) -> None:
    raise_alarm(store, _alarm())
    before = lock(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert before.facts.held
    _resume(store)
    raise_alarm(store, _alarm(rule="S2", action="notify"))
    after = read_lock(store, lock(store, TRIAL, "L2", actor="ben", at_us=LATER_US).lock_id).facts
    (row,) = after.resumptions
    assert (row["rule"], row["resumed_by"]) == ("S1", "Ada Lovelace")
    assert not after.held
    old = facts_text(before.facts).replace('"resumptions":[],', "")
    assert facts_from(old) == before.facts


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

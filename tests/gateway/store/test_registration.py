"""A protocol is registered once; what follows the first request needs a new trial."""

from pathlib import Path

import pytest

from gateway.store.capture import register
from gateway.store.engine import Store, open_store
from gateway.store.reads import (
    deviations,
    protocol_in_force,
    refusals,
    registration_in_force,
    registrations,
    trials,
)
from protocols.canonical import digest_of
from protocols.errors import RefusedError
from protocols.schema import Protocol
from tests.gateway.store.ward import START_US, TRIAL, request, ship_requests
from tests.support.example_protocol import Document, example_protocol


def amended() -> Protocol:
    def edit(document: Document) -> None:
        document["protocol"]["version"] = "1.0.1"

    return example_protocol(edit)


def again(store: Store, protocol: Protocol, at_us: int = START_US + 1) -> None:
    register(store, protocol, "source", actor="b", at_us=at_us)


def test_the_registered_protocol_is_read_back_whole(store: Store) -> None:
    assert protocol_in_force(store, TRIAL) == example_protocol()
    assert trials(store) == [TRIAL]


def test_the_same_document_again_changes_nothing(store: Store) -> None:
    again(store, example_protocol())
    (row,) = registrations(store, TRIAL)
    assert (row.registered_by, row.retrospective) == ("pi", False)


def test_before_the_first_request_a_new_version_takes_over(store: Store) -> None:
    again(store, amended())
    row = registration_in_force(store, TRIAL)
    assert row is not None
    assert row.digest == digest_of(amended())
    assert len(registrations(store, TRIAL)) == 2


def test_a_replaced_version_does_not_come_back(store: Store) -> None:
    again(store, amended())
    with pytest.raises(RefusedError) as raised:
        again(store, example_protocol())
    assert raised.value.code == "VERSION_SUPERSEDED"


def test_after_the_first_request_another_document_is_refused_and_recorded(store: Store) -> None:
    ship_requests(store, request(1))
    with pytest.raises(RefusedError) as raised:
        again(store, amended())
    assert raised.value.code == "AMENDMENT_REQUIRED"
    assert [(row.code, row.actor) for row in refusals(store, TRIAL)] == [
        ("AMENDMENT_REQUIRED", "b")
    ]
    assert protocol_in_force(store, TRIAL) == example_protocol()


def test_after_the_first_request_the_same_document_is_still_a_no_op(store: Store) -> None:
    ship_requests(store, request(1))
    again(store, example_protocol())
    assert refusals(store, TRIAL) == []


def test_a_trial_that_began_before_its_registration_is_retrospective(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}", create=True)
    ship_requests(store, request(1))
    again(store, example_protocol(), at_us=START_US * 2)
    row = registration_in_force(store, TRIAL)
    assert row is not None
    assert row.retrospective
    assert [row.code for row in deviations(store, TRIAL)] == ["RETROSPECTIVE_START"]
    store.close()


def test_a_trial_without_registration_has_no_protocol(store: Store) -> None:
    with pytest.raises(RefusedError) as raised:
        protocol_in_force(store, "nowhere")
    assert raised.value.code == "NOT_REGISTERED"

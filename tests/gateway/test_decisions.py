"""One decision over HTTP: the standard of care's bytes, on record before they leave."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.vocabulary import Fate
from tests.support.arms import Arm, running_arm
from tests.support.gateway import RunningGateway, decision, make_folder, running_gateway


@pytest.fixture(scope="module")
def arm() -> Iterator[Arm]:
    with running_arm() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(arm: Arm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = make_folder(tmp_path_factory.mktemp("trial"), standard_of_care_url=arm.url)
    with running_gateway(folder) as running:
        yield running


def test_the_clinician_gets_the_standard_of_cares_bytes_verbatim(
    gateway: RunningGateway, arm: Arm
) -> None:
    reply = gateway.decide()
    assert reply.status == 200
    assert b'"output":' + arm.reply() + b',"served_at":' in reply.body
    assert reply.json()["arm"] == "standard_of_care"
    assert reply.json()["model"] == arm.identity


def test_every_answer_names_its_pair_and_its_times(gateway: RunningGateway) -> None:
    reply = gateway.decide()
    assert reply.headers["x-pair-id"] == reply.json()["pair_id"]
    assert reply.headers["server-timing"].startswith("soc;dur=")
    assert "gw;dur=" in reply.headers["server-timing"]
    assert "server" not in reply.headers


def test_the_row_is_in_the_journal_when_the_answer_arrives(gateway: RunningGateway) -> None:
    reply = gateway.decide("enc-journal")
    record = gateway.records()[-1]
    assert record.pair_id == reply.json()["pair_id"]
    assert record.soc_fate is Fate.ANSWERED
    assert not record.client_disconnected


def test_identifiers_reach_the_journal_only_as_tokens(gateway: RunningGateway) -> None:
    gateway.decide(body=decision("enc-SECRET", subject={"system": "mrn", "value": "sub-SECRET"}))
    record = gateway.records()[-1]
    assert len(record.subject) == len(record.encounter) == 64
    everything = b"".join(path.read_bytes() for path in (gateway.folder / "journal").iterdir())
    assert b"SECRET" not in everything + gateway.log.read_bytes()


def test_a_subject_keeps_its_token_and_systems_do_not_mix(gateway: RunningGateway) -> None:
    subjects = ["a", "a", {"system": "x", "value": "a"}]
    for subject in subjects:
        gateway.decide(subject=subject)
    first, second, third = [record.subject for record in gateway.records()[-3:]]
    assert first == second != third


def test_the_arm_gets_the_inputs_and_neither_subject_nor_context(
    gateway: RunningGateway, arm: Arm
) -> None:
    gateway.decide(body=decision("enc-9", subject="sub-9", context={"unit": "ICU"}))
    asked = arm.asked[-1]
    assert json.loads(asked.body) == {"inputs": {"age": 71, "sex": "female"}}
    assert asked.body == gateway.records()[-1].inputs
    assert gateway.records()[-1].context == '{"unit":"ICU"}'
    assert asked.headers["accept-encoding"] == "identity"
    assert "x-equipoise-shadow" not in asked.headers


def test_the_arm_gets_no_header_of_the_caller_but_the_trace(
    gateway: RunningGateway, arm: Arm
) -> None:
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    gateway.decide(headers={"authorization": "Bearer x", "cookie": "a=b", "traceparent": trace})
    headers = arm.asked[-1].headers
    assert headers.keys().isdisjoint({"authorization", "cookie"})
    assert headers["traceparent"].startswith("00-" + "ab" * 16)
    assert headers["traceparent"].endswith("-01")
    assert headers["traceparent"] != trace
    assert headers["x-equipoise-pair-id"] == gateway.records()[-1].pair_id


def test_an_invalid_trace_is_as_if_absent(gateway: RunningGateway, arm: Arm) -> None:
    gateway.decide(headers={"traceparent": "00-" + "0" * 32 + "-" + "cd" * 8 + "-01"})
    assert "0" * 32 not in arm.asked[-1].headers["traceparent"]


def test_sequence_numbers_rise_without_a_hole(gateway: RunningGateway) -> None:
    for _ in range(5):
        gateway.decide()
    numbers = [record.seq for record in gateway.records()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_same_key_and_request_get_the_stored_answer(gateway: RunningGateway) -> None:
    first = gateway.decide(headers={"idempotency-key": '"k-1"'})
    before = len(gateway.records())
    again = gateway.decide(headers={"idempotency-key": '"k-1"'})
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(gateway.records()) == before


def test_a_bare_token_is_the_same_key_as_its_quoted_form(gateway: RunningGateway) -> None:
    first = gateway.decide(headers={"idempotency-key": "k-2"})
    assert gateway.decide(headers={"idempotency-key": '"k-2"'}).body == first.body


def test_the_same_key_with_another_request_is_refused(gateway: RunningGateway) -> None:
    gateway.decide("enc-1", headers={"idempotency-key": "k-3"})
    reply = gateway.decide("enc-2", headers={"idempotency-key": "k-3"})
    assert reply.status == 422
    assert reply.json()["type"] == "urn:equipoise:problem:idempotency-key-reused"


def test_an_unknown_trial_is_not_found(gateway: RunningGateway) -> None:
    reply = gateway.decide(path="/v1/trials/another/decisions")
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "urn:equipoise:problem:unknown-trial"


def test_health_says_how_journal_and_standard_of_care_stand(gateway: RunningGateway) -> None:
    gateway.decide()
    assert gateway.send("GET", "/livez").status == 200
    assert gateway.send("GET", "/readyz").json() == {
        "status": "ready",
        "journal": "up",
        "standard_of_care_last_seen": "answered",
    }


def test_the_gateway_is_ready_and_answers_without_a_trial_store(gateway: RunningGateway) -> None:
    assert not (gateway.folder / "trial.sqlite").exists()
    assert gateway.send("GET", "/readyz").status == 200
    assert gateway.decide().status == 200
    assert gateway.send("GET", f"/v1/trials/{gateway.trial}").status == 503


def test_metrics_count_fates_and_time_both_sides(gateway: RunningGateway) -> None:
    gateway.decide()
    text = gateway.send("GET", "/metrics").body.decode()
    assert 'equipoise_requests_accepted_total{fate="answered"}' in text
    assert 'equipoise_gateway_overhead_seconds_bucket{le="0.01"}' in text
    assert "equipoise_standard_of_care_seconds_count" in text
    assert "equipoise_journal_up 1.0" in text


def test_the_api_document_knows_the_hot_route_and_its_problems(gateway: RunningGateway) -> None:
    document = gateway.send("GET", "/openapi.json").json()
    operation = document["paths"]["/v1/trials/{trial}/decisions"]["post"]
    assert {"200", "409", "413", "422", "502", "504"} <= operation["responses"].keys()
    assert operation["requestBody"]["content"]["application/json"]["schema"]["required"] == [
        "subject",
        "encounter",
        "inputs",
    ]


def test_a_restarted_gateway_replays_the_same_bytes(arm: Arm, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, standard_of_care_url=arm.url)
    with running_gateway(folder) as gateway:
        first = gateway.decide(headers={"idempotency-key": "k-restart"})
        gateway.process.kill()
        gateway.process.wait()
    with running_gateway(folder) as gateway:
        again = gateway.decide(headers={"idempotency-key": "k-restart"})
        other = gateway.decide("other", headers={"idempotency-key": "k-restart"})
        assert len(gateway.records()) == 1
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status == 422

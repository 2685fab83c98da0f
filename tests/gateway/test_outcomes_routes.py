"""Outcomes over HTTP: kept once, refused with a code, and nothing that unblinds comes back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.access import Tokeniser
from gateway.app import Gateway, build_app
from gateway.settings import GatewaySettings
from gateway.store.engine import Store, open_store
from gateway.store.reads import outcome_counts
from protocols.errors import StoreError
from protocols.vocabulary import OutcomeState
from tests.gateway.store.ward import (
    OUTCOME,
    TRIAL,
    answer_all,
    new_store,
    request,
    ship_requests,
)
from tests.support.example_protocol import example_protocol

KEY = bytes(32)
GOOD = {"value": True, "ascertained_at": "2026-11-20T09:00:00+01:00", "source": "registry"}
PAIR = f"/v1/pairs/pair-000001/outcomes/{OUTCOME}"
BATCH = f"/v1/trials/{TRIAL}/outcomes:batch"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path)
    tokens = Tokeniser(KEY)
    ship_requests(
        made,
        request(1),
        request(2, subject=tokens.subject("ann", "hospital")),
        request(3, subject=tokens.subject("bob")),
    )
    answer_all(made, "pair-000001")
    yield made
    made.close()


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return _gateway(tmp_path)


def _gateway(folder: Path) -> Gateway:
    key = folder / "subject.key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    settings = GatewaySettings(
        trial=TRIAL,
        store_url=f"sqlite:///{folder / 'trial.sqlite'}",
        journal_folder=folder,
        gap_folder=folder,
        subject_key_file=key,
        standard_of_care_url="http://127.0.0.1:9/",
    )
    return build_app(settings, example_protocol())


def ask(gateway: Gateway, method: str, path: str, **content: object) -> httpx.Response:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(gateway.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, **content)  # type: ignore[arg-type]

    return asyncio.run(asking())


def test_a_first_outcome_is_created_and_the_same_again_is_not(gateway: Gateway) -> None:
    first = ask(gateway, "PUT", PAIR, json=GOOD)
    again = ask(gateway, "PUT", PAIR, json=GOOD)
    assert (first.status_code, first.json()["state"]) == (201, "created")
    assert (again.status_code, again.json()["state"]) == (200, "unchanged")


def test_a_contradicting_outcome_is_kept_and_called_a_conflict(
    gateway: Gateway, store: Store
) -> None:
    ask(gateway, "PUT", PAIR, json=GOOD)
    second = ask(gateway, "PUT", PAIR, json={**GOOD, "value": False})
    assert (second.status_code, second.json()["state"]) == (201, "conflict")
    assert outcome_counts(store, TRIAL)[OutcomeState.CONFLICT] == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"value": 1}, "/value"),
        ({"value": "true"}, "/value"),
        ({"ascertained_at": "2026-11-20T09:00:00"}, "/ascertained_at"),
        ({"ascertained_at": "2026-02-30T09:00:00Z"}, "/ascertained_at"),
        ({"ascertained_at": 1_700_000_000}, "/ascertained_at"),
        ({"source": ""}, "/source"),
        ({"source": "registry\0"}, "/source"),
        ({"source": "registry\r\nX: 1"}, "/source"),
        ({"arm": "candidate"}, "/arm"),
    ],
)
def test_a_body_that_is_no_outcome_is_refused_at_its_place(
    gateway: Gateway, store: Store, change: dict[str, object], pointer: str
) -> None:
    reply = ask(gateway, "PUT", PAIR, json=GOOD | change)
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
    assert outcome_counts(store, TRIAL)[OutcomeState.ASCERTAINED] == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"value": true, "value": false}', b"[]", b"\xff", b"[" * 300 + b"]" * 300]
)
def test_a_body_that_is_not_one_json_object_is_refused(gateway: Gateway, body: bytes) -> None:
    reply = ask(gateway, "PUT", PAIR, content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400


def test_an_outcome_of_an_unknown_pair_or_name_is_refused(gateway: Gateway) -> None:
    pair = ask(gateway, "PUT", f"/v1/pairs/nobody/outcomes/{OUTCOME}", json=GOOD)
    name = ask(gateway, "PUT", "/v1/pairs/pair-000001/outcomes/mood", json=GOOD)
    assert (pair.status_code, pair.json()["type"].split(":")[-1]) == (404, "unknown-pair")
    assert (name.status_code, name.json()["errors"][0]["pointer"]) == (400, "name")


def test_a_pair_that_no_database_could_name_is_unknown(gateway: Gateway) -> None:
    assert ask(gateway, "PUT", f"/v1/pairs/%00/outcomes/{OUTCOME}", json=GOOD).status_code == 404


def test_another_media_type_or_a_huge_body_is_refused(gateway: Gateway) -> None:
    text = ask(gateway, "PUT", PAIR, content=b"{}", headers={"content-type": "text/plain"})
    huge = ask(gateway, "POST", BATCH, json={"outcomes": ["x" * 1_100_000]})
    assert (text.status_code, huge.status_code) == (415, 413)


def test_a_batch_answers_every_item_for_itself(gateway: Gateway) -> None:
    items = [
        {**GOOD, "pair_id": "pair-000001", "name": OUTCOME},
        {**GOOD, "pair_id": "nobody"},
        {**GOOD, "pair_id": "pair-000001", "subject": "x"},
        {**GOOD, "subject": {"system": "hospital", "value": "ann"}, "encounter": "two"},
        {**GOOD, "pair_id": "pair-000003", "name": "mood"},
        "nonsense",
    ]
    results = ask(gateway, "POST", BATCH, json={"outcomes": items}).json()["results"]
    assert [(result["status"], result.get("code")) for result in results] == [
        (201, None),
        (404, "UNKNOWN_PAIR"),
        (422, "INVALID_ITEM"),
        (404, "UNKNOWN_PAIR"),
        (422, "OUTCOME_UNKNOWN"),
        (422, "INVALID_ITEM"),
    ]


def test_an_encounter_is_found_by_what_the_request_called_it(
    gateway: Gateway, store: Store
) -> None:
    tokens = Tokeniser(KEY)
    row = request(4, subject=tokens.subject("ann", "hospital"))
    named = type(row)(
        **{
            **{name: getattr(row, name) for name in row.__slots__},
            "encounter": tokens.encounter("visit-7"),
        }
    )
    ship_requests(store, request(3, subject=tokens.subject("bob")), named)
    item = {
        **GOOD,
        "subject": {"system": "hospital", "value": "ann"},
        "encounter": "visit-7",
    }
    reply = ask(gateway, "POST", BATCH, json={"outcomes": [item]})
    assert reply.json()["results"] == [
        {"status": 201, "state": "created", "pair_ids": ["pair-000004"]}
    ]


def test_a_batch_for_another_trial_is_refused(gateway: Gateway) -> None:
    reply = ask(gateway, "POST", "/v1/trials/other/outcomes:batch", json={"outcomes": [GOOD]})
    assert (reply.status_code, reply.json()["type"].split(":")[-1]) == (404, "unknown-trial")


def test_the_trial_says_how_it_stands(gateway: Gateway) -> None:
    listed = ask(gateway, "GET", "/v1/trials").json()["trials"]
    shown = ask(gateway, "GET", f"/v1/trials/{TRIAL}").json()
    assert listed == [shown]
    assert (shown["looks_planned"], shown["looks_conducted"]) == (["L1", "L2"], [])


def test_completeness_counts_fates_and_shows_no_answer(gateway: Gateway) -> None:
    reply = ask(gateway, "GET", f"/v1/trials/{TRIAL}/completeness")
    counted = reply.json()
    assert (counted["accepted"], counted["recorded"], counted["unexplained"]) == (3, 3, [])
    assert counted["fates"]["candidate"] == {"answered": 1, "pending": 2}
    assert not {"score", "flag", "outcome"} & set(reply.text.split('"'))


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [("PUT", PAIR, GOOD), ("GET", "/v1/trials", None), ("POST", BATCH, {"outcomes": [GOOD]})],
)
def test_while_the_store_is_down_the_caller_is_told_when_to_come_back(
    tmp_path: Path, method: str, path: str, content: object
) -> None:
    reply = ask(_gateway(tmp_path), method, path, json=content)
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "5"
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}")


def test_an_unregistered_trial_is_unknown(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}", create=True).close()
    assert ask(_gateway(tmp_path), "GET", "/v1/trials").status_code == 404


def test_the_api_describes_the_bodies_that_it_takes(gateway: Gateway) -> None:
    paths = ask(gateway, "GET", "/openapi.json").json()["paths"]
    one = paths["/v1/pairs/{pair_id}/outcomes/{name}"]["put"]["requestBody"]
    many = paths["/v1/trials/{trial}/outcomes:batch"]["post"]["requestBody"]
    assert "ascertained_at" in one["content"]["application/json"]["schema"]["properties"]
    schema = many["content"]["application/json"]["schema"]
    assert "encounter" in schema["properties"]["outcomes"]["items"]["properties"]
    assert "$ref" not in str(schema)


def test_the_api_describes_its_problems_and_none_of_a_frameworks(gateway: Gateway) -> None:
    paths = ask(gateway, "GET", "/openapi.json").json()["paths"]
    assert "HTTPValidationError" not in str(paths)
    for path in (PAIR_TEMPLATE, "/v1/trials/{trial}", "/v1/trials/{trial}/outcomes:batch"):
        (operation,) = paths[path].values()
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]
        assert "503" in operation["responses"]
    assert "text/plain" in paths["/metrics"]["get"]["responses"]["200"]["content"]


PAIR_TEMPLATE = "/v1/pairs/{pair_id}/outcomes/{name}"

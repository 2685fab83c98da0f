"""Further outcomes over HTTP and from a file: the types of the protocol, and hostile values."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.access import Tokeniser
from gateway.app import Gateway, build_app
from gateway.outcome_files import ImportReceipt, OutcomeFile, import_outcomes
from gateway.settings import GatewaySettings
from gateway.status import read_status
from gateway.status_text import status_document, status_lines
from gateway.store.engine import Store
from gateway.store.lock import lock
from gateway.store.reads import outcome_counts_by_name
from protocols.vocabulary import OutcomeState
from tests.gateway.further import further_protocol
from tests.gateway.store.test_further_outcomes import BAD, GOOD, LATER_US
from tests.gateway.store.ward import OUTCOME, TRIAL, new_store, request, ship_requests
from tests.gateway.test_outcomes_routes import BATCH, KEY, ask

TIME = "2026-11-20T09:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path, further_protocol())
    ship_requests(made, request(1), request(2))
    yield made
    made.close()


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    key = tmp_path / "subject.key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    settings = GatewaySettings(
        trial=TRIAL,
        store_url=f"sqlite:///{tmp_path / 'trial.sqlite'}",
        journal_folder=tmp_path,
        gap_folder=tmp_path,
        subject_key_file=key,
        standard_of_care_url="http://127.0.0.1:9/",
    )
    return build_app(settings, further_protocol())


def put(gateway: Gateway, name: str, value: str) -> httpx.Response:
    """Put one value as the JSON text that is given."""
    body = f'{{"value": {value}, "ascertained_at": "{TIME}", "source": "readers"}}'
    path = f"/v1/pairs/pair-000001/outcomes/{name}"
    headers = {"content-type": "application/json"}
    return ask(gateway, "PUT", path, content=body.encode(), headers=headers)


def _is_json(value: object) -> bool:
    """Say whether strict JSON can hold it: no NaN, no infinity, no number beyond a float."""
    text = json.dumps(value)
    return not any(word in text for word in ("NaN", "Infinity", "0" * 400))


def locked(store: Store) -> dict[str, object]:
    return dict(lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs[0].further)


def test_every_type_can_be_put_and_is_the_same_again(gateway: Gateway, store: Store) -> None:
    for name, value, _ in GOOD:
        assert put(gateway, name, json.dumps(value)).status_code == 201, name
        assert put(gateway, name, json.dumps(value)).json()["state"] == "unchanged"
    assert locked(store) == {key: value for _, _, flat in GOOD for key, value in flat.items()}


@pytest.mark.parametrize(("name", "value", "code"), [case for case in BAD if _is_json(case[1])])
def test_a_value_of_another_kind_is_refused_at_its_place(
    gateway: Gateway, store: Store, name: str, value: object, code: str
) -> None:
    reply = put(gateway, name, json.dumps(value))
    assert reply.status_code == 400, code
    pointers = [error["pointer"] for error in reply.json()["errors"]]
    assert pointers == ["/value"]
    assert "deadly" not in reply.text
    assert outcome_counts_by_name(store, TRIAL)[name][OutcomeState.ASCERTAINED] == 0


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5000,
        "[" * 400 + "]" * 400,
        '{"time": ' * 200 + "1" + "}" * 200,
        '{"time": 1, "time": 2, "event": true}',
        '"' + "x" * 500_000 + '"',
        "",
    ],
    ids=lambda value: value[:12] or "empty",
)
@pytest.mark.parametrize("name", ["dose", "relapse", "stage", OUTCOME])
def test_a_hostile_value_is_refused_and_stored_nowhere(
    gateway: Gateway, store: Store, name: str, value: str
) -> None:
    reply = put(gateway, name, value)
    assert reply.status_code == 400
    assert len(reply.content) < 2000
    assert outcome_counts_by_name(store, TRIAL)[name][OutcomeState.ASCERTAINED] == 0


def test_a_batch_takes_outcomes_of_several_names(gateway: Gateway) -> None:
    given = {"pair_id": "pair-000001", "ascertained_at": TIME, "source": "readers"}
    items = [
        {**given, "value": True},
        {**given, "name": "dose", "value": 4.5},
        {**given, "name": "dose", "value": 450},
        {**given, "name": "harm", "value": {"standard_of_care": True, "candidate": True}},
        {**given, "name": "harm", "value": True},
        {**given, "name": "dose", "value": None},
    ]
    results = ask(gateway, "POST", BATCH, json={"outcomes": items}).json()["results"]
    assert [(result["status"], result.get("code")) for result in results] == [
        (201, None),
        (201, None),
        (422, "OUTCOME_RANGE"),
        (201, None),
        (422, "OUTCOME_TYPE"),
        (422, "OUTCOME_TYPE"),
    ]


def test_the_api_describes_what_a_value_may_be(gateway: Gateway) -> None:
    paths = ask(gateway, "GET", "/openapi.json").json()["paths"]
    one = paths["/v1/pairs/{pair_id}/outcomes/{name}"]["put"]["requestBody"]
    value = one["content"]["application/json"]["schema"]["properties"]["value"]
    assert [kind["type"] for kind in value["anyOf"]] == ["boolean", "number", "string", "object"]


def imported(store: Store, folder: Path, *lines: str) -> ImportReceipt:
    path = folder / "outcomes.csv"
    path.write_text("\n".join(("pair_id,name,value,ascertained_at", *lines)) + "\n")
    file = OutcomeFile(path, "readers", lambda: Tokeniser(KEY), further_protocol())
    return import_outcomes(store, TRIAL, file, received_at_us=LATER_US, tell=lambda _: None)


def test_a_file_names_its_outcomes_line_by_line(store: Store, tmp_path: Path) -> None:
    receipt = imported(
        store,
        tmp_path,
        f"pair-000001,,TRUE,{TIME}",
        f"pair-000001,{OUTCOME},1,{TIME}",
        f"pair-000001,readmitted,0,{TIME}",
        f"pair-000001,dose,1,{TIME}",
        f"pair-000001,stage,mild,{TIME}",
        f'pair-000001,relapse,"{{""time"": 3, ""event"": false}}",{TIME}',
        f'pair-000001,harm,"{{""standard_of_care"": true, ""candidate"": false}}",{TIME}',
    )
    assert (receipt.states, receipt.refused) == ({"created": 6, "unchanged": 1}, ())
    assert locked(store) == {
        "readmitted": False,
        "dose": 1,
        "stage": "mild",
        "relapse.time": 3,
        "relapse.event": False,
        "harm.standard_of_care": True,
        "harm.candidate": False,
    }


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("mood", "1", "OUTCOME_UNKNOWN"),
        ("dose", "much", "OUTCOME_TYPE"),
        ("dose", "", "OUTCOME_TYPE"),
        ("dose", "true", "OUTCOME_TYPE"),
        ("dose", "NaN", "OUTCOME_TYPE"),
        ("dose", "1e999", "OUTCOME_TYPE"),
        ("dose", "9" * 400, "OUTCOME_TYPE"),
        ("dose", "9" * 30, "OUTCOME_RANGE"),
        ("dose", "101", "OUTCOME_RANGE"),
        ("stays", "2.5", "OUTCOME_TYPE"),
        ("stage", "deadly", "OUTCOME_RANGE"),
        ("readmitted", "perhaps", "OUTCOME_TYPE"),
        ("relapse", "12", "OUTCOME_TYPE"),
        ("relapse", "[" * 300 + "]" * 300, "OUTCOME_TYPE"),
    ],
)
def test_a_line_with_a_wrong_value_is_named_and_stops_no_other(
    store: Store, tmp_path: Path, name: str, cell: str, code: str
) -> None:
    receipt = imported(
        store, tmp_path, f"pair-000001,{name},{cell},{TIME}", f"pair-000002,dose,2,{TIME}"
    )
    assert [(one.line, one.code) for one in receipt.refused] == [(2, code)]
    assert receipt.states == {"created": 1}


def test_the_status_counts_every_outcome_by_name_and_shows_no_value(
    gateway: Gateway, store: Store
) -> None:
    put(gateway, "dose", "77.25")
    put(gateway, "stage", '"severe"')
    status = read_status(store, TRIAL, at_us=LATER_US, mirror=None)
    shown = json.dumps(status_document(status)) + "\n".join(status_lines(status))
    assert status.further_outcomes["dose"] == {"ascertained": 1, "missing": 1, "conflict": 0}
    assert status.outcomes == {"ascertained": 0, "missing": 2, "conflict": 0}
    assert "stage" in shown
    assert not [word for word in ("77.25", "severe") if word in shown]

"""The demo's arms: what they answer, and that they say which artefact they answer from."""

import json
from pathlib import Path

import pytest

from gateway.demo.arm import ArmServer
from gateway.demo.scores import artefact_path, load_artefact
from protocols.vocabulary import Arm

PATIENT = {
    "age": 50,
    "meno": 0,
    "size_class": "20-50",
    "grade": 3,
    "nodes": 4,
    "pgr": 10,
    "er": 20,
    "hormon": 1,
}


def _ask(arm: Arm, inputs: object) -> tuple[int, dict[str, object]]:
    return ArmServer(load_artefact(arm)).answer(json.dumps({"inputs": inputs}).encode())


def test_the_index_is_a_fifth_of_the_centimetres_plus_node_stage_plus_grade() -> None:
    status, reply = _ask(Arm.STANDARD_OF_CARE, PATIENT)
    assert status == 200
    assert reply["output"] == {"score": 0.2 * 3.0 + 3 + 3}


@pytest.mark.parametrize(("nodes", "stage"), [(0, 1), (1, 2), (3, 2), (4, 3), (34, 3)])
def test_node_stages_change_at_one_and_at_four(nodes: int, stage: int) -> None:
    _, reply = _ask(Arm.STANDARD_OF_CARE, {**PATIENT, "nodes": nodes, "grade": 2})
    assert reply["output"] == {"score": round(0.6 + stage + 2, 6)}


def test_more_nodes_mean_more_risk_and_every_risk_is_a_probability() -> None:
    model = load_artefact(Arm.CANDIDATE).model
    risks = [model.score({**PATIENT, "nodes": nodes}) for nodes in range(35)]
    assert risks == sorted(risks)
    assert all(0 < risk < 1 for risk in risks)


def test_another_artefact_declares_another_digest(tmp_path: Path) -> None:
    copy = tmp_path / "candidate.json"
    copy.write_bytes(artefact_path(Arm.CANDIDATE).read_bytes() + b"\n")
    assert load_artefact(Arm.CANDIDATE, copy).digest != load_artefact(Arm.CANDIDATE).digest


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"inputs": 3}', 400),
        (b'{"inputs": {}}', 422),
        (None, 413),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(body: bytes | None, status: int) -> None:
    got, reply = ArmServer(load_artefact(Arm.CANDIDATE)).answer(body)
    assert got == status
    assert "error" in reply


@pytest.mark.parametrize("value", [-1, "many", None, float("inf")])
def test_a_count_that_is_no_count_is_never_scored(value: object) -> None:
    server = ArmServer(load_artefact(Arm.CANDIDATE))
    with pytest.raises(ValueError, match="nodes"):
        server._model.score({**PATIENT, "nodes": value})

"""What the two arms of the demo compute. Every number comes from the artefact file that is loaded.

`standard_of_care.json` defines the Nottingham Prognostic Index, `candidate.json` a Cox model; the
SHA-256 of the file is the digest that the arm declares with each answer.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protocols.vocabulary import Arm

DATA = Path(__file__).parent / "data"

Inputs = Mapping[str, object]


class InputsError(ValueError):
    """The inputs are not what the artefact was made for; the arm answers 422."""


@dataclass(frozen=True, slots=True)
class NottinghamIndex:
    """0.2 times the size in cm, plus node stage, plus grade (Haybittle 1982, Galea 1992)."""

    per_cm: float
    size_mm: Mapping[str, float]  # class of size -> the length that stands for it
    node_stages: tuple[tuple[float, int], ...]  # (largest number of nodes, stage)

    def score(self, inputs: Inputs) -> float:
        """The index; a higher one is worse."""
        nodes = _number(inputs, "nodes")
        stage = next(stage for largest, stage in self.node_stages if nodes <= largest)
        size_cm = self.size_mm[_size_class(inputs, self.size_mm)] / 10
        return round(self.per_cm * size_cm + stage + _number(inputs, "grade"), 6)


@dataclass(frozen=True, slots=True)
class CoxModel:
    """Risk at the horizon: 1 - exp(-H0 exp(linear predictor)), H0 at all covariates zero."""

    coefficients: Mapping[str, float]
    baseline_cumulative_hazard: float

    def score(self, inputs: Inputs) -> float:
        values = covariates(inputs)
        predictor = math.fsum(beta * values[name] for name, beta in self.coefficients.items())
        return -math.expm1(-self.baseline_cumulative_hazard * math.exp(predictor))


@dataclass(frozen=True, slots=True)
class Artefact:
    """A loaded arm: who it says it is, and what it computes."""

    name: str
    version: str
    digest: str
    model: NottinghamIndex | CoxModel


def covariates(inputs: Inputs) -> dict[str, float]:
    """The Cox model's view of a patient; the fit and the server read inputs through this alone."""
    size = _size_class(inputs, ("<=20", "20-50", ">50"))
    return {
        "age_decades": _number(inputs, "age") / 10,
        "postmenopausal": _number(inputs, "meno"),
        "size_20_50": float(size == "20-50"),
        "size_over_50": float(size == ">50"),
        "grade": _number(inputs, "grade"),
        "log_nodes": math.log1p(_number(inputs, "nodes")),
        "log_pgr": math.log1p(_number(inputs, "pgr")),
        "log_er": math.log1p(_number(inputs, "er")),
        "hormonal_treatment": _number(inputs, "hormon"),
    }


def artefact_path(arm: Arm) -> Path:
    """Where an arm's artefact lies."""
    return DATA / f"{arm.value}.json"


def load_artefact(arm: Arm, path: Path | None = None) -> Artefact:
    """Read an arm's artefact; the digest is of the bytes that were read, never a constant."""
    source = (path or artefact_path(arm)).read_bytes()
    content = json.loads(source)
    model: NottinghamIndex | CoxModel
    match arm:
        case Arm.STANDARD_OF_CARE:
            stages = content["node_stages"]
            model = NottinghamIndex(
                per_cm=content["per_cm"],
                size_mm=content["size_mm"],
                node_stages=tuple(
                    (math.inf if row["nodes_up_to"] is None else row["nodes_up_to"], row["stage"])
                    for row in stages
                ),
            )
        case Arm.CANDIDATE:
            model = CoxModel(
                coefficients=content["coefficients"],
                baseline_cumulative_hazard=content["baseline_cumulative_hazard"],
            )
    digest = f"sha256:{hashlib.sha256(source).hexdigest()}"
    return Artefact(content["name"], content["version"], digest, model)


def _number(inputs: Inputs, field: str) -> float:
    value = inputs.get(field)
    if isinstance(value, int | float) and math.isfinite(value) and value >= 0:
        return float(value)
    raise InputsError(f"{field} must be a finite number that is not negative")


def _size_class(inputs: Inputs, known: Mapping[str, float] | tuple[str, ...]) -> str:
    value = inputs.get("size_class")
    if isinstance(value, str) and value in known:
        return value
    raise InputsError(f"size_class must be one of {', '.join(known)}")

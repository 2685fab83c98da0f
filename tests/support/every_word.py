"""For each registered word a protocol that registers it, and a generated trial that can answer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gateway.store.records import ArmRecord, PairRecord
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.methods.measures import MEASURES, Measure
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from tests.support.example_protocol import Document, example_document, hypothesis
from tests.support.rows import value_of
from tests.support.simulator import Truth, simulate_pairs

Spec = HypothesisTestSpec | EstimatorSpec
READERS = 4
RAW = ("score", "absolute_error", "squared_error", "within_tolerance")
LEVELS = ["none", "mild", "moderate", "severe"]
RESAMPLING = {"seed": 3, "resamples": 200}


def protocol_for(word: str, spec: Spec, measure: Measure) -> Protocol:
    """The example protocol with an endpoint of `measure` and `word` registered for it."""
    document = example_document()
    document["design"]["cluster"] = "none" if spec.pairs == "independent" else "subject"
    document["hypotheses"][0]["test"] = "delong"
    document["inputs"]["fields"] += [_field(name) for name in _inputs(spec)]
    _set_outputs(document, measure)
    document["further_outcomes"] = _further_outcomes(measure)
    document["endpoints"].append(_endpoint(measure, document))
    if isinstance(spec, HypothesisTestSpec):
        document["hypotheses"].append(_hypothesis(word, spec, measure))
        document["multiplicity"] = {
            "procedure": "fixed_sequence",
            "order": [["H1"], ["H2"]],
            "graph": None,
            "reason": "In this order.",
        }
    else:
        document["analyses"] = [_analysis(word, spec, measure)]
    return Protocol.model_validate_json(json.dumps(document))


def _inputs(spec: Spec) -> list[str]:
    return [p.name for p in spec.parameters if p.kind == "input"]


def _field(name: str) -> Document:
    return {
        "name": name,
        "type": "number",
        "unit": "1",
        "required": True,
        "stored": True,
        "description": "Generated.",
    }


def _set_outputs(document: Document, measure: Measure) -> None:
    for arm in document["arms"].values():
        if measure in RAW:
            arm["output"] = {"kind": "value", "unit": "mg/dL", "low": 1, "high": 500}
            arm["decision"]["threshold"] = 70
        elif measure == "category":
            arm["output"] = {"kind": "category", "unit": "1", "low": 0, "high": 3}
            arm["decision"]["threshold"] = 2


def _further_outcomes(measure: Measure) -> list[Document]:
    spec = MEASURES[measure]
    per_arm = spec.per_arm == "needed"
    if "binary" in spec.outcome_types and not per_arm and measure != "score":
        return []
    kinds = [kind for kind in spec.outcome_types if kind != "binary"]
    kind = "ordinal" if measure == "category" else kinds[0]
    if measure == "value":
        kind = "count"
    limits = (0, 500) if kind == "number" else (None, None)
    return [
        {
            "name": "further",
            "type": kind,
            "per_arm": per_arm,
            "basis": "adjudicated" if per_arm else "observed",
            "definition": "What was found later.",
            "source": "Two adjudicators.",
            "unit": "1",
            "low": limits[0],
            "high": limits[1],
            "levels": LEVELS if kind == "ordinal" else [],
        }
    ]


def _endpoint(measure: Measure, document: Document) -> Document:
    like: Document = document["endpoints"][1]
    further = document["further_outcomes"]
    registered = MEASURES[measure].direction
    return {
        **like,
        "id": "E2",
        "title": "The endpoint in question",
        "measure": measure,
        "role": "key_secondary",
        "outcome": further[0]["name"] if further else document["outcome"]["name"],
        "parameters": {p.name: value_of(p) for p in MEASURES[measure].parameters},
        "direction": "higher_is_better" if registered == "either" else registered,
    }


def _hypothesis(word: str, spec: HypothesisTestSpec, measure: Measure) -> Document:
    found: Document = hypothesis("H2", "E2", test=word, margin=0.1)
    found["parameters"] = _parameters(spec)
    found["resampling"] = RESAMPLING if spec.draws else None
    if spec.scale == "ratio":
        found["effect"] = "candidate_over_standard_of_care"
        lower = MEASURES[measure].direction == "lower_is_better"
        found["margin"] |= {"scale": "ratio", "value": 1.25 if lower else 0.8}
    return found


def _analysis(word: str, spec: EstimatorSpec, measure: Measure) -> Document:
    return {
        "id": "A1",
        "title": "The analysis in question",
        "endpoint": "E2",
        "role": "supporting",
        "estimator": word,
        "interval": spec.intervals_of(measure)[0],
        "level": 0.95,
        "population": "FAS",
        "parameters": _parameters(spec),
        "resampling": RESAMPLING if spec.draws else None,
    }


def _parameters(spec: Spec) -> Document:
    given = {p.name: "sex" if p.kind == "subgroup" else value_of(p) for p in spec.parameters}
    if "replicates" in given:
        given["replicates"] = "varying"
    return given


def pairs_for(protocol: Protocol, spec: Spec, measure: Measure) -> Sequence[PairRecord]:
    """A generated trial: 240 pairs, of 60 subjects where the protocol clusters."""
    clustered = protocol.design.cluster == "subject"
    truth = Truth(n=240, pairs_per_subject=4 if clustered else 1, missing_outcome_share=0.05)
    rng = np.random.default_rng(2)
    pairs = simulate_pairs(protocol, truth)
    outcomes = {pair.subject: pair.outcome for pair in pairs}
    reads = "reader" in _inputs(spec)
    return [
        _furnished(
            replace(pair, outcome=outcomes[pair.subject]) if reads else pair,
            measure,
            inputs={name: _input(name, i, rng) for name in _inputs(spec)},
            further=_further(protocol, measure, rng),
        )
        for i, pair in enumerate(pairs)
    ]


def _input(name: str, i: int, rng: np.random.Generator) -> float | int:
    match name:
        case "reader":
            return i % READERS
        case "further_model":
            return int(rng.integers(0, 2))
        case "covariate":
            return float(rng.uniform(0.5, 0.95))
        case _:
            return float(rng.integers(1, 5))


def _furnished(
    pair: PairRecord, measure: Measure, *, inputs: dict[str, Any], further: dict[str, Any]
) -> PairRecord:
    return replace(
        pair,
        inputs={**pair.inputs, **inputs},
        further=further,
        candidate=_answer(pair.candidate, measure),
        standard_of_care=_answer(pair.standard_of_care, measure),
    )


def _answer(arm: ArmRecord, measure: Measure) -> ArmRecord:
    """The simulator's probability as a dose or a level, where the arms give such answers."""
    if arm.score is None or arm.fate is not Fate.ANSWERED:
        return arm
    if measure in RAW:
        score = round(40 + 200 * arm.score, 1)
        return replace(arm, score=score, flag=score >= 70)
    if measure == "category":
        level = min(int(5 * arm.score), 3)
        return replace(arm, score=float(level), flag=level >= 2)
    return arm


def _further(protocol: Protocol, measure: Measure, rng: np.random.Generator) -> dict[str, Any]:
    if not protocol.further_outcomes:
        return {}
    if measure == "hazard":
        return {k: v for arm in ("candidate", "standard_of_care") for k, v in _time(rng, arm)}
    if measure == "c_index":
        return {
            "further.time": round(rng.exponential(5), 2) + 0.01,
            "further.event": rng.random() < 0.7,
        }
    if measure == "category":
        return {"further": LEVELS[int(rng.integers(0, 4))]}
    if MEASURES[measure].per_arm == "needed":
        return {
            f"further.{arm}": 1 + int(rng.poisson(6)) for arm in ("candidate", "standard_of_care")
        }
    return {"further": round(float(rng.uniform(60, 200)), 1)}


def _time(rng: np.random.Generator, arm: str) -> list[tuple[str, float | bool]]:
    time = round(rng.exponential(5), 2) + 0.01
    return [(f"further.{arm}.time", time), (f"further.{arm}.event", bool(rng.random() < 0.8))]

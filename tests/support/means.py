"""A trial of two raw answers per pair, whose difference can be shifted by any amount."""

import json
from dataclasses import replace

import numpy as np

from gateway.store.records import ArmRecord, PairRecord
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_document, hypothesis
from tests.support.simulator import Truth, simulate_pairs


def means_protocol(*, margin: float | None, **monitoring: object) -> Protocol:
    """One hypothesis on the mean of two answers, by the paired t test; None for superiority."""
    document = example_document()
    for arm in document["arms"].values():
        arm["output"] = {"kind": "value", "unit": "mg/dL", "low": 1, "high": 500}
        arm["decision"]["threshold"] = 70
    like: Document = document["endpoints"][1]
    document["endpoints"].append(
        {**like, "id": "M", "measure": "score", "role": "primary", "parameters": {}}
    )
    document["hypotheses"] = [hypothesis("H1", "M", test="paired_t", margin=margin)]
    document["monitoring"] |= {
        "looks": [
            {"id": "L1", "information": 0.3},
            {"id": "L2", "information": 0.6},
            {"id": "L3", "information": 1.0},
        ],
        **monitoring,
    }
    return Protocol.model_validate_json(json.dumps(document))


def means_pairs(
    protocol: Protocol, effect: float, *, n: int = 600, seed: int = 1, spread: float = 20.0
) -> tuple[PairRecord, ...]:
    """Candidate minus standard of care is `effect` on average, with this standard deviation."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, spread, n)
    noise += effect - noise.mean()
    pairs = simulate_pairs(protocol, Truth(n=n, seed=seed))
    return tuple(
        replace(
            pair,
            standard_of_care=_answer(pair.standard_of_care, 200.0),
            candidate=_answer(pair.candidate, 200.0 + float(noise[i])),
        )
        for i, pair in enumerate(pairs)
    )


def _answer(arm: ArmRecord, score: float) -> ArmRecord:
    return replace(arm, score=score, flag=score >= 70)

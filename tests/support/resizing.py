"""Edits of the example protocol that register a change of the size, and looks made under them."""

import math
from functools import cache
from typing import Any

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.results import HypothesisResult, LookResults, ReEstimationResult
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs

THREE_LOOKS = [
    {"id": "L1", "information": 0.5},
    {"id": "L2", "information": 0.75},
    {"id": "L3", "information": 1.0},
]


def promising(document: Document, **fields: Any) -> None:
    """A promising zone at L1."""
    plan: Document = {
        "kind": "promising_zone",
        "look": "L1",
        "cap_pairs": 1200,
        "lower_zone": 0.3,
        "upper_zone": 0.9,
        "target_power": 0.9,
        "who_is_unblinded": "The unblinded statistician alone.",
    }
    document["re_estimation"] = plan | fields


def blind(document: Document, **fields: Any) -> None:
    """A blinded reading at L1."""
    plan: Document = {
        "kind": "blinded_discordance",
        "lower_zone": None,
        "upper_zone": None,
        "who_is_unblinded": "Nobody: the direction is not looked at.",
    }
    promising(document, **(plan | fields))


def sized(document: Document, **fields: Any) -> None:
    """The size design of H1."""
    design: Document = {
        "hypothesis": "H1",
        "power": 0.9,
        "true_effect": 0.0,
        "nuisance": {"discordance": 0.12},
        "pairs_per_subject": 1,
        "cv_of_pairs": 0,
        "icc": 0,
        "ascertainment": 1,
    }
    document["sample_size"]["design"] = [design | fields]


def of_shares(document: Document, *, margin: float = 0.05) -> None:
    """H1 about right and wrong answers, by the score test."""
    document["endpoints"][0] |= {"id": "RIGHT", "title": "Right answers", "measure": "accuracy"}
    document["hypotheses"] = [hypothesis("H1", "RIGHT", test="tango_score", margin=margin)]


def of_sensitivity(document: Document, *, margin: float = 0.1) -> None:
    """H1 about sensitivity, by the score test."""
    document["endpoints"][0]["role"] = "key_secondary"
    document["endpoints"][1]["role"] = "primary"
    document["hypotheses"] = [hypothesis("H1", "SENS", test="tango_score", margin=margin)]


def of_means(document: Document, *, margin: float = 0.02) -> None:
    """H1 about the Brier score, by the clustered difference."""
    document["endpoints"][0] |= {
        "id": "BRIER",
        "title": "Brier score",
        "measure": "brier",
        "direction": "lower_is_better",
    }
    test = "clustered_difference"
    document["hypotheses"] = [hypothesis("H1", "BRIER", test=test, margin=margin)]


def blind_shares(**fields: Any) -> Protocol:
    """Two looks, accuracy within 0.05, 600 pairs, discordance planned at 0.12."""

    def edit(document: Document) -> None:
        of_shares(document)
        sized(document)
        blind(document, **fields)

    return example_protocol(edit)


def blind_sensitivity(**fields: Any) -> Protocol:
    """Two looks, sensitivity within 0.1, 600 pairs; as a document it can be registered."""
    return example_protocol(lambda document: sensitivity_document(document, **fields))


def sensitivity_document(document: Document, **fields: Any) -> None:
    """The edit of `blind_sensitivity`."""
    of_sensitivity(document)
    sized(document, nuisance={"discordance": 0.15, "prevalence": 0.25})
    blind(document, **fields)


def zone_document(document: Document, **fields: Any) -> None:
    """The edit of `zone_areas`."""
    document["monitoring"]["looks"] = THREE_LOOKS
    promising(document, **fields)


def blind_means(**fields: Any) -> Protocol:
    """Two looks, Brier score within 0.02, standard deviation planned at 0.12."""

    def edit(document: Document) -> None:
        of_means(document)
        sized(document, nuisance={"standard_deviation": 0.12})
        blind(document, **fields)

    return example_protocol(edit)


def zone_areas(**fields: Any) -> Protocol:
    """Three looks, AUC within 0.05, 600 pairs, a promising zone of 0.3 to 0.9."""
    return example_protocol(lambda document: zone_document(document, **fields))


def looks_made(
    protocol: Protocol, truth: Truth, *first: tuple[str, int]
) -> tuple[LookResults, ...]:
    """These looks, then all later ones at their share of the total in force."""
    pairs, made = simulate_pairs(protocol, truth), list[LookResults]()
    looks = [look.id for look in protocol.monitoring.looks]

    def take(name: str, n: int) -> None:
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))

    for name, n in first:
        take(name, n)
    for look in protocol.monitoring.looks[looks.index(first[-1][0]) + 1 :]:
        found = made[-1].re_estimation
        total = protocol.sample_size.evaluable_pairs if found is None else found.total_pairs
        take(look.id, math.ceil(look.information * total))
    return tuple(made)


def change_of(results: LookResults) -> ReEstimationResult:
    """The record of the change, which this look has."""
    assert results.re_estimation is not None
    return results.re_estimation


def first_of(results: LookResults) -> HypothesisResult:
    """The first hypothesis."""
    return results.hypotheses[0]


@cache
def promising_looks(seed: int = 3, separation: float = 1.1) -> tuple[LookResults, ...]:
    """All three looks at areas in a promising zone."""
    truth = Truth(n=1300, candidate_separation=separation, seed=seed)
    return looks_made(zone_areas(), truth, ("L1", 300))

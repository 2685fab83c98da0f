"""How often a whole two-look trial claims what is not so, and finds what is."""

from dataclasses import replace
from math import sqrt
from statistics import NormalDist

import pytest

from evaluation.conduct import conduct
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, auc_of, first_evaluable, lock_of, simulate_pairs

N_TRIALS = 3000
ALPHA = 0.1  # large, so that few simulated trials tell much


def _protocol() -> Protocol:
    def edit(document: Document) -> None:
        document["hypotheses"][0]["alpha"] = ALPHA
        document["subgroups"] = []
        document["sample_size"]["evaluable_pairs"] = 300

    return example_protocol(edit)


def _claims(protocol: Protocol, truth: Truth) -> int:
    claims = 0
    for seed in range(N_TRIALS):
        pairs = simulate_pairs(protocol, replace(truth, seed=seed))
        early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 150), look="L1"), [])
        late = conduct(protocol, lock_of(protocol, pairs, look="L2"), [early])
        claims += late.hypotheses[0].shown
    return claims


@pytest.mark.slow
def test_a_candidate_on_the_margin_is_claimed_as_rarely_as_registered() -> None:
    """Two looks, effect exactly -margin: within three standard errors of alpha."""
    area = auc_of(1.2) - 0.05
    separation = NormalDist().inv_cdf(area) * sqrt(2)
    truth = Truth(n=300, candidate_separation=separation, prevalence=0.4)
    assert truth.auc_difference == pytest.approx(-0.05)
    share = _claims(_protocol(), truth) / N_TRIALS
    assert abs(share - ALPHA) < 3 * sqrt(ALPHA * (1 - ALPHA) / N_TRIALS), share

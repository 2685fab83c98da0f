"""25 nights of 24,665 epochs: one of five people as standard of care, a model as candidate."""

import math

import numpy as np
import pytest
from scipy import stats

from evaluation.inference.rows import Rows
from tests.published import sleep
from tests.published.sleep import MODEL, SCORERS, STAGES, Night
from tests.published.tables import analysed, asked, compared, independent, lies_beside, rows_of

pytestmark = lies_beside("sleep_dodh")

PERSON = "scorer_1"


@pytest.fixture(scope="module")
def nights() -> list[Night]:
    return sleep.nights()


@pytest.fixture(scope="module")
def epochs(nights: list[Night]) -> Rows:
    """Stages of model and person on epochs that the other four scored; the night is the subject."""
    parts = []
    for number, night in enumerate(nights):
        reference = night.without(PERSON).stage
        used = reference != -1
        stages = night.stages[MODEL], night.stages[PERSON], reference, np.full(len(used), number)
        parts.append(np.array(stages)[:, used & (night.stages[PERSON] != -1)])
    model, person, reference, night_of = np.concatenate(parts, axis=1)
    return rows_of(
        (model.astype(float), person.astype(float)),
        np.ones(len(reference), dtype=np.bool_),
        cluster=night_of.astype(np.int64),
        extra={"reference": reference.astype(float)},
        labels={"reference": STAGES},
    )


@pytest.fixture(scope="module")
def right(epochs: Rows) -> Rows:
    """Whether each arm saw the stage that the other four agreed on."""
    reference = epochs.extra["reference"]
    arms = (
        (values == reference).astype(float)
        for values in (epochs.candidate, epochs.standard_of_care)
    )
    candidate, soc = arms
    return rows_of((candidate, soc), epochs.outcome, cluster=epochs.cluster)


def test_the_model_reaches_the_published_f1_against_the_consensus(nights: list[Night]) -> None:
    assert len(nights) == 25
    assert sum(len(night.stages[MODEL]) for night in nights) == 24_665
    scores = [sleep.f1(night.stages[MODEL], night.of_the_best_four()) for night in nights]
    assert 100 * float(np.mean(scores)) == pytest.approx(89.9, abs=0.05)


def test_people_reach_the_published_f1_against_each_other(nights: list[Night]) -> None:
    scores = [
        sleep.f1(night.stages[who], night.without(who)) for night in nights for who in SCORERS
    ]
    assert 100 * float(np.mean(scores)) == pytest.approx(86.8, abs=0.05)


def test_f1_by_night_is_compared_between_nights(nights: list[Night]) -> None:
    """One F1 a night and an arm: Student's t on 25 differences, by two routes."""
    model, person = (
        np.array([sleep.f1(night.stages[who], night.without(PERSON)) for night in nights])
        for who in (MODEL, PERSON)
    )
    rows = rows_of((model, person), np.ones(25, dtype=np.bool_), cluster=np.arange(25))
    found = compared("clustered_difference", rows, asked(0.05))
    second = stats.ttest_rel(model, person - 0.05, alternative="greater")
    assert (found.n_pairs, found.df) == (25, 24)
    assert (found.statistic, found.p_value) == pytest.approx((second.statistic, second.pvalue))
    assert found.low > -0.05


def test_epochs_of_one_night_are_no_independent_evidence(right: Rows) -> None:
    found = compared("clustered_difference", right, asked(0.02))
    naive = compared("clustered_difference", independent(right), asked(0.02))
    assert found.n_clusters == 25
    assert found.estimate == naive.estimate
    assert found.standard_error > 3 * naive.standard_error
    assert found.high - found.low > 3 * (naive.high - naive.low)


def test_the_clustered_error_is_that_of_sums_by_night(right: Rows) -> None:
    apart, night = right.candidate - right.standard_of_care, right.cluster
    residual = np.bincount(night, weights=apart - apart.mean())
    error = math.sqrt(25 / 24 * float((residual**2).sum())) / right.n
    found = compared("clustered_difference", right, asked())
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    score = compared("clustered_score", right, asked())
    assert score.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert score.standard_error > 0.999 * error  # never surer than the linearised form


def test_the_score_test_of_pairs_says_that_nights_come_back(right: Rows) -> None:
    naive = compared("tango_score", right, asked(0.02))
    found = compared("clustered_score", right, asked(0.02))
    assert found.standard_error > 3 * naive.standard_error
    assert any("treats pairs as independent" in warning for warning in naive.warnings)


def test_kappa_with_the_consensus_is_surer_than_it_should_be_without_nights(epochs: Rows) -> None:
    what = asked(0.05, weights="unweighted")
    found = compared("kappa_difference", epochs, what)
    naive = compared("kappa_difference", independent(epochs), what)
    assert found.estimate == naive.estimate
    assert (found.df, found.n_clusters) == (24, 25)
    assert found.standard_error > 3 * naive.standard_error


def test_kappas_of_both_arms_come_from_their_tables(epochs: Rows) -> None:
    what = asked(weights="unweighted", comparison="against_reference")
    found = analysed("kappa", epochs, what)
    reference = epochs.extra["reference"]
    arms = {"candidate": epochs.candidate, "standard_of_care": epochs.standard_of_care}
    for name, given in arms.items():
        shares = [float((given == s).mean() * (reference == s).mean()) for s in range(len(STAGES))]
        agreed = float((given == reference).mean())
        kappa = (agreed - sum(shares)) / (1 - sum(shares))
        assert found.named(f"{name}_kappa").estimate == pytest.approx(kappa)

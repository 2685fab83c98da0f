"""Whole rehearsed trials: own streams, scenarios as written, agreement with the quick engine."""

import math
from dataclasses import replace

import numpy as np
import pytest

from evaluation.inference.arrays import IntArray
from evaluation.planning.document import needing_sizes
from evaluation.planning.generated import Cast, encounters
from evaluation.planning.rehearsal import Replicate, replicates, scene_named
from evaluation.planning.rehearsed import rehearse, summary
from evaluation.planning.simulating import found_in, runs_of, tallies
from protocols.errors import UsageError
from protocols.schema import Protocol
from tests.evaluation.planning.rehearsed import (
    accuracy_protocol,
    rehearsed_protocol,
    scenario,
)
from tests.support.between_looks import anytime_group, anytime_rule
from tests.support.example_protocol import example_protocol


def _trials(protocol: Protocol, n: int, first: int = 0) -> list[Replicate]:
    scene = scene_named(protocol, "ideal", "H1")
    return replicates(scene, seed=7, first=first, n=n)


def test_a_replicate_is_the_same_trial_in_any_batch() -> None:
    protocol = rehearsed_protocol(scenario(jitter=0.1, missing_share=0.05, late_share=0.1))
    together = _trials(protocol, 6)
    apart = [record for first in (4, 0, 2) for record in _trials(protocol, 2, first)]
    assert sorted(apart, key=lambda r: r.number) == together
    assert len({record.estimate for record in together}) == 6


def test_a_trial_ends_with_its_claim_or_with_its_last_look() -> None:
    large = _trials(rehearsed_protocol(scenario(true_effect=0.12)), 4)
    assert all(record.claimed and record.look == 0 for record in large)
    assert {record.evaluable for record in large} == {300}
    none = _trials(rehearsed_protocol(scenario(true_effect=-0.15)), 4)
    assert not any(record.claimed for record in none)
    assert {(record.look, record.evaluable) for record in none} == {(1, 600)}


def test_outcomes_that_never_come_leave_the_last_look_short() -> None:
    planned_for = rehearsed_protocol(
        scenario(true_effect=-0.15, missing_share=0.1), ascertainment=0.8
    )
    assert {record.evaluable for record in _trials(planned_for, 3)} == {600}
    short = _trials(rehearsed_protocol(scenario(true_effect=-0.15, missing_share=0.2)), 4)
    assert all(440 < record.evaluable < 520 for record in short)


def test_late_outcomes_are_lacking_at_interim_looks_only() -> None:
    early = _trials(rehearsed_protocol(scenario(true_effect=0.15, late_share=0.3)), 4)
    assert all(record.look == 0 and 180 < record.evaluable < 240 for record in early)
    late = _trials(rehearsed_protocol(scenario(true_effect=-0.15, late_share=0.3)), 2)
    assert {record.evaluable for record in late} == {600}


def test_jitter_moves_looks_within_its_share() -> None:
    moved = _trials(rehearsed_protocol(scenario(true_effect=0.15, jitter=0.2)), 8)
    at = [record.evaluable for record in moved]
    assert len(set(at)) > 4
    assert all(240 <= n <= 360 for n in at)


def _futile() -> dict[str, object]:
    return {
        "hypothesis": "H1",
        "looks": ["L1"],
        "scale": "z",
        "values": [0.0],
        "beta": None,
        "spending": None,
        "true_effect": None,
        "binding": False,
        "binding_reason": None,
        "when_ignored": "The board says why.",
    }


@pytest.mark.parametrize("ignored", [False, True])
def test_futility_ends_a_trial_unless_it_is_ignored(ignored: bool) -> None:
    base = rehearsed_protocol(scenario(true_effect=-0.2, ignore_futility=ignored))
    document = base.model_dump(mode="json") | {"futility": [_futile()]}
    protocol = example_protocol(lambda fresh: fresh.update(document))
    records = _trials(protocol, 3)
    assert all(record.futile is not ignored for record in records)
    assert {record.look for record in records} == {int(ignored)}


def test_a_rule_between_looks_is_watched_in_every_trial() -> None:
    base = rehearsed_protocol(scenario(true_effect=-0.2))
    rule = anytime_rule(event="candidate.flag", among="true")
    document = base.model_dump(mode="json") | {"anytime_safety": [rule]}
    protocol = example_protocol(lambda fresh: fresh.update(document))
    scene = scene_named(protocol, "ideal", "H1")
    found = summary(scene, replicates(scene, seed=7, first=0, n=4), reached=False)
    assert found.alarms is not None
    assert found.alarms.share.value == 1
    assert found.alarms.pairs is not None
    assert 1 < found.alarms.pairs.value < 60


def test_each_rule_and_group_between_looks_has_its_own_share_and_time() -> None:
    base = rehearsed_protocol(scenario(true_effect=-0.2))
    flags = {"event": "candidate.flag", "among": "true"}
    rules = [anytime_rule(**flags), anytime_rule(id="NEVER", **flags, limit=0.99)]
    edits = {"anytime_safety": rules, "anytime_groups": [anytime_group("MISSES", "NEVER")]}
    document = base.model_dump(mode="json") | edits
    protocol = example_protocol(lambda fresh: fresh.update(document))
    scene = scene_named(protocol, "ideal", "H1")
    records = replicates(scene, seed=7, first=0, n=3)
    found = summary(scene, records, reached=False)
    misses, never, group = found.rules
    assert [one.rule for one in found.rules] == ["MISSES", "NEVER", "ANY_HARM"]
    assert misses.signals.share.value == group.signals.share.value == 1
    assert (never.signals.share.value, never.signals.pairs) == (0, None)
    assert misses.signals.pairs is not None
    assert group.signals.pairs is not None
    assert misses.signals.pairs.value <= group.signals.pairs.value
    firsts = [min(n for n in r.alarms_after if n is not None) for r in records]
    assert firsts == [r.alarm_after for r in records]


def _rates(protocol: Protocol, n: int) -> tuple[np.ndarray, np.ndarray, IntArray]:
    made = encounters(Cast((scene_named(protocol, "ideal", "H1"),)), n, np.random.default_rng(3))
    right = np.array(
        [
            [pair.standard_of_care.flag == pair.outcome, pair.candidate.flag == pair.outcome]
            for pair in made.pairs
        ]
    )
    names = [pair.subject for pair in made.pairs]
    return right[:, 0], right[:, 1], np.unique(names, return_inverse=True)[1]


def test_pairs_are_discordant_as_registered_and_differ_by_the_effect() -> None:
    soc, candidate, _ = _rates(accuracy_protocol(scenario(true_effect=-0.05)), 20_000)
    assert np.mean(soc != candidate) == pytest.approx(0.25, abs=4 * math.sqrt(0.19 / 20_000))
    difference = np.mean(candidate.astype(int) - soc.astype(int))
    assert difference == pytest.approx(-0.05, abs=4 * math.sqrt(0.25 / 20_000))


def test_an_effect_drifts_to_the_edge_of_the_null_from_half_way() -> None:
    soc, candidate, _ = _rates(accuracy_protocol(scenario(true_effect=0.2, drift="half_way")), 600)
    difference = candidate.astype(int) - soc.astype(int)
    assert np.mean(difference[:300]) > 0.12
    assert np.mean(difference[300:]) < 0.02


def test_subjects_come_back_and_their_pairs_hang_together() -> None:
    protocol = accuracy_protocol(scenario(), pairs_per_subject=2.5, cv_of_pairs=0.6, icc=0.6)
    soc, candidate, subject = _rates(protocol, 8000)
    sizes = np.bincount(subject)
    assert np.mean(sizes) == pytest.approx(2.5, rel=0.1)
    assert np.std(sizes) / np.mean(sizes) == pytest.approx(0.6, rel=0.15)
    difference = (candidate.astype(float) - soc).astype(float)
    means = np.bincount(subject, difference) / sizes
    assert np.var(means[sizes == 2]) > 1.25 * np.var(difference) / 2


@pytest.mark.parametrize(
    ("protocol", "code"),
    [
        (rehearsed_protocol(scenario(id="another")), "REHEARSAL_UNKNOWN"),
        (rehearsed_protocol(scenario(true_effect=0.3)), "REHEARSAL_VALUES"),
        (accuracy_protocol(scenario(true_effect=0.3)), "REHEARSAL_VALUES"),
        (rehearsed_protocol(scenario(), nuisance={"prevalence": 0.25}), "REHEARSAL_VALUES"),
    ],
)
def test_what_cannot_be_made_is_refused(protocol: Protocol, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        rehearse(protocol, "ideal", "H1")
    assert raised.value.code == code


def test_a_measure_without_encounters_is_refused() -> None:
    protocol = rehearsed_protocol(scenario())
    document = protocol.model_dump(mode="json")
    document["endpoints"][0] |= {"measure": "brier", "direction": "lower_is_better"}
    document["hypotheses"][0] |= {"test": "clustered_difference"}
    changed = example_protocol(lambda fresh: fresh.update(document))
    with pytest.raises(UsageError, match="No encounters can be made for brier"):
        scene_named(changed, "ideal", "H1")


@pytest.mark.slow
def test_workers_change_no_number() -> None:
    protocol = rehearsed_protocol(scenario(jitter=0.1, late_share=0.2))
    assert rehearse(protocol, "ideal", "H1", workers=2) == rehearse(protocol, "ideal", "H1")


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, -0.08])
def test_rehearsals_agree_with_sufficient_statistics_on_ideal_data(effect: float) -> None:
    protocol = accuracy_protocol(scenario(true_effect=effect), most=800, target_se=0.001)
    rehearsal = rehearse(protocol, "ideal", "H1", workers=2)
    full, n = rehearsal.found, len(rehearsal.records)
    assert protocol.simulation is not None
    run = next(iter(runs_of(protocol.simulation, needing_sizes(protocol))))
    plan = protocol.simulation.model_copy(update={"most_replicates": 100_000, "target_se": 1e-4})
    *_, tally = tallies(run, plan)
    quick = found_in(run, tally, plan, interrupted=False)
    pairs = [(full.claims, quick.claims), (full.expected_pairs, quick.expected_pairs)]
    pairs += zip(full.claims_by_look, quick.claims_by_look, strict=True)
    for ours, theirs in pairs:
        error = max(ours.standard_error, math.sqrt(theirs.value * max(1 - theirs.value, 0) / n))
        assert ours.value == pytest.approx(
            theirs.value, abs=3 * math.hypot(error, theirs.standard_error)
        )
    assert full.estimation is not None
    assert full.estimation.bias_naive is not None
    assert abs(full.estimation.bias_naive.value) < 0.01
    for coverage in (full.estimation.coverage_repeated, full.estimation.coverage_stagewise):
        assert coverage is not None
        assert coverage.value >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / n)


def test_no_replicate_depends_on_the_order_of_the_records() -> None:
    scene = scene_named(rehearsed_protocol(scenario()), "ideal", "H1")
    records = replicates(scene, seed=7, first=0, n=5)
    shuffled = [replace(record) for record in reversed(records)]
    assert summary(scene, shuffled, reached=False) == summary(scene, records, reached=False)

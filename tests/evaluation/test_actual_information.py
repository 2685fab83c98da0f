"""Real looks whose information is not the planned one: less, more, or short at the end."""

from dataclasses import replace

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.spending import spent
from evaluation.replay import departures
from evaluation.results import Boundary, LookResults
from gateway.store.records import PairRecord
from protocols.schema import Protocol
from tests.support.means import means_pairs, means_protocol
from tests.support.simulator import first_evaluable, lock_of

FREE = {"unplanned_looks": "allowed", "skipped_looks": "allowed"}


def _made(protocol: Protocol, seen: list[tuple[str, tuple[PairRecord, ...]]]) -> list[LookResults]:
    found: list[LookResults] = []
    for look, pairs in seen:
        data = lock_of(protocol, pairs, look=look, accrual_closed=look == "L3")
        found.append(from_bytes(to_bytes(conduct(protocol, data, found))))
    assert departures(protocol, found[-1]) == ()
    return found


def _boundaries(made: list[LookResults]) -> tuple[Boundary, ...]:
    return made[-1].hypotheses[0].boundaries


def _numbers(steps: tuple[Boundary, ...]) -> tuple[list[float], list[float]]:
    return [s.alpha_spent for s in steps], [s.statistical_information or 0.0 for s in steps]


def _wide(pair: PairRecord, by: float) -> PairRecord:
    assert pair.candidate.score is not None
    score = 200 + by * (pair.candidate.score - 200)
    return replace(pair, candidate=replace(pair.candidate, score=score))


def test_less_information_warns_spends_nothing_and_waits_for_more() -> None:
    """Corrected answers spread three times as wide at the second look, and no longer later."""
    protocol = means_protocol(margin=None, **FREE)
    pairs = means_pairs(protocol, 1.0)
    second = tuple(_wide(pair, 3.0) for pair in first_evaluable(pairs, 300))
    made = _made(
        protocol,
        [
            ("L1", first_evaluable(pairs, 180)),
            ("unplanned_1", second),
            ("L2", first_evaluable(pairs, 360)),
            ("L3", pairs),
        ],
    )
    first, less, third, last = _boundaries(made)
    had, has = first.statistical_information, less.statistical_information
    assert had is not None
    assert has is not None
    assert has < had
    assert (less.z, less.nominal_alpha, less.alpha_spent) == (None, 0.0, first.alpha_spent)
    assert first == made[0].hypotheses[0].boundaries[0]
    assert "Statistical information is less than at an earlier look" in " ".join(made[1].limits)
    kept = (first, third, last)
    alphas, information = _numbers(kept)
    assert third.alpha_spent == pytest.approx(spent("lan_demets_obrien_fleming", 0.025, 0.6))
    assert [s.z for s in kept] == pytest.approx(efficacy_boundaries(alphas, information))
    assert sum(crossing_probabilities([s.z or 0.0 for s in kept], information).upper) == (
        pytest.approx(0.025, abs=1e-9)
    )


def test_an_over_run_caps_the_time_and_keeps_the_information() -> None:
    protocol = means_protocol(margin=None, final_look="information_fraction")
    pairs = means_pairs(protocol, 1.0, n=760)
    made = _made(
        protocol,
        [
            ("L1", first_evaluable(pairs, 180)),
            ("L2", first_evaluable(pairs, 420)),
            ("L3", pairs),
        ],
    )
    steps = _boundaries(made)
    assert steps[-1].information_fraction == pytest.approx(760 / 600)
    assert steps[-1].spending_time == 1.0
    assert steps[-1].alpha_spent == pytest.approx(0.025)
    alphas, information = _numbers(steps)
    assert [s.z for s in steps] == pytest.approx(efficacy_boundaries(alphas, information))
    capped = [*information[:-1], information[-1] * 600 / 760]
    assert abs((steps[-1].z or 0.0) - efficacy_boundaries(alphas, capped)[-1]) > 1e-3
    assert _boundaries(made[:2]) == steps[:2]


@pytest.mark.parametrize(("final", "left"), [("full_alpha", 0.025), ("information_fraction", None)])
def test_an_under_run_spends_all_only_where_that_is_registered(
    final: str, left: float | None
) -> None:
    protocol = means_protocol(margin=None, final_look=final, **FREE)
    pairs = means_pairs(protocol, 1.0, n=480)
    made = _made(protocol, [("L1", first_evaluable(pairs, 180)), ("L3", pairs)])
    steps = _boundaries(made)
    wanted = spent("lan_demets_obrien_fleming", 0.025, 0.8) if left is None else left
    assert steps[-1].alpha_spent == pytest.approx(wanted)
    alphas, information = _numbers(steps)
    assert [s.z for s in steps] == pytest.approx(efficacy_boundaries(alphas, information))
    said = " ".join(made[-1].limits)
    assert "Accrual was closed at 480 of 600" in said
    assert ("leaves alpha unspent" in said) is (left is None)
    assert "Planned look L2 was passed over" in said


def test_a_look_says_how_many_there_are_without_counting_past_the_plan() -> None:
    protocol = means_protocol(margin=None, **FREE)
    pairs = means_pairs(protocol, 1.0)
    names = (("L1", 180), ("unplanned_1", 240), ("L2", 360), ("L3", 600))
    made = _made(protocol, [(look, first_evaluable(pairs, n)) for look, n in names])
    said = [results.facts.counted for results in made]
    assert said == ["1 of 3", "2 (3 planned)", "3 (3 planned)", "4 (3 planned)"]
    skipped = _made(protocol, [("L1", first_evaluable(pairs, 180)), ("L3", pairs)])
    assert skipped[-1].facts.counted == "2 (3 planned)"

"""A trial that tries the whole group-sequential engine, from its protocol to its report.

Four hypotheses share one alpha by a graph over three looks. One is shown at each look and passes
its alpha on, futility is crossed and ignored, a harm bound and a rule between looks raise their
alarms, outcomes arrive after the look that claimed, and the last look has more pairs than planned.
Everything that decides is reckoned a second time by `second_route`, from what was stored.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import norm

from evaluation.differences import differences
from evaluation.errors import EvaluationError
from evaluation.replay import departures
from evaluation.results import Boundary, HypothesisResult, LookResults
from protocols.vocabulary import Verdict
from tests.journeys import second_route
from tests.journeys.graph_of_four import LOOKS, Conducted, asked, run

CODES = ("H1", "H2", "H3", "H4")
RECOMPUTED = 1e-7


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Conducted:
    return Conducted(tmp_path_factory.mktemp("graph"))


def _hypothesis(results: LookResults, code: str) -> HypothesisResult:
    return next(found for found in results.hypotheses if found.id == code)


def _bounds_of(trial: Conducted, code: str) -> tuple[Boundary, ...]:
    return _hypothesis(trial.last, code).boundaries


def _weakest_p(found: HypothesisResult) -> float:
    """Of the populations that must agree."""
    return max(test.p_value or 0.0 for test in (found.primary, *found.supporting))


def _time(boundary: Boundary) -> float:
    """More pairs than planned count as all."""
    return min(1.0, boundary.information_fraction)


def _second_route(trial: Conducted) -> second_route.Found:
    """Who is shown when, from each look's p-values and information and nothing else of it."""
    sharing = trial.protocol.multiplicity.graph
    assert sharing is not None
    graph = second_route.Graph(
        dict(sharing.weights), {(a, b): share for a, b, share in sharing.transitions}
    )
    looks = {
        results.facts.look: {
            found.id: second_route.Seen(found.primary.information or 0.0, _weakest_p(found))
            for found in results.hypotheses
        }
        for results in trial.looks
    }
    times = [_time(boundary) for boundary in _bounds_of(trial, "H1")]

    def spend(alpha: float, k: int) -> float:
        last = k == len(times) - 1
        return alpha if last else second_route.obrien_fleming_like(alpha, times[k])

    return second_route.maurer_bretz(graph, sharing.alpha, looks, spend)


def test_each_look_shows_one_hypothesis_and_its_alpha_goes_along_the_graph(
    trial: Conducted,
) -> None:
    found = _second_route(trial)
    assert found.shown == {"H2": "L1", "H1": "L2", "H4": "L3"}
    for results in trial.looks:
        look = results.facts.look
        for code in CODES:
            stored = _hypothesis(results, code)
            assert stored.shared is not None
            assert stored.shared.local_alpha == pytest.approx(found.levels[code, look], rel=1e-9)
            expected = found.shown.get(code)
            shown = expected is not None and expected <= look
            assert stored.shown_at == (expected if shown else None)
            assert stored.claimed is shown


def test_the_alpha_that_each_holds_is_that_of_the_papers_by_hand(trial: Conducted) -> None:
    """One half each. H2 gives half of it to H1 and half to H3; H1 then a third to H3."""

    def held(look: LookResults) -> list[float]:
        shares = [_hypothesis(look, code).shared for code in CODES]
        return [share.local_alpha / 0.025 for share in shares if share is not None]

    first, second, third = (held(look) for look in trial.looks)
    assert first == pytest.approx([0.75, 0.5, 0.25, 0.0])
    # H1 passes on 0.75: now that H2 is gone two thirds of it go to H4
    assert second == pytest.approx([0.75, 0.5, 0.5, 0.5])
    assert third == pytest.approx([0.75, 0.5, 1.0, 0.5])
    by = [_hypothesis(trial.last, code).shared for code in CODES]
    assert [share.passed_on_by for share in by if share] == [
        ("H2",),
        (),
        ("H2", "H1", "H4"),
        ("H1",),
    ]


def test_every_bound_is_that_of_the_spending_at_the_local_alpha(trial: Conducted) -> None:
    found = _second_route(trial)
    for results in trial.looks:
        look = results.facts.look
        for code in CODES:
            stored = _hypothesis(results, code).boundaries[-1]
            if found.levels[code, look] == 0:
                assert stored.z is None
                continue
            assert stored.z == pytest.approx(found.bounds[code, look], abs=RECOMPUTED)
            p = _weakest_p(_hypothesis(results, code))
            assert stored.crossed in (p <= stored.nominal_alpha, True)


def test_the_over_run_spends_all_of_alpha_and_no_more_on_the_information_it_has(
    trial: Conducted,
) -> None:
    found = _second_route(trial)
    assert trial.last.facts.evaluable_pairs > trial.last.facts.planned_pairs
    for code in CODES:
        *_, second, last = _bounds_of(trial, code)
        assert last.information_fraction > 1.05
        assert last.spending_time == 1.0
        assert last.alpha_spent == pytest.approx(found.levels[code, "L3"], rel=1e-9)
        grown = (last.statistical_information or 0.0) / (second.statistical_information or 1.0)
        assert grown > 1 / 0.7  # the correlation that planned pairs would have had


def test_futility_is_crossed_and_told_and_lowers_no_bound(trial: Conducted) -> None:
    first, second, last = _bounds_of(trial, "H3")
    assert [reading.crossed for b in (first, second) for reading in b.futility] == [True, True]
    assert not any(reading.binding for b in (first, second) for reading in b.futility)
    assert last.futility == ()
    for k, boundary in enumerate((first, second)):
        expected = _z_of_power(trial, k, power=0.1)
        assert boundary.futility[0].z == pytest.approx(expected, abs=1e-6)
    held = _hypothesis(trial.last, "H3")
    assert held.verdict is Verdict.NOT_SHOWN_AND_WORSE
    assert held.boundaries[-1].crossed is False  # tested at the end all the same


def _z_of_power(trial: Conducted, k: int, *, power: float) -> float:
    """z with this conditional power of the last look at the present estimate (Lan & Wittes 1988).

    Information is projected in proportion to pairs, later looks as planned.
    """
    boundaries = _bounds_of(trial, "H3")[: k + 1]
    here, level = boundaries[-1].statistical_information or 0.0, boundaries[-1].level or 0.0
    end = here / boundaries[-1].information_fraction
    planned = [look.information for look in trial.protocol.monitoring.looks]
    times = [*(_time(b) for b in boundaries), *planned[k + 1 :]]
    spent = [second_route.obrien_fleming_like(level, time) for time in times]
    seen = [b.statistical_information or 0.0 for b in boundaries]
    later = [end * share for share in planned[k + 1 :]]
    bound = second_route.bounds(spent, [*seen, *later])[-1]
    # sqrt(end) z_end = B + rest: B and the drift of the rest are both proportional to z
    ahead = end - here
    needed = bound * math.sqrt(end) + float(norm.ppf(power)) * math.sqrt(ahead)
    return needed / (math.sqrt(here) + ahead / math.sqrt(here))


def test_the_harm_bound_is_crossed_at_the_second_look_on_an_alpha_of_its_own(
    trial: Conducted,
) -> None:
    boundaries = _bounds_of(trial, "H3")
    readings = [reading for b in boundaries for reading in b.harm]
    assert [reading.crossed for reading in readings] == [False, True, True]
    times = [_time(b) for b in boundaries]
    spent = [second_route.obrien_fleming_like(0.025, time) for time in times]
    expected = second_route.bounds(spent, [reading.information or 0.0 for reading in readings])
    assert [reading.z for reading in readings] == pytest.approx(expected, abs=RECOMPUTED)
    assert readings[-1].alpha_spent == pytest.approx(0.025)


def test_a_rule_between_looks_raises_its_alarm_once_and_a_look_keeps_it(trial: Conducted) -> None:
    assert [found.exit_code for found in trial.watched] == [0, 1, 1]
    assert "flooding asks to notify (minor)" in trial.watched[1].output
    assert [len(look.alarms) for look in trial.looks] == [0, 1, 1]
    assert trial.looks[1].alarms == trial.looks[2].alarms
    assert trial.last.alarms[0].rule == "flooding"


def test_late_outcomes_are_weighted_with_what_stopped_as_registered(trial: Conducted) -> None:
    assert len(trial.late) > 40
    first, second, last = _bounds_of(trial, "H1")
    found = _second_route(trial)
    information = [b.statistical_information or 0.0 for b in (first, second, last)]
    expected = second_route.weighted_p(
        second.statistic or 0.0, last.statistic or 0.0, [found.bounds["H1", "L1"]], information
    )
    sequential = _hypothesis(trial.last, "H1").sequential
    assert sequential is not None
    (claim,) = [item for item in sequential.inferences if item.claim]
    assert claim.kind == "weighted"
    assert claim.p_value == pytest.approx(expected, rel=1e-6)
    repeated = next(item for item in sequential.inferences if item.kind == "repeated")
    assert repeated.estimate != claim.estimate
    assert [entry.n_late for entry in trial.last.late] == [0, len(trial.late)]
    assert trial.last.late[1].n_then == trial.looks[1].facts.evaluable_pairs


def test_the_report_tells_leadership_what_each_look_did(trial: Conducted) -> None:
    page = trial.page
    for said in (
        "Harm bound crossed: Specificity for deterioration.",
        "Alarm between looks: False alerts that the points score would not have raised.",
        "Sensitivity for deterioration (H2): non-inferiority is shown",
        "Its alpha passes on to H1 and H3.",
        "Ranking of patients by risk (AUC) (H1): non-inferiority is shown",
        "Closeness of the predicted risk (Brier score) (H4): superiority is shown",
        "Not binding: the trial may go on, and no bound for a claim changes.",
        "the harm bound is crossed, the candidate is worse",
        "110 more than the 1,200 planned. No more alpha is spent for them than was registered",
        "Look L2 claimed H1 on 840 evaluable pairs; since then 50 outcomes came late",
        "Registered for outcomes after a stop: weighted statistic.",
        "Weighted: with outcomes after the claim (claim)",
        "2 rules after every outcome and 1 bound for harm at every look",
        "minor alarm since",
        "Registered action: notify. Named people were to be told; the trial went on.",
        "choose a threshold with fewer false alerts on other data",
    ):
        assert said in page, said
    assert (trial.place / "report" / "results.json").read_text() == trial.bytes_of("L3")
    assert {"course.csv", "alarms.csv"} <= {
        path.name for path in (trial.place / "report" / "data").iterdir()
    }


def test_the_report_names_no_pair_and_no_subject(trial: Conducted) -> None:
    text = (trial.place / "report" / "report.html").read_text("utf-8")
    for pair in trial.pairs:
        assert pair.pair_id not in text
        assert f"{pair.subject} " not in text


@pytest.mark.parametrize("look", LOOKS)
def test_every_stored_number_comes_again_from_lock_and_log(trial: Conducted, look: str) -> None:
    printed = run("look", "verify", look, "--folder", str(trial.trial), "--json")
    verified = json.loads(printed)
    assert verified["same"] is True
    assert verified["stored"] == verified["again"]
    assert verified["log"] == verified["places"] == []


def test_the_log_alone_gives_every_bound_of_every_look_again(trial: Conducted) -> None:
    assert departures(trial.protocol, trial.last) == ()
    assert [b.look for b in _bounds_of(trial, "H4")] == list(LOOKS)


EDITS = (
    ("H1", ("boundaries", 1, "z"), "hypotheses[H1].boundaries[L2].z"),
    ("H2", ("boundaries", 0, "statistical_information"), "boundaries[L1].statistical_information"),
    ("H4", ("boundaries", 2, "alpha_spent"), "hypotheses[H4].boundaries[L3].alpha_spent"),
    ("H3", ("boundaries", 0, "futility", 0, "z"), "hypotheses[H3].boundaries[L1].futility[0].z"),
    ("H3", ("boundaries", 1, "harm", 0, "statistic"), "boundaries[L2].harm[0].statistic"),
    ("H3", ("shared", "local_alpha"), "hypotheses[H3].shared.local_alpha"),
    ("H1", ("sequential", "inferences", 2, "p_value"), "sequential.inferences[weighted].p_value"),
)


@pytest.mark.parametrize(("code", "path", "place"), EDITS, ids=[edit[2] for edit in EDITS])
def test_a_number_changed_by_hand_is_found_and_named(
    trial: Conducted, tmp_path: Path, code: str, path: tuple[str | int, ...], place: str
) -> None:
    """Whoever changes it knows the digest too, and writes it anew."""
    stored = json.loads(trial.bytes_of("L3"))
    *way, last = path
    spot: Any = next(found for found in stored["hypotheses"] if found["id"] == code)
    for step in way:
        spot = spot[step]
    spot[last] *= 1.001
    folder = trial.tampered(tmp_path, stored, digest=True)
    printed = asked("look", "verify", "L3", "--folder", str(folder))
    assert printed.exit_code == 1
    assert "take this result for unverified" in printed.output
    assert f"{place}: stored" in printed.output
    first = trial.tampered(tmp_path, stored, digest=False)
    with pytest.raises(EvaluationError, match="not the bytes that were saved") as damaged:
        asked("look", "verify", "L3", "--folder", str(first))
    assert place in str(damaged.value)


def test_every_number_of_the_log_has_a_place_of_its_own(trial: Conducted) -> None:
    """All of them, one at a time, against what the look found."""
    stored = json.loads(trial.bytes_of("L3"))
    again = json.loads(trial.bytes_of("L3"))
    seen = set()
    for hypothesis in stored["hypotheses"]:
        for boundary in hypothesis["boundaries"]:
            for holder, key in _numbers(boundary):
                kept = holder[key]
                holder[key] = kept + 0.001
                (place,) = differences(stored, again)
                seen.add(place.split(":")[0])
                holder[key] = kept
    assert len(seen) == sum(
        len(list(_numbers(b))) for h in stored["hypotheses"] for b in h["boundaries"]
    )


def _numbers(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every number inside, as its holder and its key."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in members:
        if isinstance(inner, dict | list):
            yield from _numbers(inner)
        elif isinstance(inner, int | float) and not isinstance(inner, bool):
            yield value, key

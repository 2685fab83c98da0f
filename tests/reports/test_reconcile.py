"""A report whose counts disagree is not built."""

from pathlib import Path

import pytest

from reports.build import build_report
from reports.errors import ReportError
from tests.reports.example_results import as_bytes, final_results, wide_results


def _edited(**changes: object) -> bytes:
    return as_bytes(final_results().model_copy(update=changes))


def _refusal(source: bytes, folder: Path) -> str:
    with pytest.raises(ReportError) as caught:
        build_report(source, folder / "report")
    assert caught.value.code == "REPORT_UNRECONCILED"
    assert list(folder.iterdir()) == []
    return str(caught.value)


def test_a_flow_that_loses_one_encounter_is_refused(tmp_path: Path) -> None:
    steps = list(final_results().flow)
    steps[1] = steps[1].model_copy(update={"n": steps[1].n - 1})
    assert "flow box 'accepted' leaves 4,685 but 'eligible' holds 4,684" in _refusal(
        _edited(flow=tuple(steps)), tmp_path
    )


def test_requests_that_nothing_accounts_for_are_refused(tmp_path: Path) -> None:
    held = final_results().completeness
    short = held.model_copy(update={"accepted": held.accepted + 1})
    assert "accounted for" in _refusal(_edited(completeness=short), tmp_path)


def test_arms_with_different_numbers_of_fates_are_refused(tmp_path: Path) -> None:
    soc, candidate = final_results().operations
    more = candidate.model_copy(update={"fates": {**candidate.fates, "late": 1}})
    assert "different numbers of fates" in _refusal(_edited(operations=(soc, more)), tmp_path)


def test_more_events_than_evaluable_pairs_are_refused(tmp_path: Path) -> None:
    first, second = final_results().populations
    wrong = first.model_copy(update={"n_events": first.n_evaluable + 1})
    assert "population 'FAS'" in _refusal(_edited(populations=(wrong, second)), tmp_path)


def test_a_paired_table_larger_than_its_population_is_refused(tmp_path: Path) -> None:
    hypotheses = list(final_results().hypotheses)
    sens = hypotheses[1]
    small = sens.primary.model_copy(update={"n_pairs": 10})
    hypotheses[1] = sens.model_copy(update={"primary": small})
    assert "paired table of H2" in _refusal(_edited(hypotheses=tuple(hypotheses)), tmp_path)


def test_an_analysis_of_more_pairs_than_its_population_holds_is_refused(tmp_path: Path) -> None:
    results = wide_results()
    first, *rest = results.analyses
    more = first.model_copy(update={"n_pairs": 99_999})
    source = as_bytes(results.model_copy(update={"analyses": (more, *rest)}))
    assert "analysis 'A1'" in _refusal(source, tmp_path)


def test_every_disagreement_is_named_at_once(tmp_path: Path) -> None:
    results = final_results()
    held = results.completeness.model_copy(update={"accepted": 1})
    first, second = results.populations
    wrong = first.model_copy(update={"n_events": -1})
    message = _refusal(_edited(completeness=held, populations=(wrong, second)), tmp_path)
    assert "accounted for" in message
    assert "population 'FAS'" in message


def test_requests_still_on_their_way_are_accounted_for(tmp_path: Path) -> None:
    results = final_results()
    first = results.flow[0]
    longer = first.model_copy(
        update={"n": first.n + 2, "excluded": (*first.excluded, ("on_its_way", 2))}
    )
    held = results.completeness.model_copy(update={"accepted": results.completeness.accepted + 2})
    source = _edited(flow=(longer, *results.flow[1:]), completeness=held)
    assert build_report(source, tmp_path / "report").paths

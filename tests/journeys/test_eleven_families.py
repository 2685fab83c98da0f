"""A statistician registers a method of every family, runs the looks and reads the report."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from equipoise import cli
from evaluation.results import LookResults
from gateway.settings import load_settings
from gateway.store.capture import report_outcomes
from gateway.store.engine import open_store
from gateway.store.records import PairRecord
from protocols.load import load
from protocols.methods.table import ESTIMATORS, TESTS
from protocols.schema import Protocol
from protocols.vocabulary import Verdict
from tests.support.further import reports_of, with_further
from tests.support.simulator import Truth, simulate_pairs
from tests.support.stored_trial import store_pairs

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "tests" / "support" / "protocols" / "eleven_families.yaml"
TRUTH = Truth(n=560, seed=4, prevalence=0.3, missing_outcome_share=0.04, candidate_separation=1.4)
FAMILIES = 11
HALF = 280


def run(*words: str) -> str:
    """One command, as somebody types it; what it prints."""
    printed = CliRunner().invoke(cli, [*words], catch_exceptions=False)
    assert printed.exit_code == 0, printed.output
    return printed.output


def _arrive(trial: Path, protocol: Protocol, pairs: Sequence[PairRecord], *, after: int) -> None:
    """Pairs with everything that is known of them reach the store."""
    store = open_store(load_settings(trial, {}).store_url)
    store_pairs(store, protocol, pairs, after=after)
    at_us = max(pair.arrived_at_us for pair in pairs)
    items = reports_of(pairs)
    taken = report_outcomes(store, items, trial=protocol.protocol.id, received_at_us=at_us)
    assert not [found for found in taken if isinstance(found, Exception)]
    store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial after its last look, report included."""
    place = tmp_path_factory.mktemp("eleven")
    trial = place / "trial"
    arms = ("--standard-of-care-url", "http://127.0.0.1:9", "--candidate-url", "http://127.0.0.1:9")
    run("protocol", "register", str(PROTOCOL), "--folder", str(trial), *arms)
    protocol = load(PROTOCOL)
    pairs = with_further(simulate_pairs(protocol, TRUTH))
    for look, first, last in (("L1", 0, HALF), ("L2", HALF, TRUTH.n)):
        _arrive(trial, protocol, pairs[first:last], after=first)
        run("look", "run", look, "--folder", str(trial), "--actor", "Ben")
    run("report", "build", "L2", "--folder", str(trial), "--output", str(place / "report"))
    return place


@pytest.fixture(scope="module")
def results(folder: Path) -> LookResults:
    printed = run("look", "show", "L2", "--folder", str(folder / "trial"), "--json")
    return LookResults.model_validate_json(printed)


def test_the_protocol_registers_a_method_of_every_family() -> None:
    protocol = load(PROTOCOL)
    groups = {TESTS[h.test].group for h in protocol.hypotheses}
    groups |= {ESTIMATORS[a.estimator].group for a in protocol.analyses}
    assert len(groups) == FAMILIES


def test_every_hypothesis_has_a_number_on_its_own_scale(results: LookResults) -> None:
    for found in results.hypotheses:
        assert found.primary.estimate is not None, (found.id, found.primary.not_evaluable)
        assert found.primary.scale == found.scale
    by_id = {found.id: found for found in results.hypotheses}
    assert by_id["H3"].scale == "ratio"
    assert 0.5 < (by_id["H3"].primary.estimate or 0) < 2


def test_the_verdict_on_equivalence_follows_from_both_margins(results: LookResults) -> None:
    found = next(h for h in results.hypotheses if h.id == "H4")
    (claim,) = [i for i in found.primary.intervals if i.kind == "repeated"]
    inside = claim.low > -0.08 and claim.high < 0.08
    assert found.verdict in (
        (Verdict.EQUIVALENT,) if inside else (Verdict.NOT_SHOWN, Verdict.NOT_TESTED)
    )


def test_every_registered_analysis_gives_its_numbers(results: LookResults) -> None:
    for found in results.analyses:
        assert found.not_evaluable is None, (found.id, found.not_evaluable)
        assert found.quantities, found.id
        assert found.citation


def test_the_report_shows_every_analysis_and_its_numbers(
    folder: Path, results: LookResults
) -> None:
    page = (folder / "report" / "report.html").read_text("utf-8")
    for found in results.analyses:
        assert found.title in page
        assert found.quantities[0].title.casefold() in page.casefold()
    tables = {path.name for path in (folder / "report" / "data").glob("*.csv")}
    assert {f"analysis-{found.id}.csv" for found in results.analyses} <= tables


def test_a_look_conducted_again_gives_the_same_bytes(folder: Path) -> None:
    printed = run("look", "verify", "L2", "--folder", str(folder / "trial"), "--json")
    assert json.loads(printed)["same"] is True

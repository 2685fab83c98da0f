"""From a YAML file over the store to the report: trials whose size was changed at a look."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from equipoise import cli
from evaluation.cli import lines_of
from evaluation.look import run_look, show_look, verify_look
from evaluation.replay import departures
from evaluation.results import LookResults
from gateway.status import read_status
from gateway.store.engine import Store, open_store
from gateway.store.reads import refusals
from gateway.store.records import PairRecord
from protocols.errors import RefusedError
from protocols.load import load
from protocols.schema import Protocol
from reports.build import report_files
from tests.reports.reading_html import PageReader
from tests.support.example_protocol import Document, example_document
from tests.support.resizing import sensitivity_document, zone_document
from tests.support.simulator import MINUTE_US, START_US, Truth, first_evaluable, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

LATER_US = START_US + 10_000 * MINUTE_US
TRUTH = Truth(n=1300, candidate_separation=1.1, seed=3)
ALIKE = Truth(n=1300, correlation=0.75, seed=3)  # so that fewer pairs are discordant


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/trial.sqlite", create=True)
    yield opened
    opened.close()


def _loaded(folder: Path, edit: Callable[[Document], None]) -> Protocol:
    document = example_document()
    edit(document)
    path = folder / "protocol.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load(path)


class Accruing:
    """A trial that takes the first evaluable pairs into its store, look by look."""

    def __init__(self, store: Store, protocol: Protocol, truth: Truth = TRUTH) -> None:
        self.store, self.protocol, self.shipped = store, protocol, 0
        self.pairs: tuple[PairRecord, ...] = simulate_pairs(protocol, truth)
        register_trial(store, protocol)

    def until(self, n: int) -> None:
        """Ship until there are `n` evaluable pairs."""
        reached = len(first_evaluable(self.pairs, n))
        new = self.pairs[self.shipped : reached]
        store_pairs(self.store, self.protocol, new, after=self.shipped)
        self.shipped = reached

    def look(self, name: str) -> LookResults:
        trial = self.protocol.protocol.id
        return run_look(self.store, trial, name, actor="ben", at_us=LATER_US).results

    def planned(self) -> int:
        trial = self.protocol.protocol.id
        return read_status(self.store, trial, at_us=LATER_US, mirror=None).evaluable_planned


def _total(results: LookResults) -> int:
    assert results.re_estimation is not None
    return results.re_estimation.total_pairs


def _words(results: bytes) -> str:
    return PageReader(report_files(results)["report.html"].decode()).words_of("size")


def test_a_blinded_change_from_the_file_to_the_report(store: Store, tmp_path: Path) -> None:
    protocol = _loaded(tmp_path, sensitivity_document)
    trial, name = Accruing(store, protocol, ALIKE), protocol.protocol.id
    trial.until(300)
    assert trial.planned() == 600
    total = _total(trial.look("L1"))
    assert 600 < total < 1200
    assert trial.planned() == total
    trial.until(600)
    with pytest.raises(RefusedError) as early:
        trial.look("L2")
    assert early.value.code == "LOOK_EARLY"
    assert str(total) in refusals(store, name)[-1].detail
    trial.until(total)
    last = trial.look("L2")
    assert last.facts.final
    assert last.facts.planned_pairs == last.facts.evaluable_pairs == total
    assert last.hypotheses[0].boundaries[-1].alpha_spent == 0.025
    for look in ("L1", "L2"):
        assert verify_look(store, name, look).same
        shown = show_look(store, name, look)
        assert any(f"to {total:,} evaluable pairs" in line for line in lines_of(shown.results, "x"))
        words = _words(shown.content)
        assert "Pooled discordance, seen" in words
        assert f"rises from 600 to {total:,} evaluable pairs" in words
        assert "The direction was not looked at" in words


def test_a_promising_zone_from_the_file_to_the_report(store: Store, tmp_path: Path) -> None:
    protocol = _loaded(tmp_path, zone_document)
    trial, name = Accruing(store, protocol), protocol.protocol.id
    trial.until(300)
    total = _total(trial.look("L1"))
    assert 600 < total < 1200
    trial.until(math.ceil(0.75 * total))
    trial.look("L2")
    trial.until(total)
    last = trial.look("L3")
    assert last.hypotheses[0].primary.unweighted is not None
    for look in ("L1", "L2", "L3"):
        assert verify_look(store, name, look).same
    shown = show_look(store, name, "L3")
    words = _words(shown.content)
    for said in ("the promising zone", "Conditional power at the plan", "planned weights"):
        assert said in words
    assert "The unblinded statistician alone." in words
    assert "data/H1-weights.csv" in report_files(shown.content)
    record = shown.results.re_estimation
    assert record is not None
    changed = record.model_copy(update={"total_pairs": total + 1})
    edited = shown.results.model_copy(update={"re_estimation": changed})
    assert departures(protocol, edited)


def test_before_its_look_and_after_passing_it_over_the_report_says_so(
    store: Store, tmp_path: Path
) -> None:
    def edit(document: Document) -> None:
        zone_document(document, look="L2")
        document["monitoring"]["skipped_looks"] = "allowed"

    trial = Accruing(store, _loaded(tmp_path, edit))
    trial.until(300)
    trial.look("L1")
    trial.until(600)
    trial.look("L3")
    name = trial.protocol.protocol.id
    assert "has not come yet" in _words(show_look(store, name, "L1").content)
    assert "was passed over" in _words(show_look(store, name, "L3").content)
    assert trial.planned() == 600


def test_the_design_command_tells_of_the_change(tmp_path: Path) -> None:
    _loaded(tmp_path, zone_document)
    command = ["design", "boundaries", str(tmp_path / "protocol.yaml")]
    shown = CliRunner().invoke(cli, [*command, "--json"])
    assert shown.exit_code == 0
    notes = " ".join(json.loads(shown.output)["notes"])
    assert "Promising zone at L1" in notes

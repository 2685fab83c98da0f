"""The trial of `graph_of_four.yaml` from its protocol to its report, by the programs people use."""

import csv
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path

from click.testing import CliRunner, Result

from equipoise import cli
from evaluation.results import LookResults
from gateway.settings import load_settings
from gateway.store.engine import open_store
from gateway.store.records import PairRecord
from protocols.canonical import canonical_json
from protocols.load import load
from protocols.vocabulary import OutcomeState
from tests.support.simulator import Truth, simulate_pairs
from tests.support.stored_trial import store_pairs

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "tests" / "support" / "protocols" / "graph_of_four.yaml"
TRUTH = Truth(
    n=1350,
    seed=1,
    candidate_separation=1.5,
    candidate_failure_share=0.01,
    missing_outcome_share=0.02,
)
LOOKS = {"L1": 500, "L2": 920, "L3": 1350}
"""Pairs recorded by each look; 1,200 evaluable ones are planned."""
LATE = range(700, 900, 4)
"""Pairs of the second look whose outcome is not known at it."""


def run(*words: str) -> str:
    """One command, as somebody types it; what it prints."""
    printed = asked(*words)
    assert printed.exit_code == 0, printed.output
    return printed.output


def asked(*words: str) -> Result:
    """The same for a command that may end otherwise."""
    return CliRunner().invoke(cli, [*words], catch_exceptions=False)


class Conducted:
    """The trial's folder after all of it, and what its looks stored."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.trial = place / "trial"
        self.protocol = load(PROTOCOL)
        self.pairs = simulate_pairs(self.protocol, TRUTH)
        self.late = [self.pairs[i] for i in LATE if self.pairs[i].outcome is not None]
        self.watched: list[Result] = []
        self._conduct()
        self.looks = [self.stored(look) for look in LOOKS]
        self.page = _words(place / "report" / "report.html")

    def stored(self, look: str) -> LookResults:
        return LookResults.model_validate_json(
            run("look", "show", look, "--folder", str(self.trial), "--json")
        )

    def bytes_of(self, look: str) -> str:
        return run("look", "show", look, "--folder", str(self.trial), "--json").removesuffix("\n")

    def tampered(self, place: Path, results: object, *, digest: bool) -> Path:
        """A copy of the folder whose last look somebody has changed in the database."""
        copy = place / f"copy-{digest}"
        shutil.copytree(self.trial, copy)
        source = copy / "equipoise.json"
        source.write_text(source.read_text().replace(str(self.trial), str(copy)))
        text = canonical_json(results).decode()
        with sqlite3.connect(copy / "trial.sqlite") as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            update = "UPDATE look_result SET results = ? WHERE look = 'L3'"
            connection.execute(update, (text,))
            if digest:
                update = "UPDATE look_result SET results_sha256 = ? WHERE look = 'L3'"
                connection.execute(update, (sha256(text.encode()).hexdigest(),))
        connection.close()
        return copy

    @property
    def last(self) -> LookResults:
        return self.looks[-1]

    def _conduct(self) -> None:
        folder = ("--folder", str(self.trial))
        run("protocol", "lint", str(PROTOCOL))
        nobody = "http://127.0.0.1:9"
        arms = ("--standard-of-care-url", nobody, "--candidate-url", nobody)
        run("protocol", "register", str(PROTOCOL), *folder, *arms)
        before = 0
        for look, until in LOOKS.items():
            self._arrive(self.pairs[before:until], after=before)
            if look == "L3":
                self._late_batch()
            self.watched.append(asked("safety", "watch", "--once", *folder))
            run("look", "run", look, *folder, "--actor", "Ian")
            before = until
        run("report", "build", "L3", *folder, "--output", str(self.place / "report"))

    def _arrive(self, pairs: Sequence[PairRecord], *, after: int) -> None:
        """Pairs reach the store now: after registration, and after the lock of the look before."""
        waiting = {pair.pair_id for pair in self.late}
        now_us = time.time_ns() // 1000
        pairs = [replace(p, arrived_at_us=now_us + i) for i, p in enumerate(pairs)]
        known = [_unknown(pair) if pair.pair_id in waiting else pair for pair in pairs]
        store = open_store(load_settings(self.trial, {}).store_url)
        store_pairs(store, self.protocol, known, after=after)
        store.close()

    def _late_batch(self) -> None:
        """The registry sends what was open at the second look, as a file."""
        path = self.place / "late.csv"
        with path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["pair_id", "value", "ascertained_at"])
            for pair in self.late:
                lines.writerow([pair.pair_id, str(pair.outcome).lower(), "2026-03-01T08:00:00Z"])
        words = ("outcomes", "import", str(path), "--folder", str(self.trial))
        assert json.loads(run(*words, "--source", "registry", "--json"))["lines"] == len(self.late)


def _unknown(pair: PairRecord) -> PairRecord:
    return replace(pair, outcome=None, outcome_state=OutcomeState.MISSING)


def _words(page: Path) -> str:
    """What a reader meets: no tags, no style sheet, single blanks."""
    text = re.sub(r"<style.*?</style>", " ", page.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))

"""Looks against a real store: refusals on record, once only, verified from the lock."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from equipoise import cli
from evaluation.archive import to_bytes
from evaluation.conduct import conduct
from evaluation.design.spending import spent
from evaluation.errors import EvaluationError
from evaluation.look import run_look, show_look, verify_look
from gateway.store.capture import close_accrual
from gateway.store.engine import Store, open_store
from gateway.store.lock import lock, read_lock
from gateway.store.reads import locks, look_result, refusals
from gateway.store.records import PairRecord
from protocols.errors import RefusedError
from tests.support.example_protocol import example_protocol
from tests.support.simulator import MINUTE_US, START_US, Truth, lock_of, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

PROTOCOL = example_protocol()
TRIAL = PROTOCOL.protocol.id
SPENDING = PROTOCOL.monitoring.spending.family
LATER_US = START_US + 10_000 * MINUTE_US


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/trial.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, create=True)
    register_trial(opened, PROTOCOL)
    yield opened
    opened.close()


def _pairs(n: int, *, pending: int = 0) -> Sequence[PairRecord]:
    return simulate_pairs(PROTOCOL, Truth(n=n, pending=pending, candidate_separation=1.5))


def _refused(store: Store, look: str, *, at_us: int = LATER_US, trial: str = TRIAL) -> str:
    with pytest.raises(RefusedError) as caught:
        run_look(store, trial, look, actor="ben", at_us=at_us)
    newest = refusals(store, trial)[-1]
    assert (newest.code, newest.actor) == (caught.value.code, "ben")
    return caught.value.code


def test_a_trial_without_a_protocol_has_no_looks(store: Store) -> None:
    assert _refused(store, "L1", trial="another") == "NOT_REGISTERED"


def test_a_look_that_is_not_planned_is_refused(store: Store) -> None:
    assert _refused(store, "L9") == "LOOK_UNPLANNED"


def test_the_second_look_waits_for_the_first(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(620))
    assert _refused(store, "L2") == "LOOK_OUT_OF_ORDER"


def test_a_look_short_of_information_is_refused_and_locks_nothing(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(284))
    assert _refused(store, "L1") == "LOOK_EARLY"
    assert locks(store, TRIAL) == []


def test_the_tolerance_lets_an_interim_look_be_a_little_short(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(285))
    assert run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US).results.facts.look == "L1"


def test_a_look_is_conducted_once(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(300))
    found = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert _refused(store, "L1") == "LOOK_REPEATED"
    assert show_look(store, TRIAL, "L1") == found


def test_refusals_before_a_look_are_in_its_results(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(300))
    _refused(store, "L9")
    found = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US).results
    assert [r.code for r in found.refusals] == ["LOOK_UNPLANNED"]
    assert found.facts.looks_refused == 1


def test_the_last_look_has_no_tolerance_until_accrual_is_closed(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(599))
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert _refused(store, "L2") == "LOOK_EARLY"
    close_accrual(store, TRIAL, "the season is over", actor="ada", at_us=LATER_US)
    found = run_look(store, TRIAL, "L2", actor="ben", at_us=LATER_US).results
    assert found.facts.final
    assert found.facts.evaluable_pairs == 599
    assert len(found.hypotheses[0].boundaries) == 2


def test_a_trial_that_ends_before_its_first_look_still_has_a_last_one(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(200))
    assert _refused(store, "L1") == "LOOK_EARLY"
    close_accrual(store, TRIAL, "the season is over", actor="ada", at_us=LATER_US)
    assert _refused(store, "L2") == "LOOK_OUT_OF_ORDER"
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    found = run_look(store, TRIAL, "L2", actor="ben", at_us=LATER_US).results
    early, late = found.hypotheses[0].boundaries
    assert early.alpha_spent == pytest.approx(spent(SPENDING, 0.025, 1 / 3))
    assert late.alpha_spent == 0.025
    assert late.nominal_alpha == pytest.approx(0.025 - early.alpha_spent)


def test_a_short_look_waits_until_every_outcome_has_had_its_time(tmp_path: Path) -> None:
    outcome = PROTOCOL.outcome.model_copy(
        update={"maturity": "elapsed", "horizon_days": 30.0, "maturity_lag_days": 2.0}
    )
    protocol = PROTOCOL.model_copy(update={"outcome": outcome})
    opened = open_store(f"sqlite:///{tmp_path}/elapsed.sqlite", create=True)
    register_trial(opened, protocol)
    pairs = _pairs(200)
    store_pairs(opened, protocol, pairs)
    mature_us = pairs[-1].arrived_at_us + 32 * 86_400_000_000
    close_accrual(opened, TRIAL, "the season is over", actor="ada", at_us=pairs[-1].arrived_at_us)
    assert _refused(opened, "L1", at_us=mature_us - 1) == "OUTCOME_IMMATURE"
    assert run_look(opened, TRIAL, "L1", actor="ben", at_us=mature_us).results.facts.look == "L1"
    opened.close()


def test_the_last_look_waits_for_the_candidate_until_waiting_is_over(store: Store) -> None:
    pairs = _pairs(630, pending=5)
    store_pairs(store, PROTOCOL, pairs)
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert _refused(store, "L2") == "LOOK_NOT_READY"
    last_us = pairs[-1].arrived_at_us
    close_accrual(store, TRIAL, "the season is over", actor="ada", at_us=last_us)
    assert _refused(store, "L2", at_us=last_us + 1) == "LOOK_NOT_READY"
    found = run_look(store, TRIAL, "L2", actor="ben", at_us=LATER_US).results
    assert found.populations[0].n_pairs == 630


def test_the_last_look_waits_for_rows_on_their_way(store: Store) -> None:
    store_pairs(store, PROTOCOL, _pairs(620), in_flight=2)
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert _refused(store, "L2") == "LOOK_NOT_READY"


def test_outcomes_after_the_lock_change_nothing(store: Store) -> None:
    """A program that died after the lock finds the very same data."""
    store_pairs(store, PROTOCOL, _pairs(300))
    locked = lock(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    close_accrual(store, TRIAL, "later", actor="ada", at_us=LATER_US)
    found = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US + 1)
    assert found.results.digests.lock == locked.lock_id
    assert found.content == to_bytes(conduct(PROTOCOL, locked, []))


def test_simulated_and_stored_pairs_give_the_same_numbers(store: Store) -> None:
    pairs = _pairs(300)
    store_pairs(store, PROTOCOL, pairs)
    found = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US).results
    simulated = conduct(PROTOCOL, lock_of(PROTOCOL, pairs, look="L1"), [])
    assert [h.primary for h in found.hypotheses] == [
        h.primary for h in type(simulated).model_validate_json(to_bytes(simulated)).hypotheses
    ]


def test_a_look_is_verified_from_its_lock(store: Store, url: str, tmp_path: Path) -> None:
    store_pairs(store, PROTOCOL, _pairs(620))
    for look in ("L1", "L2"):
        run_look(store, TRIAL, look, actor="ben", at_us=LATER_US)
        assert verify_look(store, TRIAL, look).same
    row = look_result(store, TRIAL, "L2")
    assert row is not None
    assert read_lock(store, row.lock_id).facts.look == "L2"


def test_a_look_that_was_not_conducted_cannot_be_shown(store: Store) -> None:
    with pytest.raises(EvaluationError, match="has not been conducted"):
        show_look(store, TRIAL, "L1")


def test_results_that_were_tampered_with_are_found(store: Store, tmp_path: Path) -> None:
    store_pairs(store, PROTOCOL, _pairs(300))
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    with sqlite3.connect(tmp_path / "trial.sqlite") as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE look_result SET results = replace(results, '0.025', '0.05')")
    connection.close()
    with pytest.raises(EvaluationError, match="not the bytes that were saved") as damaged:
        verify_look(store, TRIAL, "L1")
    assert "hypotheses[H1].alpha: stored 0.05, again 0.025" in str(damaged.value)


class TestCommandLine:
    @pytest.fixture
    def folder(self, store: Store, url: str, tmp_path: Path) -> Path:
        store_pairs(store, PROTOCOL, _pairs(300))
        settings = {"trial": TRIAL, "store_url": url, "port": 8000}
        (tmp_path / "equipoise.json").write_text(json.dumps(settings))
        return tmp_path

    def test_run_show_and_verify_tell_the_same(self, folder: Path) -> None:
        run = CliRunner().invoke(cli, ["look", "run", "L1", "--folder", str(folder)])
        assert run.exit_code == 0, run.output
        assert run.output.splitlines()[0].startswith("The candidate is non-inferior")
        show = CliRunner().invoke(cli, ["look", "show", "L1", "--folder", str(folder)])
        assert show.output == run.output
        inferences = [line for line in show.output.splitlines() if line.startswith("H1  ")]
        for kind in ("naive", "repeated", "stagewise", "bias adjusted"):
            assert any(kind in line for line in inferences)
        assert [line.split()[1] for line in inferences if line.endswith("the claim")] == [
            "repeated"
        ]
        verify = CliRunner().invoke(cli, ["look", "verify", "L1", "--folder", str(folder)])
        assert (verify.exit_code, verify.output.split(":")[0]) == (0, "The same bytes")

    def test_json_is_the_stored_bytes(self, folder: Path, store: Store) -> None:
        arguments = ["--folder", str(folder), "--json"]
        run = CliRunner().invoke(cli, ["look", "run", "L1", "--actor", "ben", *arguments])
        row = look_result(store, TRIAL, "L1")
        assert row is not None
        assert run.output == row.results + "\n"
        assert row.actor == "ben"
        verify = CliRunner().invoke(cli, ["look", "verify", "L1", *arguments])
        assert json.loads(verify.output)["same"] is True

    def test_a_refusal_is_an_error_of_status_four(self, folder: Path) -> None:
        refused = CliRunner().invoke(cli, ["look", "run", "L2", "--folder", str(folder)])
        assert isinstance(refused.exception, RefusedError)
        assert refused.exception.exit_status == 4

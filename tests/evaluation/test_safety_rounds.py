"""The safety watch against real stores: an alarm once, through the command, in status and lock."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from equipoise import cli
from evaluation.cli import lines_of
from evaluation.look import run_look
from evaluation.safety_round import watch_round
from gateway.status import read_status
from gateway.store.engine import Store, open_store
from gateway.store.lock import lock
from gateway.store.reads import safety_alarms
from protocols.schema import Protocol
from tests.gateway.store.conftest import new_database, postgresql_url
from tests.support.between_looks import anytime_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import MINUTE_US, START_US, Truth, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

__all__ = ["postgresql_url"]

LATER_US = START_US + 10_000 * MINUTE_US


def _rules(document: Document) -> None:
    document["anytime_safety"] = [
        anytime_rule(limit=0.02),
        anytime_rule("sprt", id="KEPT", limit=0.3, action="stop", event="candidate.flag"),
        anytime_rule(id="OVER", event="candidate.flag", among="not outcome", limit=0.9),
    ]
    for rule in document["anytime_safety"]:
        if rule["id"] == "KEPT":
            rule["parameters"] = {"alternative": 0.99, "beta": 0.1, "most_units": 400}


PROTOCOL: Protocol = example_protocol(_rules)
TRIAL = PROTOCOL.protocol.id


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return new_database(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/trial.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, create=True)
    register_trial(opened, PROTOCOL)
    pairs = simulate_pairs(PROTOCOL, Truth(n=200, candidate_separation=0.3))
    for after in range(0, 200, 50):
        store_pairs(opened, PROTOCOL, pairs[after : after + 50], after=after)
    yield opened
    opened.close()


def _round(store: Store, at_us: int = LATER_US) -> tuple[str, ...]:
    return watch_round(store, TRIAL, actor="eve", at_us=at_us).raised


def test_a_rule_is_raised_once_whoever_looks_again(store: Store) -> None:
    assert "MISSES" in _round(store)
    first = safety_alarms(store, TRIAL)
    assert _round(store, LATER_US + 1) == ()
    assert [a.model_dump() for a in safety_alarms(store, TRIAL)] == [a.model_dump() for a in first]
    missed = next(a for a in first if a.rule == "MISSES")
    assert (missed.action, missed.severity, missed.actor) == ("pause", "serious", "eve")
    assert "Missed events:" in missed.detail
    assert "against the limit 0.02" in missed.detail


def test_the_moment_of_an_alarm_does_not_depend_on_when_the_watch_ran(store: Store) -> None:
    whole = watch_round(store, TRIAL, actor="eve", at_us=LATER_US).watch.rules[0]
    unit = whole.raised_by
    assert unit is not None
    early = watch_round(store, TRIAL, actor="eve", at_us=unit.entered_at_us).watch.rules[0]
    assert early.raised_by == unit
    assert len(early.units.cases) < len(whole.units.cases)


def test_before_the_outcomes_came_nothing_is_raised(store: Store) -> None:
    assert _round(store, START_US) == ()
    assert safety_alarms(store, TRIAL) == []


def test_the_status_shows_the_alarm_and_the_lock_of_the_next_look_holds_it(store: Store) -> None:
    _round(store)
    status = read_status(store, TRIAL, at_us=LATER_US, mirror=None)
    assert "pause" in {alarm.action for alarm in status.alarms}
    facts = lock(store, TRIAL, "L1", actor="ben", at_us=LATER_US).facts
    assert "MISSES" in {alarm["rule"] for alarm in facts.alarms}


def _command(tmp_path: Path, url: str, *arguments: str) -> Result:
    settings = {"trial": TRIAL, "store_url": url}
    (tmp_path / "equipoise.json").write_text(json.dumps(settings))
    words = ["safety", "watch", "--folder", str(tmp_path), "--once", *arguments]
    return CliRunner().invoke(cli, words)


@pytest.mark.usefixtures("store")
def test_the_command_says_what_was_raised_and_ends_with_one(tmp_path: Path, url: str) -> None:
    shown = _command(tmp_path, url)
    assert shown.exit_code == 1
    assert "MISSES asks to pause (serious)" in shown.output
    found = json.loads(_command(tmp_path, url, "--json").output)
    assert found["raised"] == []
    assert "MISSES" in [alarm["rule"] for alarm in found["alarms"]]
    over = next(rule for rule in found["rules"] if rule["id"] == "OVER")
    assert over["raised_after"] is None
    assert found["merged"]["rules"] == ["MISSES", "OVER"]
    assert found["fates"]["n"] == 200


def test_a_trial_without_rules_has_nothing_to_raise(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/quiet.sqlite"
    opened = open_store(url, create=True)
    register_trial(opened, example_protocol())
    opened.close()
    shown = _command(tmp_path, url)
    assert shown.exit_code == 0
    assert shown.output.startswith("No alarm.")


def test_a_look_lists_the_alarms_up_to_its_lock(store: Store) -> None:
    pairs = simulate_pairs(PROTOCOL, Truth(n=320, candidate_separation=0.3))
    store_pairs(store, PROTOCOL, pairs[200:], after=200)
    _round(store)
    look = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    found = look.results
    assert "MISSES asked to pause between looks: Missed" in "\n".join(lines_of(found, look.sha256))
    missed = next(alarm for alarm in found.alarms if alarm.rule == "MISSES")
    assert (missed.action, missed.severity) == ("pause", "serious")
    assert missed.entered_at.startswith("2026-01-01T")

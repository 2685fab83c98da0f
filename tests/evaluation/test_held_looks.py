"""Looks of a trial that a safety rule has paused or stopped: they run, and they say so."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.cli import lines_of
from evaluation.look import run_look, show_look, verify_look
from evaluation.safety_round import watch_round
from gateway.store.alarms import hold_of, raise_alarm, resume
from gateway.store.capture import close_accrual
from gateway.store.engine import Store, open_store
from gateway.store.reads import safety_alarms
from protocols.errors import RefusedError
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from tests.support.between_looks import an_alarm, anytime_group, anytime_rule, fate_mix_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import MINUTE_US, START_US, Truth, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

LATER_US = START_US + 10_000 * MINUTE_US


def _rules(document: Document) -> None:
    net = anytime_rule(id="NET", counterpart="not standard_of_care.flag", limit=0.01)
    document["anytime_safety"] = [anytime_rule(limit=0.02), net]
    document["anytime_groups"] = [anytime_group("MISSES", "NET", action="notify")]
    document["fate_mix"] = fate_mix_rule({"answered": 0.05, "other": 0.95})


PROTOCOL: Protocol = example_protocol(_rules)
TRIAL = PROTOCOL.protocol.id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/trial.sqlite", create=True)
    register_trial(opened, PROTOCOL)
    pairs = simulate_pairs(PROTOCOL, Truth(n=620, candidate_separation=0.3))
    pending = [
        replace(p, candidate=replace(p.candidate, fate=Fate.PENDING, score=None, flag=None))
        if place >= 600
        else p
        for place, p in enumerate(pairs)
    ]
    store_pairs(opened, PROTOCOL, pending)
    yield opened
    opened.close()


def _look(store: Store, look: str) -> str:
    found = run_look(store, TRIAL, look, actor="ben", at_us=LATER_US)
    assert verify_look(store, TRIAL, look).same
    return "\n".join([*lines_of(found.results, found.sha256), *found.results.limits])


def test_every_kind_of_rule_raises_its_alarm_through_the_store(store: Store) -> None:
    found = watch_round(store, TRIAL, actor="eve", at_us=LATER_US)
    assert set(found.raised) == {"MISSES", "NET", "ANY_HARM", "MIX"}
    details = {row.rule: row.detail for row in safety_alarms(store, TRIAL)}
    assert "with a mean excess of" in details["NET"]
    assert "MISSES, NET together" in details["ANY_HARM"]
    assert "are not the registered mix" in details["MIX"]
    assert hold_of(store, TRIAL).rules == ("MISSES", "NET")
    assert watch_round(store, TRIAL, actor="eve", at_us=LATER_US).raised == ()


def test_an_interim_look_runs_on_a_paused_trial_and_says_so(store: Store) -> None:
    assert raise_alarm(store, an_alarm(TRIAL, action="pause"))
    said = _look(store, "L1")
    assert "the trial is paused, and nobody has resumed it" in said
    assert "paused by MISSES" in said
    assert "20 pairs that wait for it count in no estimate" in said


def test_a_look_after_a_resumption_says_who_and_why(store: Store) -> None:
    assert raise_alarm(store, an_alarm(TRIAL, action="pause"))
    resume(store, TRIAL, "MISSES", by="Ada", reason="No harm.", actor="ada", at_us=START_US + 9)
    found = run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US).results
    (alarm,) = found.alarms
    assert (alarm.resumed_by, alarm.resumed_reason, alarm.holds) == ("Ada", "No harm.", False)
    assert not any("paused by" in sentence for sentence in found.limits)
    assert "SAFETY_PAUSED" in [deviation.code for deviation in found.deviations]


def test_the_last_look_of_a_paused_trial_waits_and_names_the_pause(store: Store) -> None:
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert raise_alarm(store, an_alarm(TRIAL, action="pause"))
    early = START_US + 620 * MINUTE_US
    with pytest.raises(RefusedError, match="MISSES has paused"):
        run_look(store, TRIAL, "L2", actor="ben", at_us=early)


def test_the_last_look_of_a_stopped_trial_waits_for_nobody_and_blames_nobody(
    store: Store,
) -> None:
    run_look(store, TRIAL, "L1", actor="ben", at_us=LATER_US)
    assert raise_alarm(store, an_alarm(TRIAL, action="stop"))
    close_accrual(store, TRIAL, "stopped for safety", actor="ben", at_us=LATER_US)
    said = _look(store, "L2")
    assert "stopped by MISSES" in said
    results = show_look(store, TRIAL, "L2").results
    primary = next(p for p in results.populations if p.role == "primary")
    assert primary.n_pairs == 600  # those whom nobody was asked about are left out

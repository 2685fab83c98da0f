"""Who resumes a pause and why is shown as it is, in a terminal too: it must be a plain line."""

import pytest

from gateway.store.alarms import LONGEST_NAME, LONGEST_REASON, hold_of, raise_alarm, resume
from gateway.store.engine import Store
from gateway.store.reads import refusals
from protocols.errors import RefusedError
from tests.gateway.store.ward import START_US, TRIAL
from tests.support.between_looks import an_alarm

HOSTILE = [
    "\x1b[2JAll is well",
    "fine\n  safety       nothing was raised",
    "fine\rbetter",
    "\u202edetrever",
    "broken \udcff",
    "\u200b",
]


def _resume(store: Store, rule: str = "MISSES", by: str = "Ada", reason: str = "Seen.") -> None:
    resume(store, TRIAL, rule, by=by, reason=reason, actor="ada", at_us=START_US)


@pytest.mark.parametrize("text", [*HOSTILE, "x" * (LONGEST_REASON + 1)])
@pytest.mark.parametrize("field", ["by", "reason"])
def test_words_that_are_no_plain_line_resume_nothing(store: Store, field: str, text: str) -> None:
    raise_alarm(store, an_alarm(TRIAL))
    with pytest.raises(RefusedError) as raised:
        _resume(store, **{field: text})
    assert raised.value.code == "REASON_UNREADABLE"
    assert [row.code for row in refusals(store, TRIAL)] == ["REASON_UNREADABLE"]
    assert hold_of(store, TRIAL).word == "paused"


def test_words_of_any_language_up_to_their_length_resume(store: Store) -> None:
    raise_alarm(store, an_alarm(TRIAL))
    _resume(store, by="Żółć 王" + "x" * (LONGEST_NAME - 6), reason="<b>é</b> " * 200)
    assert hold_of(store, TRIAL).word is None


@pytest.mark.parametrize("rule", [*HOSTILE, "S" * 100_000])
def test_a_refusal_repeats_no_hostile_name_of_a_rule(store: Store, rule: str) -> None:
    with pytest.raises(RefusedError) as raised:
        _resume(store, rule)
    assert raised.value.code == "ALARM_UNKNOWN"
    (refusal,) = refusals(store, TRIAL)
    assert refusal.detail.isprintable()
    assert len(refusal.detail) < 200

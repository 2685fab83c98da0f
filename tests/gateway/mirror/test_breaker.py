"""The breaker opens late, lets one asking through after a pause, and closes on the first reply."""

from gateway.mirror.breaker import Admission, Breaker, BreakerPlan


def _tripped(failures: int = 3) -> Breaker:
    breaker = Breaker(BreakerPlan(failures, pause_s=0.2, longest_pause_s=1.0))
    for number in range(failures):
        breaker.report(reachable=False, probe=False, asked_at_us=1000 + number, now_s=10.0)
    return breaker


def test_a_failure_now_and_then_does_not_open_it() -> None:
    breaker = Breaker(BreakerPlan(2, 0.2, 1.0))
    for reachable in (False, True, False, True):
        breaker.report(reachable=reachable, probe=False, asked_at_us=0, now_s=0.0)
    assert breaker.admit(0.0) is Admission.ASK


def test_failures_in_a_row_open_it_and_name_when_the_trouble_began() -> None:
    breaker = _tripped()
    assert breaker.admit(10.1) is Admission.REFUSE
    assert breaker.trouble_since_us == 1000


def test_one_probe_goes_after_the_pause_and_no_second_beside_it() -> None:
    breaker = _tripped()
    assert breaker.admit(10.25) is Admission.PROBE
    assert breaker.admit(10.25) is Admission.REFUSE


def test_pauses_double_up_to_the_longest() -> None:
    breaker, now_s, pauses = _tripped(), 10.0, []
    for _ in range(5):
        pause_s = breaker.wait_s(now_s)
        pauses.append(round(pause_s, 3))
        now_s += pause_s + 0.0001
        assert breaker.admit(now_s) is Admission.PROBE
        breaker.report(reachable=False, probe=True, asked_at_us=2000, now_s=now_s)
    assert pauses == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert breaker.is_stuck


def test_a_straggler_from_before_the_opening_does_not_count_as_the_probe() -> None:
    breaker = _tripped()
    assert breaker.admit(10.25) is Admission.PROBE
    breaker.report(reachable=False, probe=False, asked_at_us=999, now_s=10.26)
    assert breaker.admit(10.27) is Admission.REFUSE
    breaker.report(reachable=True, probe=True, asked_at_us=2000, now_s=10.3)
    assert breaker.admit(10.3) is Admission.ASK

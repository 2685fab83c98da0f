"""Safety between looks: rules as a protocol writes them, arrivals in their order, and an alarm."""

from collections.abc import Sequence
from typing import Any

from gateway.store.arrivals import Arrival
from gateway.store.records import PairRecord
from gateway.store.tables import SafetyAlarm
from protocols.vocabulary import ASKED, Fate
from tests.support.example_protocol import Document
from tests.support.simulator import START_US

FATES = tuple(fate.value for fate in ASKED)

PARAMETERS: dict[str, dict[str, float | tuple[float, ...]]] = {
    "betting": {},
    "empirical_bernstein": {},
    "normal_mixture": {"tightest_at": 100},
    "stitched": {"sharp_from": 20},
    "asymptotic": {"tightest_at": 150},
    "binomial_group_sequential": {"at_units": (60, 100, 150, 200), "spent": (0.25, 0.5, 0.75, 1)},
    "poisson_maxsprt": {"most_units": 200, "least_events": 2},
    "binomial_maxsprt": {"most_units": 200, "least_events": 2},
    "sprt": {"alternative": 0.4, "beta": 0.1, "most_units": 200},
}


def anytime_rule(method: str = "betting", **fields: object) -> Document:
    """Missed events, with the parameters that its method asks for."""
    return {
        "id": "MISSES",
        "title": "Missed events",
        "method": method,
        "event": "not candidate.flag",
        "counterpart": None,
        "endpoint": None,
        "among": "outcome",
        "unit": "pair",
        "order": "outcome_arrival",
        "alpha": 0.025,
        "limit": 0.2,
        "parameters": PARAMETERS[method],
        "burn_in": 0,
        "severity": "serious",
        "action": "pause",
    } | fields


def fate_mix_rule(shares: dict[str, float], **fields: object) -> Document:
    """A registered mix of what becomes of the askings."""
    return {
        "id": "MIX",
        "title": "Fates of the askings",
        "shares": shares,
        "weight": 100.0,
        "alpha": 0.01,
        "severity": "moderate",
        "action": "notify",
    } | fields


def anytime_group(*rules: str, **fields: object) -> Document:
    """These rules taken together by their average."""
    return {
        "id": "ANY_HARM",
        "title": "Some harm",
        "rules": rules,
        "merge": "average",
        "alpha": 0.02,
        "severity": "serious",
        "action": "stop",
    } | fields


def arrivals_of(pairs: Sequence[PairRecord], *, late: int = 0) -> list[Arrival]:
    """Each outcome an hour after its pair; every third of them `late` hours later."""
    hour = 3_600_000_000
    found = []
    for i, pair in enumerate(pairs):
        known = pair.outcome is not None and pair.candidate.fate is not Fate.PENDING
        at = pair.arrived_at_us + hour * (1 + late * (i % 3 == 0))
        asked = None if pair.candidate.fate is Fate.PENDING else pair.arrived_at_us
        found.append(Arrival(pair, asked, at if known else None))
    return found


def an_alarm(trial: str, rule: str = "MISSES", action: str = "pause", **fields: Any) -> SafetyAlarm:
    """An alarm as the watch stores it."""
    columns: dict[str, Any] = {
        "severity": "serious",
        "detail": "the e-value is 41 after 9 subjects",
        "pair_id": "pair-000001",
        "n_units": 9,
        "entered_at_us": START_US + 5,
        "raised_at_us": START_US + 7,
        "actor": "watch",
    }
    return SafetyAlarm(trial=trial, rule=rule, action=action, **(columns | fields))

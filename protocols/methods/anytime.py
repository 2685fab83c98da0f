"""What a protocol must write for a safety rule that is read after every outcome."""

from collections.abc import Mapping
from typing import Final

from protocols.methods.base import Parameter

_HORIZON = "the horizon: after this many units the rule no longer signals"
_LEAST_EVENTS = Parameter(
    "least_events", "integer", "the fewest events that can be a signal", low=1, high=1000
)

ANYTIME: Final[Mapping[str, tuple[Parameter, ...]]] = {
    "betting": (),
    "empirical_bernstein": (),
    "normal_mixture": (
        Parameter(
            "tightest_at",
            "integer",
            "the number of units at which the rule is sharpest",
            low=1,
            high=1_000_000,
        ),
    ),
    "poisson_maxsprt": (
        Parameter("most_units", "integer", _HORIZON, low=1, high=20_000),
        _LEAST_EVENTS,
    ),
    "binomial_maxsprt": (
        Parameter("most_units", "integer", _HORIZON, low=1, high=1000),
        _LEAST_EVENTS,
    ),
    "sprt": (
        Parameter(
            "alternative",
            "number",
            "the share that must not go unnoticed, above the limit",
            low=0,
            high=1,
        ),
        Parameter("beta", "number", "chance of missing that share", low=0, high=1),
        Parameter("most_units", "integer", _HORIZON, low=1, high=100_000),
    ),
}
"""Word of `anytime_safety[].method` to its parameters."""

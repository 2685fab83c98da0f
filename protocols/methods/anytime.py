"""What a protocol must write for a safety rule that is read after every outcome."""

from collections.abc import Mapping
from typing import Final

from protocols.methods.base import Parameter

BY_LOOKS: Final = "binomial_group_sequential"
"""The method that is read at registered numbers of units alone."""

_HORIZON = "the horizon: after this many units the rule no longer signals"
_LEAST_EVENTS = Parameter(
    "least_events", "integer", "the fewest events that can be a signal", low=1, high=1000
)
_TIGHTEST_AT = Parameter(
    "tightest_at",
    "integer",
    "the number of units at which the rule is sharpest",
    low=1,
    high=1_000_000,
)

ANYTIME: Final[Mapping[str, tuple[Parameter, ...]]] = {
    "betting": (),
    "empirical_bernstein": (),
    "normal_mixture": (_TIGHTEST_AT,),
    "stitched": (
        Parameter(
            "sharp_from",
            "integer",
            "the number of units from which the boundary is sharp",
            low=1,
            high=1_000_000,
        ),
    ),
    "asymptotic": (_TIGHTEST_AT,),
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
    "binomial_group_sequential": (
        Parameter(
            "at_units",
            "numbers",
            "the numbers of units at which it is read, increasing",
            low=1,
            high=5000,
        ),
        Parameter(
            "spent",
            "numbers",
            "share of alpha that may be used by each of them, the last one 1",
            low=0,
            high=1,
        ),
    ),
}
"""Word of `anytime_safety[].method` to its parameters."""

COUNTING: Final = frozenset({"poisson_maxsprt", "binomial_maxsprt", "sprt", BY_LOOKS})
"""Methods that count events: no paired loss, one pair of each subject; means are no counts."""

E_PROCESSES: Final = frozenset({"betting", "empirical_bernstein", "normal_mixture", "asymptotic"})
"""Methods whose statistic is an e-value, which alone can be merged with others."""

UNBOUNDED: Final = "asymptotic"
"""The method for losses without bounds."""

LEAST_BURN_IN: Final = 100
"""Units before which an asymptotic rule must not signal."""

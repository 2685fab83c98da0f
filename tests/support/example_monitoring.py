"""The looks of the example protocol: two, by evaluable pairs, O'Brien-Fleming-like."""

from typing import Any


def example_monitoring() -> dict[str, Any]:
    """A fresh section that a test may change."""
    return {
        "looks": [{"id": "L1", "information": 0.5}, {"id": "L2", "information": 1.0}],
        "clock": "evaluable_pairs",
        "clock_maximum": {},
        "clock_start": None,
        "tolerance": 0.05,
        "spending": {
            "family": "lan_demets_obrien_fleming",
            "parameter": None,
            "points": [],
            "start": None,
        },
        "final_look": "full_alpha",
        "unplanned_looks": "forbidden",
        "skipped_looks": "forbidden",
        "claim_interval": "repeated",
        "late_outcomes": "repeated",
    }

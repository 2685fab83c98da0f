"""Rules on clocks, the registered claim and late outcomes: their edges, and what is clean."""

import pytest

from protocols.findings import Code
from protocols.summary import summary_lines, summary_of
from tests.protocols.documents import Edit, findings_of
from tests.protocols.sequential_edits import BETA, futility, twice
from tests.support.example_protocol import Document, example_protocol

MAXIMUM, START = "monitoring.clock_maximum", "monitoring.clock_start"


def _clock(word: str, maximum: str = "{}", start: str = "null") -> tuple[Edit, ...]:
    return (
        ("clock: evaluable_pairs", f"clock: {word}"),
        ("clock_maximum: {}", f"clock_maximum: {maximum}"),
        ("clock_start: null", f"clock_start: {start}"),
    )


def _faults(*edits: Edit) -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in findings_of(*edits)]


@pytest.mark.parametrize(
    "edits",
    [
        _clock("information", "{H1: 1250, H2: 900.5}"),
        _clock("events", "{events: 150}"),
        _clock("calendar", "{days: 365}", "'2026-02-28'"),
        (("claim_interval: repeated", "claim_interval: likelihood_ratio_order"),),
        (("late_outcomes: repeated", "late_outcomes: deletion"),),
        (futility(**BETA),),
        (twice(),),
    ],
)
def test_what_hangs_together_is_clean(edits: tuple[Edit, ...]) -> None:
    assert _faults(*edits) == []


@pytest.mark.parametrize(
    ("edits", "fault"),
    [
        (_clock("information", "{H1: 1250}"), (Code.CLOCK_MAXIMUM, MAXIMUM)),
        (
            _clock("information", "{H1: 1, H2: 1, H9: 1}"),
            (Code.CLOCK_MAXIMUM, f"{MAXIMUM}.H9"),
        ),
        (_clock("evaluable_pairs", "{events: 9}"), (Code.CLOCK_MAXIMUM, f"{MAXIMUM}.events")),
        (_clock("events", "{events: 0}"), (Code.OUT_OF_RANGE, f"{MAXIMUM}.events")),
        (_clock("calendar", "{days: 365}", "'2026-02-30'"), (Code.CLOCK_START, START)),
        (_clock("calendar", "{days: 365}", "soon"), (Code.BAD_PATTERN, START)),
        (_clock("events", "{events: 150}", "'2026-02-28'"), (Code.CLOCK_START, START)),
        (
            (
                ("claim_interval: repeated", "claim_interval: estimate_order"),
                ("unplanned_looks: forbidden", "unplanned_looks: allowed"),
            ),
            (Code.CLAIM_ORDER, "monitoring.claim_interval"),
        ),
    ],
)
def test_what_does_not_is_refused_in_its_place(
    edits: tuple[Edit, ...], fault: tuple[str, str]
) -> None:
    assert _faults(*edits) == [fault]


def test_a_stage_wise_claim_does_not_mind_looks_that_were_not_planned() -> None:
    assert not _faults(
        ("claim_interval: repeated", "claim_interval: stagewise"),
        ("unplanned_looks: forbidden", "unplanned_looks: allowed"),
    )


def test_the_summary_says_the_clock_with_its_maximum() -> None:
    def edit(document: Document) -> None:
        document["monitoring"] |= {
            "clock": "calendar",
            "clock_maximum": {"days": 365},
            "clock_start": "2026-02-01",
            "claim_interval": "estimate_order",
            "late_outcomes": "deletion",
        }

    said = " ".join(" ".join(summary_lines(summary_of(example_protocol(edit)))).split())
    assert "as a share of the registered duration (days 365, from 2026-02-01)." in said
    assert "Interval of a claim: order of the estimates, which depends on later looks." in said
    assert "as if the look that stopped had not been" in said

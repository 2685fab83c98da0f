"""Hand-made hypotheses of a look with a difference, a ratio and an equivalence."""

from evaluation.results import HypothesisResult, PairedTable
from protocols.vocabulary import Verdict
from tests.reports.example_builders import hypothesis_of, made, missing_of
from tests.reports.example_hypotheses import final_hypotheses


def wide_hypotheses() -> tuple[HypothesisResult, ...]:
    """A difference, a ratio and an equivalence beside each other."""
    n, events = 3734, 1295
    return (
        final_hypotheses()[0],
        hypothesis_of(
            4,
            Verdict.NON_INFERIOR,
            "H5: the candidate takes no more than a tenth more time at the screen.",
            made(
                "FAS",
                "clustered_ratio",
                (0.974, 0.931, 1.019),
                n=n,
                events=0,
                arms=(12.41, 12.087),
                z=5.28,
                p=6e-8,
                spread=0.512,
            ),
            supporting=(
                made(
                    "PP",
                    "clustered_ratio",
                    (0.981, 0.936, 1.0279),
                    n=3702,
                    events=0,
                    arms=(12.41, 12.174),
                    z=4.77,
                    p=9e-7,
                    spread=0.512,
                ),
            ),
            observed=(3.1, 5.28),
            missing=missing_of(None, "there is no worst case of this measure"),
        ),
        hypothesis_of(
            5,
            Verdict.EQUIVALENT,
            "H6: the candidate is equivalent to the standard of care in right flags.",
            made(
                "FAS",
                "tango_score",
                (0.0054, -0.0104, 0.0212),
                n=n,
                events=events,
                arms=(0.708, 0.7134),
                table=PairedTable(n11=2385, n10=279, n01=259, n00=811),
                z=4.29,
                p=0.000009,
            ),
            observed=(2.99, 4.29),
            missing=missing_of(True),
        ),
    )

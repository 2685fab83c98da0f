"""Hand-made hypotheses of three looks: the hard day, the open question, the good day."""

from evaluation.results import HypothesisResult, PairedTable
from protocols.vocabulary import Verdict
from tests.reports.example_builders import hypothesis_of, made, missing_of


def final_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 3734, 1295
    return (
        hypothesis_of(
            0,
            Verdict.NON_INFERIOR,
            "H1: the candidate ranks patients non-inferiorly to the standard of care.",
            made(
                "FAS",
                "delong",
                (-0.0115, -0.0275, 0.0046),
                n=n,
                events=events,
                arms=(0.8102, 0.7987),
                z=2.26,
                p=0.0119,
            ),
            supporting=(
                made(
                    "PP",
                    "delong",
                    (-0.0092, -0.0251, 0.0067),
                    n=3702,
                    events=1281,
                    arms=(0.8102, 0.8010),
                    z=2.57,
                    p=0.0051,
                ),
            ),
            observed=(1.12, 2.26),
            missing=missing_of(False),
        ),
        hypothesis_of(
            1,
            Verdict.INFERIOR,
            "H2: the candidate is inferior to the standard of care in foreseeing deaths.",
            made(
                "FAS",
                "tango_score",
                (-0.2100, -0.2410, -0.1790),
                n=n,
                events=events,
                arms=(0.632, 0.422),
                table=PairedTable(n11=440, n10=106, n01=378, n00=371),
                z=-10.2,
                p=0.99999,
            ),
            supporting=(
                made(
                    "PP",
                    "tango_score",
                    (-0.2012, -0.2330, -0.1702),
                    n=3702,
                    events=1281,
                    arms=(0.632, 0.431),
                    table=PairedTable(n11=446, n10=106, n01=363, n00=366),
                    z=-9.6,
                    p=0.99998,
                ),
            ),
            sensitivity=(
                made(
                    "FAS",
                    "mcnemar_exact",
                    (-0.2100, -0.2410, -0.1790),
                    n=n,
                    events=events,
                    p=0.99999,
                ),
            ),
            observed=(-6.9, -10.2),
            missing=missing_of(True),
        ),
        hypothesis_of(
            2,
            Verdict.NOT_TESTED,
            "H3: not tested, because H2 did not pass before it.",
            made(
                "FAS",
                "tango_score",
                (0.1070, 0.0899, 0.1242),
                n=n,
                events=events,
                arms=(0.748, 0.855),
                table=PairedTable(n11=1699, n10=386, n01=125, n00=229),
            ),
            observed=(8.1, 11.5),
            missing=missing_of(True),
            reason="H2 stands before H3 in the registered order and did not pass",
        ),
        hypothesis_of(
            3,
            Verdict.NOT_EVALUABLE,
            "H4: not evaluable.",
            made("FAS", "delong", "only one event among 214 readmitted patients", n=214, events=1),
            missing=missing_of(None, "the difference itself is not evaluable"),
            reason="only one event among 214 readmitted patients",
        ),
    )


def interim_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 1862, 641
    return (
        hypothesis_of(
            0,
            Verdict.NOT_SHOWN,
            "H1: non-inferiority in ranking is not shown at this look (inconclusive).",
            made(
                "FAS",
                "delong",
                (-0.0121, -0.0466, 0.0224),
                n=n,
                events=events,
                arms=(0.8093, 0.7972),
                z=1.12,
                p=0.131,
            ),
            supporting=(
                made(
                    "PP",
                    "delong",
                    (-0.0098, -0.0440, 0.0244),
                    n=1849,
                    events=636,
                    arms=(0.8093, 0.7995),
                    z=1.27,
                    p=0.102,
                ),
            ),
            observed=(1.12,),
            missing=missing_of(False),
        ),
        hypothesis_of(
            1,
            Verdict.NOT_ROBUST,
            "H2: not robust, because the analysis populations disagree.",
            made(
                "FAS",
                "tango_score",
                (-0.0104, -0.0499, 0.0291),
                n=n,
                events=events,
                arms=(0.632, 0.622),
                table=PairedTable(n11=340, n10=59, n01=65, n00=177),
                z=2.97,
                p=0.0015,
            ),
            supporting=(
                made(
                    "PP",
                    "tango_score",
                    (-0.0161, -0.0560, 0.0238),
                    n=1849,
                    events=636,
                    arms=(0.632, 0.616),
                    z=2.54,
                    p=0.0055,
                ),
            ),
            observed=(2.97,),
            missing=missing_of(None, "the populations disagree"),
        ),
    )


def good_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 3734, 1295
    return (
        final_hypotheses()[0],
        hypothesis_of(
            1,
            Verdict.NON_INFERIOR_BUT_WORSE,
            "H2: the candidate is non-inferior, but worse within the margin.",
            made(
                "FAS",
                "tango_score",
                (-0.0200, -0.0352, -0.0049),
                n=n,
                events=events,
                arms=(0.632, 0.612),
                table=PairedTable(n11=731, n10=62, n01=88, n00=414),
                z=3.9,
                p=0.00005,
            ),
            observed=(2.7, 3.9),
            missing=missing_of(True),
        ),
        hypothesis_of(
            2,
            Verdict.SUPERIOR,
            "H3: the candidate leaves more survivors without an alert.",
            made(
                "FAS",
                "tango_score",
                (0.1070, 0.0899, 0.1242),
                n=n,
                events=events,
                arms=(0.748, 0.855),
                table=PairedTable(n11=1699, n10=386, n01=125, n00=229),
                z=11.5,
                p=1e-12,
            ),
            observed=(8.1, 11.5),
            missing=missing_of(True),
        ),
    )

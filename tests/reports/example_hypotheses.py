"""Hand-made hypotheses of three looks: the hard day, the open question, the good day."""

from evaluation.results import (
    ArmValue,
    Boundary,
    HypothesisResult,
    Interval,
    MissingBounds,
    PairedTable,
    TestResult,
)
from protocols.vocabulary import Direction, Framework, Role, Verdict
from tests.reports.example_protocol import (
    BASES,
    ENDPOINTS,
    HYPOTHESES,
)

Numbers = tuple[float, float, float]  # estimate, low, high


METHODS = {
    "delong": (
        "Difference of paired areas under the ROC curve with DeLong's variance.",
        "DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837.",
    ),
    "tango_score": (
        "Score test and interval for the difference of paired proportions.",
        "Tango 1998, Statistics in Medicine 17:891.",
    ),
    "mcnemar_exact": (
        "Exact conditional test on the discordant pairs.",
        "McNemar 1947, Psychometrika 12:153.",
    ),
}


def _test(
    population: str,
    test: str,
    effect: Numbers | str,
    *,
    n: int,
    events: int,
    arms: tuple[float, float] | None = None,
    table: PairedTable | None = None,
    z: float | None = None,
    p: float | None = None,
) -> TestResult:
    method, citation = METHODS[test]
    estimate, low, high = (None, None, None) if isinstance(effect, str) else effect
    intervals = (
        ()
        if low is None or high is None
        else (
            Interval(low=low, high=high, level=0.9506, kind="repeated"),
            Interval(low=low * 0.99, high=high * 0.99, level=0.95, kind="naive"),
        )
    )
    values = (
        [None, None]
        if arms is None
        else [ArmValue(value=v, low=v - 0.015, high=v + 0.015) for v in arms]
    )
    return TestResult(
        population=population,
        test=test,
        method=method,
        citation=citation,
        n_pairs=n,
        n_subjects=n,
        n_events=events,
        estimate=estimate,
        standard_error=None if low is None or high is None else (high - low) / 3.93,
        statistic=z,
        df=None,
        p_value=p,
        information=None,
        intervals=intervals,
        standard_of_care=values[0],
        candidate=values[1],
        table=table,
        warnings=(),
        not_evaluable=effect if isinstance(effect, str) else None,
    )


def _boundaries(observed: tuple[float | None, ...]) -> tuple[Boundary, ...]:
    plan = ((1, 0.5, 0.503, 0.00153, 0.00153, 2.963), (2, 1.0, 1.009, 0.025, 0.02448, 1.969))
    return tuple(
        Boundary(
            look=f"L{number}",
            number=number,
            planned_information=planned,
            information_fraction=actual,
            statistical_information=None,
            alpha_spent=spent,
            nominal_alpha=nominal,
            z=z,
            statistic=statistic,
            crossed=None if statistic is None else statistic >= z,
        )
        for (number, planned, actual, spent, nominal, z), statistic in zip(
            plan, observed, strict=False
        )
    )


def _missing(survives: bool | None, reason: str | None = None) -> MissingBounds:
    known = survives is not None
    return MissingBounds(
        n_unascertained=118,
        n_unresolved_discordant=31 if known else None,
        worst_estimate=-0.0266 if known else None,
        worst_low=-0.0412 if known else None,
        best_estimate=0.0031 if known else None,
        best_high=0.0182 if known else None,
        verdict_survives_worst_case=survives,
        method="Every unascertained outcome is set against the candidate, then in its favour.",
        reason=reason,
    )


def _hypothesis(
    place: int,
    verdict: Verdict,
    sentence: str,
    primary: TestResult,
    *,
    supporting: tuple[TestResult, ...] = (),
    sensitivity: tuple[TestResult, ...] = (),
    observed: tuple[float | None, ...] = (),
    missing: MissingBounds,
    reason: str | None = None,
) -> HypothesisResult:
    code, endpoint, framework, margin, _ = HYPOTHESES[place]
    _, title, role, measure = ENDPOINTS[place]
    limit = "0" if margin is None else f"−{margin}"
    return HypothesisResult(
        id=code,
        endpoint=endpoint,
        endpoint_title=title,
        role=Role(role),
        measure=measure,
        direction=Direction.HIGHER_IS_BETTER,
        framework=Framework(framework),
        margin=margin,
        margin_clinical_basis=BASES.get(code),
        alpha=0.025,
        null_hypothesis=f"candidate − standard of care ≤ {limit}",
        alternative=f"candidate − standard of care > {limit}",
        verdict=verdict,
        verdict_sentence=sentence,
        shown=verdict in (Verdict.SUPERIOR, Verdict.NON_INFERIOR, Verdict.NON_INFERIOR_BUT_WORSE),
        claimed=verdict in (Verdict.SUPERIOR, Verdict.NON_INFERIOR, Verdict.NON_INFERIOR_BUT_WORSE),
        primary=primary,
        supporting=supporting,
        sensitivity=sensitivity,
        boundaries=_boundaries(observed),
        missing=missing,
        reason=reason,
    )


def final_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 3734, 1295
    return (
        _hypothesis(
            0,
            Verdict.NON_INFERIOR,
            "H1: the candidate ranks patients non-inferiorly to the standard of care.",
            _test(
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
                _test(
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
            missing=_missing(False),
        ),
        _hypothesis(
            1,
            Verdict.INFERIOR,
            "H2: the candidate is inferior to the standard of care in foreseeing deaths.",
            _test(
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
                _test(
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
                _test(
                    "FAS",
                    "mcnemar_exact",
                    (-0.2100, -0.2410, -0.1790),
                    n=n,
                    events=events,
                    p=0.99999,
                ),
            ),
            observed=(-6.9, -10.2),
            missing=_missing(True),
        ),
        _hypothesis(
            2,
            Verdict.NOT_TESTED,
            "H3: not tested, because H2 did not pass before it.",
            _test(
                "FAS",
                "tango_score",
                (0.1070, 0.0899, 0.1242),
                n=n,
                events=events,
                arms=(0.748, 0.855),
                table=PairedTable(n11=1699, n10=386, n01=125, n00=229),
            ),
            observed=(8.1, 11.5),
            missing=_missing(True),
            reason="H2 stands before H3 in the registered order and did not pass",
        ),
        _hypothesis(
            3,
            Verdict.NOT_EVALUABLE,
            "H4: not evaluable.",
            _test("FAS", "delong", "only one event among 214 readmitted patients", n=214, events=1),
            missing=_missing(None, "the difference itself is not evaluable"),
            reason="only one event among 214 readmitted patients",
        ),
    )


def interim_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 1862, 641
    return (
        _hypothesis(
            0,
            Verdict.NOT_SHOWN,
            "H1: non-inferiority in ranking is not shown at this look (inconclusive).",
            _test(
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
                _test(
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
            missing=_missing(False),
        ),
        _hypothesis(
            1,
            Verdict.NOT_ROBUST,
            "H2: not robust, because the analysis populations disagree.",
            _test(
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
                _test(
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
            missing=_missing(None, "the populations disagree"),
        ),
    )


def good_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 3734, 1295
    return (
        final_hypotheses()[0],
        _hypothesis(
            1,
            Verdict.NON_INFERIOR_BUT_WORSE,
            "H2: the candidate is non-inferior, but worse within the margin.",
            _test(
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
            missing=_missing(True),
        ),
        _hypothesis(
            2,
            Verdict.SUPERIOR,
            "H3: the candidate leaves more survivors without an alert.",
            _test(
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
            missing=_missing(True),
        ),
    )

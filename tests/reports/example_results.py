"""Hand-made results of looks, rich enough to show every kind of bad news.

`final_results` is the hard day: one endpoint passed, one inferior, one superior, one not
evaluable, a safety limit exceeded, suppressed cells, major deviations, refusals. `interim_results`
is inconclusive and not robust. `good_results` passed everything.
"""

import json

from evaluation.results import (
    ArmCalibration,
    ArmOperations,
    ArmValue,
    Boundary,
    CompletenessResult,
    CurvePoint,
    DeviationCount,
    Digests,
    FlowStep,
    HypothesisResult,
    Interval,
    LookFacts,
    LookResults,
    MissingBounds,
    MissingPattern,
    NaturalFrequencies,
    PairedTable,
    PopulationCount,
    Recommendation,
    RefusalEntry,
    RocCurve,
    SafetyResult,
    SubgroupCell,
    SubgroupResult,
    TestResult,
)
from protocols.canonical import digest_of
from protocols.schema import Protocol
from protocols.vocabulary import Direction, Framework, Role, SafetyVerdict, Verdict
from tests.reports.example_protocol import (
    BASES,
    CANDIDATE_DIGEST,
    ENDPOINTS,
    HYPOTHESES,
    SOC_DIGEST,
    example_protocol,
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
        primary=primary,
        supporting=supporting,
        sensitivity=sensitivity,
        boundaries=_boundaries(observed),
        missing=missing,
        reason=reason,
    )


def _final_hypotheses() -> tuple[HypothesisResult, ...]:
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


def _interim_hypotheses() -> tuple[HypothesisResult, ...]:
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


def _good_hypotheses() -> tuple[HypothesisResult, ...]:
    n, events = 3734, 1295
    return (
        _final_hypotheses()[0],
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


def _safety(*, exceeded: bool) -> tuple[SafetyResult, ...]:
    events, among = (378, 1295) if exceeded else (88, 1295)
    low, high = (0.2673, 0.3175) if exceeded else (0.0549, 0.0830)
    verdict = SafetyVerdict.LIMIT_EXCEEDED if exceeded else SafetyVerdict.WITHIN_LIMIT
    return (
        SafetyResult(
            id="missed_death",
            title="Deaths that only the physician foresaw",
            severity="life_threatening",
            action="stop",
            n_events=events,
            n_among=among,
            share=events / among,
            low=low,
            high=high,
            confidence=0.975,
            limit=0.15,
            limit_basis="Set by the safety board from the last three years.",
            verdict=verdict,
            sentence=f"Among {among:,} deaths, {events} were foreseen by the physician only.",
            net_discordant=PairedTable(n11=440, n10=106, n01=events, n00=1295 - 546 - events),
            reason=None,
        ),
        SafetyResult(
            id="silent_shock",
            title="Shock without any alert",
            severity="serious",
            action="pause",
            n_events=0,
            n_among=412,
            share=0.0,
            low=0.0,
            high=0.0089,
            confidence=0.975,
            limit=0.01,
            limit_basis="As on the neighbouring ward.",
            verdict=SafetyVerdict.WITHIN_LIMIT,
            sentence="No event among 412 encounters with shock.",
            net_discordant=None,
            reason=None,
        ),
    )


def _cell(level: str, title: str, numbers: Numbers, n: int, events: int) -> SubgroupCell:
    return SubgroupCell(
        level=level,
        title=title,
        n_pairs=n,
        n_events=events,
        estimate=numbers[0],
        low=numbers[1],
        high=numbers[2],
        suppressed=False,
        reason=None,
    )


def _suppressed(level: str, title: str) -> SubgroupCell:
    return SubgroupCell(
        level=level,
        title=title,
        n_pairs=None,
        n_events=None,
        estimate=None,
        low=None,
        high=None,
        suppressed=True,
        reason="fewer pairs than the registered minimum cell",
    )


def _subgroups() -> tuple[SubgroupResult, ...]:
    auc = {"endpoint": "AUC", "endpoint_title": ENDPOINTS[0][1]}
    return (
        SubgroupResult(
            id="sex",
            title="Sex",
            **auc,
            cells=(
                _cell("f", "Women", (-0.0090, -0.0330, 0.0150), 1630, 560),
                _cell("m", "Men", (-0.0140, -0.0360, 0.0080), 2104, 735),
            ),
        ),
        SubgroupResult(
            id="diagnosis",
            title="Diagnosis at admission",
            **auc,
            cells=(
                _cell(
                    "resp",
                    "Acute respiratory failure or sepsis",
                    (-0.0188, -0.041, 0.0034),
                    2310,
                    861,
                ),
                _cell("cancer", "Lung cancer", (0.0120, -0.0440, 0.0680), 402, 228),
                _suppressed("coma", "Coma"),
                _suppressed("other", "Other"),
            ),
        ),
    )


def _flow(accepted: int, evaluable: int) -> tuple[FlowStep, ...]:
    minors, repeats, soc, outcome = 41, 63, 827, 118
    eligible = accepted - minors - repeats
    scored = eligible - soc
    assert scored - outcome - evaluable >= 0
    lost = scored - outcome - evaluable
    return (
        FlowStep(
            id="accepted",
            title="Requests accepted and recorded",
            n=accepted,
            excluded=(
                ("not adult", minors),
                ("a required input is missing", 0),
                ("repeated request of the same encounter", repeats),
            ),
        ),
        FlowStep(
            id="eligible",
            title="Eligible encounters",
            n=eligible,
            excluded=(("not sampled for mirroring", 0), ("standard of care gave no estimate", soc)),
        ),
        FlowStep(
            id="scored",
            title="Answered by the standard of care",
            n=scored,
            excluded=(
                ("outcome not ascertained at the lock", outcome),
                ("contradicting outcome reports", lost),
            ),
        ),
        FlowStep(
            id="FAS",
            title="Full analysis set, evaluable",
            n=evaluable,
            excluded=(
                ("candidate timed out", 21),
                ("candidate failed", 11),
                ("candidate answered late", 0),
            ),
        ),
        FlowStep(id="PP", title="Per-protocol set, evaluable", n=evaluable - 32, excluded=()),
    )


def _curve(arm: str, auc: float, operating: tuple[float, float]) -> RocCurve:
    power = 1 / auc - 1
    points = tuple(CurvePoint(x=i / 60, y=(i / 60) ** power) for i in range(61))
    return RocCurve(
        arm=arm,
        auc=auc,
        points=points,
        operating_false_positive_share=operating[0],
        operating_true_positive_share=operating[1],
    )


def _operations(accepted: int) -> tuple[ArmOperations, ...]:
    common = {"ineligible": 41, "duplicate": 63}
    soc = {**common, "answered": accepted - 104 - 827, "failed": 3, "invalid": 824}
    candidate = {**common, "answered": accepted - 104 - 41, "timed_out": 27, "failed": 14}
    return (
        ArmOperations(
            arm="standard_of_care",
            name="physician-estimate",
            version="2.4.0",
            digest=SOC_DIGEST,
            fates=soc,
            p50_ms=3.42,
            p99_ms=18.9,
            max_ms=211.0,
            lag_p50_ms=None,
            lag_p99_ms=None,
        ),
        ArmOperations(
            arm="candidate",
            name="survival-model",
            version="3.1.0",
            digest=CANDIDATE_DIGEST,
            fates=candidate,
            p50_ms=41.2,
            p99_ms=390.5,
            max_ms=1000.0,
            lag_p50_ms=52.0,
            lag_p99_ms=1840.0,
        ),
    )


def _facts(*, final: bool) -> LookFacts:
    evaluable = 3734 if final else 1862
    return LookFacts(
        trial="sixty-day-mortality",
        title="Survival model beside physicians' own estimates of 60-day mortality",
        acronym="SHADOW-60",
        protocol_version="1.2.0",
        protocol_date="2026-01-12",
        look="L2" if final else "L1",
        look_number=2 if final else 1,
        looks_planned=2,
        final=final,
        status="FINAL" if final else "INTERIM",
        retrospective=not final,
        locked_at="2026-11-18T09:30:00Z" if final else "2026-06-02T07:05:00Z",
        information_fraction=evaluable / 3700,
        evaluable_pairs=evaluable,
        planned_pairs=3700,
        looks_made=2 if final else 1,
        looks_refused=1,
    )


def _deviations() -> tuple[DeviationCount, ...]:
    return (
        DeviationCount(
            code="CANDIDATE_IDENTITY_MISMATCH",
            severity="major",
            n=2,
            detail="The candidate declared version 3.1.1 instead of 3.1.0.",
        ),
        DeviationCount(
            code="SEQUENCE_GAP",
            severity="major",
            n=1,
            detail="One accepted number is missing from epoch 3.",
        ),
        DeviationCount(
            code="CAPTURE_GAP",
            severity="minor",
            n=4,
            detail="Served before the journal had confirmed.",
        ),
    )


def _populations(evaluable: int, events: int) -> tuple[PopulationCount, ...]:
    return (
        PopulationCount(
            id="FAS",
            title="Full analysis set",
            role="primary",
            n_pairs=evaluable + 118,
            definition="Every eligible mirrored encounter with a physician's estimate.",
            n_evaluable=evaluable,
            n_events=events,
            n_subjects=evaluable,
        ),
        PopulationCount(
            id="PP",
            title="Per-protocol set",
            role="supporting",
            definition="Encounters that both arms answered in time.",
            n_pairs=evaluable + 80,
            n_evaluable=evaluable - 32,
            n_events=events - 14,
            n_subjects=evaluable - 32,
        ),
    )


def _results(
    *,
    final: bool,
    headline: str,
    hypotheses: tuple[HypothesisResult, ...],
    exceeded: bool,
    recommendation: tuple[str, str, str],
    deviations: tuple[DeviationCount, ...],
) -> LookResults:
    evaluable, events = (3734, 1295) if final else (1862, 641)
    accepted = evaluable + 118 + 6 + 827 + 104
    rule, word, sentence = recommendation
    return LookResults(
        schema_version="1.0",
        engine_version="0.1.0",
        facts=_facts(final=final),
        digests=Digests(
            protocol=digest_of(Protocol.model_validate_json(json.dumps(example_protocol()))),
            lock="sha256:" + "5e" * 32,
        ),
        headline=headline,
        hypotheses=hypotheses,
        safety=_safety(exceeded=exceeded),
        recommendation=Recommendation(
            rule=rule,
            recommendation=word,
            sentence=sentence,
            decided_by=("Medical Director", "Data and Safety Monitoring Board"),
        ),
        frequencies=(
            NaturalFrequencies(
                endpoint="SENS",
                per=1000,
                standard_of_care_missed=127.6,
                candidate_missed=200.4 if exceeded else 134.6,
                standard_of_care_flagged=383.9,
                candidate_flagged=241.0,
            ),
        ),
        flow=_flow(accepted, evaluable),
        populations=_populations(evaluable, events),
        subgroups=_subgroups(),
        curves=(
            _curve("standard_of_care", 0.8102, (0.252, 0.632)),
            _curve("candidate", 0.7987, (0.145, 0.422)),
        ),
        calibration=(
            ArmCalibration(
                arm="candidate",
                n_pairs=evaluable,
                observed=events,
                expected=events / 0.93,
                observed_over_expected=0.93,
            ),
        ),
        missing_patterns=(
            MissingPattern(
                arm="standard_of_care",
                n_answered=evaluable,
                n_unanswered=827,
                event_share_answered=0.347,
                event_share_unanswered=0.393,
                low=0.0095,
                high=0.0829,
                p_value=0.0132,
                informative=True,
                sentence="Patients without a physician's estimate died more often.",
            ),
            MissingPattern(
                arm="candidate",
                n_answered=evaluable - 32,
                n_unanswered=32,
                event_share_answered=0.346,
                event_share_unanswered=0.4375,
                low=-0.08,
                high=0.263,
                p_value=0.284,
                informative=False,
                sentence="Who lacks a candidate answer looks like chance.",
            ),
        ),
        operations=_operations(accepted),
        completeness=CompletenessResult(
            accepted=accepted + 5,
            recorded=accepted,
            booked_gaps=4,
            unexplained=("3:1042",),
            gap_share=5 / (accepted + 5),
            largest_gap_share=0.001,
            within_protocol=False,
        ),
        outcome_conflicts=6,
        deviations=deviations,
        refusals=(RefusalEntry(code="LOOK_EARLY", detail="Look L2 was asked for at 61%."),),
        limits=(
            "This trial cannot show what acting on the candidate would do to patients.",
            "Deaths were seen under the standard of care, which may have averted some.",
            "One site took part.",
        ),
        protocol=example_protocol(),
    )


def final_results() -> LookResults:
    return _results(
        final=True,
        headline="Safety limit exceeded: Deaths that only the physician foresaw. The candidate is "
        "non-inferior in ranking patients but inferior in foreseeing deaths.",
        hypotheses=_final_hypotheses(),
        exceeded=True,
        recommendation=(
            "R1",
            "keep_standard_of_care",
            "A safety limit is exceeded or deaths would be missed.",
        ),
        deviations=_deviations(),
    )


def interim_results() -> LookResults:
    return _results(
        final=False,
        headline="Non-inferiority is not shown at this look (inconclusive); the trial goes on.",
        hypotheses=_interim_hypotheses(),
        exceeded=False,
        recommendation=("R3", "continue", "The question is open; the trial goes on as planned."),
        deviations=_deviations()[2:],
    )


def good_results() -> LookResults:
    return _results(
        final=True,
        headline="Non-inferior on both primary endpoints, but worse within the margin on deaths.",
        hypotheses=_good_hypotheses(),
        exceeded=False,
        recommendation=("R2", "randomised_pilot", "Both primary endpoints passed."),
        deviations=(),
    )


def as_bytes(results: LookResults) -> bytes:
    """The canonical bytes, as the engine writes them."""

    text = json.dumps(
        results.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode()

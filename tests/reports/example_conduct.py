"""Hand-made conduct of a look: safety, subgroups, flow, curves, operations, deviations."""

from evaluation.results import (
    ArmOperations,
    CurvePoint,
    DeviationCount,
    FlowStep,
    LookFacts,
    PairedTable,
    PopulationCount,
    RocCurve,
    SafetyResult,
    SubgroupCell,
    SubgroupResult,
)
from protocols.vocabulary import SafetyVerdict
from tests.reports.example_protocol import (
    CANDIDATE_DIGEST,
    ENDPOINTS,
    SOC_DIGEST,
)

Numbers = tuple[float, float, float]  # estimate, low, high


def safety(*, exceeded: bool) -> tuple[SafetyResult, ...]:
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
        withheld=False,
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
        withheld=False,
        reason="fewer pairs than the registered minimum cell",
    )


def subgroups() -> tuple[SubgroupResult, ...]:
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


def flow(accepted: int, evaluable: int) -> tuple[FlowStep, ...]:
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


def curve(arm: str, auc: float, operating: tuple[float, float]) -> RocCurve:
    power = 1 / auc - 1
    points = tuple(CurvePoint(x=i / 60, y=(i / 60) ** power) for i in range(61))
    return RocCurve(
        arm=arm,
        auc=auc,
        points=points,
        operating_false_positive_share=operating[0],
        operating_true_positive_share=operating[1],
    )


def operations(accepted: int) -> tuple[ArmOperations, ...]:
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


def facts(*, final: bool) -> LookFacts:
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


def deviations() -> tuple[DeviationCount, ...]:
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


def populations(evaluable: int, events: int) -> tuple[PopulationCount, ...]:
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

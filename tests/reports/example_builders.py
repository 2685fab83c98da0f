"""The makings of hand-made hypotheses: one test, its boundaries, what is missing."""

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

PASSING = (
    Verdict.SUPERIOR,
    Verdict.NON_INFERIOR,
    Verdict.NON_INFERIOR_BUT_WORSE,
    Verdict.EQUIVALENT,
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
    "clustered_ratio": (
        "Ratio of means with variance between subjects.",
        "Fieller 1954, Journal of the Royal Statistical Society B 16:175.",
    ),
    "mcnemar_exact": (
        "Exact conditional test on the discordant pairs.",
        "McNemar 1947, Psychometrika 12:153.",
    ),
}


def made(
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
    spread: float = 0.015,
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
        else [ArmValue(value=v, low=v - spread, high=v + spread) for v in arms]
    )
    return TestResult(
        population=population,
        test=test,
        method=method,
        citation=citation,
        n_pairs=n,
        n_subjects=n,
        n_events=events,
        scale=scale_of(test),
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


def scale_of(test: str) -> str:
    return "ratio" if test == "clustered_ratio" else "difference"


def boundaries_of(observed: tuple[float | None, ...]) -> tuple[Boundary, ...]:
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


def missing_of(survives: bool | None, reason: str | None = None) -> MissingBounds:
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


def hypothesis_of(
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
    code, endpoint, framework, margin, test = HYPOTHESES[place]
    _, title, role, measure = ENDPOINTS[place]
    limit = "0" if margin is None else f"−{margin}"
    return HypothesisResult(
        id=code,
        endpoint=endpoint,
        endpoint_title=title,
        role=Role(role),
        measure=measure,
        direction=Direction.LOWER_IS_BETTER if code == "H5" else Direction.HIGHER_IS_BETTER,
        framework=Framework(framework),
        scale=scale_of(test),
        margin=margin,
        margin_clinical_basis=BASES.get(code),
        alpha=0.025,
        null_hypothesis=f"candidate − standard of care ≤ {limit}",
        alternative=f"candidate − standard of care > {limit}",
        verdict=verdict,
        verdict_sentence=sentence,
        shown=verdict in PASSING,
        claimed=verdict in PASSING,
        primary=primary,
        supporting=supporting,
        sensitivity=sensitivity,
        boundaries=boundaries_of(observed),
        missing=missing,
        reason=reason,
    )

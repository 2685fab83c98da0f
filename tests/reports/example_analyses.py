"""Hand-made registered analyses: one with tests, a decision curve, and one without an answer."""

from evaluation.results import AnalysisResult, QuantityResult
from tests.reports.example_protocol import ANALYSES, ENDPOINTS

THRESHOLDS = ((0.1, 0.2712, 0.2695), (0.2, 0.2133, 0.2054), (0.5, 0.0911, 0.1003))
PREVALENCE = 0.347


def _quantity(
    name: str,
    title: str,
    estimate: float | None,
    *,
    spread: float | None = None,
    statistic: tuple[float, float | None] | None = None,
    p: float | None = None,
    reason: str | None = None,
) -> QuantityResult:
    around = None if estimate is None or spread is None else (estimate - spread, estimate + spread)
    return QuantityResult(
        name=name,
        title=title,
        estimate=estimate,
        standard_error=None if spread is None else spread / 1.96,
        low=None if around is None else around[0],
        high=None if around is None else around[1],
        statistic=None if statistic is None else statistic[0],
        df=None if statistic is None else statistic[1],
        p_value=p,
        reason=reason,
    )


def _analysis(
    place: int,
    group: str,
    method: tuple[str, str],
    *,
    n: int,
    quantities: tuple[QuantityResult, ...] = (),
    warnings: tuple[str, ...] = (),
    reason: str | None = None,
) -> AnalysisResult:
    code, title, endpoint, role, estimator, interval = ANALYSES[place]
    return AnalysisResult(
        id=code,
        title=title,
        role=role,
        group=group,
        endpoint=endpoint,
        endpoint_title=next(e[1] for e in ENDPOINTS if e[0] == endpoint),
        population="FAS",
        estimator=estimator,
        interval=interval,
        level=0.95,
        method=method[0],
        citation=method[1],
        n_pairs=n,
        n_subjects=n,
        quantities=quantities,
        warnings=warnings,
        not_evaluable=reason,
    )


def analyses() -> tuple[AnalysisResult, ...]:
    """In the protocol's order."""
    return (_predictive(), _curve(), _without_answer())


def _predictive() -> AnalysisResult:
    return _analysis(
        0,
        "diagnostic",
        (
            "Predictive values of both arms and the score test of equality.",
            "Leisenring, Alonzo and Pepe 2000, Biometrics 56:345",
        ),
        n=3734,
        quantities=(
            _quantity("ppv_candidate", "positive predictive value of the candidate", 0.60716),
            _quantity(
                "ppv_difference",
                "difference of the positive predictive value",
                0.03613,
                spread=0.0391,
                statistic=(1.811, None),
                p=0.0701,
            ),
            _quantity(
                "ppv_gs", "equal positive predictive value", None, statistic=(1.8, None), p=0.0719
            ),
            _quantity(
                "npv_ratio",
                "ratio of the negative predictive value",
                None,
                reason="Nobody without a flag had the event.",
            ),
        ),
        warnings=("Subjects who come back are taken as a cluster.",),
    )


def _curve() -> AnalysisResult:
    quantities: list[QuantityResult] = []
    for at, candidate, standard in THRESHOLDS:
        everyone = PREVALENCE - (1 - PREVALENCE) * at / (1 - at)
        titled = f"net benefit at a threshold of {at:g}"
        quantities += [
            _quantity(f"candidate_net_benefit_at_{at:g}", f"Candidate: {titled}", candidate),
            _quantity(
                f"standard_of_care_net_benefit_at_{at:g}", f"Standard of care: {titled}", standard
            ),
            _quantity(
                f"net_benefit_difference_at_{at:g}",
                f"Difference: {titled}",
                candidate - standard,
                spread=0.0123,
                statistic=(1.2, 3733),
                p=0.231,
            ),
            _quantity(f"treat_all_net_benefit_at_{at:g}", f"Treating all: {titled}", everyone),
        ]
    return _analysis(
        1,
        "probabilities",
        ("Net benefit over thresholds.", "Vickers and Elkin 2006, Medical Decision Making 26:565"),
        n=3734,
        quantities=tuple(quantities),
        warnings=("Intervals hold at one threshold each, not for the whole curve.",),
    )


def _without_answer() -> AnalysisResult:
    return _analysis(
        2,
        "discrimination",
        ("Areas with intervals from resampling subjects.", "Efron 1987, JASA 82:171"),
        n=214,
        reason="Only one event among 214 readmitted patients.",
    )

"""What one demo run measured, for people and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from gateway.demo.folder import DemoFolder
from gateway.demo.replay import CONNECTIONS, Tally, percentile
from protocols.vocabulary import Arm

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Outage:
    """The candidate's enforced absence, and what the clinic saw of it."""

    seconds: float
    patients: int
    served: int


@dataclass(slots=True)
class Run:
    """Filled in as the run goes on. `interim` and `final` are the looks' own results."""

    folder: DemoFolder
    patients: int
    tally: Tally
    interim: Json = field(default_factory=dict)
    final: Json = field(default_factory=dict)
    outage: Outage | None = None
    seconds: float = 0.0


def summarise(run: Run) -> Json:
    """One JSON object with everything that the demo prints."""
    tally = run.tally
    candidate = _operations(run.final, Arm.CANDIDATE)
    recommendation = cast("Mapping[str, object]", run.final["recommendation"])
    return {
        "verdict": run.final["headline"],
        "recommendation": recommendation["recommendation"],
        "recommendation_sentence": recommendation["sentence"],
        "interim_verdict": run.interim["headline"],
        "report": str(run.folder.report / "report.html"),
        "results": str(run.folder.report / "results.json"),
        "figure_data": str(run.folder.report / "data"),
        "logs": str(run.folder.logs),
        "patients": run.patients,
        "served": tally.served,
        "standard_of_care_not_served": tally.not_served,
        "answers_other_than_the_index": tally.not_the_index,
        "outcomes_reported": tally.outcomes,
        "outcomes_without_pair": tally.outcomes_without_pair,
        "requests_per_s": _rounded(tally.busy_requests / tally.busy_s if tally.busy_s else None, 0),
        "answer_ms": _quantiles(tally.answer_ms),
        "gateway_overhead_ms": _quantiles(tally.gateway_ms),
        "mirror_lag_ms": {"p50": candidate["lag_p50_ms"], "p99": candidate["lag_p99_ms"]},
        "outage": {
            "seconds": _rounded(run.outage.seconds if run.outage else None, 2),
            "patients": run.outage.patients if run.outage else 0,
            "served": run.outage.served if run.outage else 0,
        },
        "candidate_fates": candidate["fates"],
        "seconds": _rounded(run.seconds, 1),
    }


def lines(summary: Json) -> list[str]:
    """The summary for people: the verdict first."""
    overhead = cast("Mapping[str, float]", summary["gateway_overhead_ms"])
    lag = cast("Mapping[str, float]", summary["mirror_lag_ms"])
    fates = cast("Mapping[str, int]", summary["candidate_fates"])
    advice = str(summary["recommendation"]).replace("_", " ")
    others = ", ".join(f"{n} {fate}" for fate, n in fates.items() if n and fate != "answered")
    return [
        "",
        str(summary["verdict"]),
        f"Recommendation: {advice}. {summary['recommendation_sentence']}",
        "",
        f"  report    {summary['report']}",
        f"  results   {summary['results']}",
        f"  figures   {summary['figure_data']}",
        f"  logs      {summary['logs']}",
        "",
        f"  {summary['served']} of {summary['patients']} patients served by the standard of care, "
        f"{summary['standard_of_care_not_served']} not served, "
        f"{summary['answers_other_than_the_index']} with another answer than the index",
        f"  {summary['outcomes_reported']} outcomes reported; the others were lost to follow-up",
        f"  {summary['requests_per_s']:.0f} requests/s at {CONNECTIONS} connections, every one "
        "journalled before its answer",
        f"  gateway overhead p50 {_ms(overhead['p50'])}, p99 {_ms(overhead['p99'])}",
        f"  mirror lag p50 {_ms(lag['p50'])}, p99 {_ms(lag['p99'])}",
        f"  candidate answered {fates.get('answered', 0)}; without an answer in time: "
        f"{others or 'none'} (it was killed once)",
        f"  {summary['seconds']:.0f} s in all",
    ]


def _operations(results: Json, arm: Arm) -> Mapping[str, object]:
    rows = cast("Sequence[Mapping[str, object]]", results["operations"])
    return next(row for row in rows if row["arm"] == arm.value)


def _quantiles(values: Sequence[float]) -> Json:
    return {
        "p50": _rounded(percentile(values, 0.5), 3),
        "p99": _rounded(percentile(values, 0.99), 3),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _ms(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f} ms"

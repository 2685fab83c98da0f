"""What `equipoise design simulate` prints: every simulated figure with its Monte Carlo error."""

from collections.abc import Sequence

from evaluation.design_tables import NONE, head_lines, table
from evaluation.results.design import (
    DesignResults,
    EstimationAtStop,
    HarmSignals,
    Simulated,
    SimulatedScenario,
    SimulatedTogether,
    Simulations,
)

ENGINES = {
    "statistics": "sufficient statistics",
    "full": "whole trials on generated encounters",
}
UNITS = {
    "standard_errors": "in standard errors at the last look",
    "effect": "on the effect's scale",
}


def simulation_lines(found: DesignResults) -> list[str]:
    """Claims, stops, estimates, signals of harm, and hypotheses together."""
    lines = head_lines(found)
    if found.simulations is None:
        return lines
    simulations = found.simulations
    blocks = (
        _about(found, simulations),
        _claims(found, simulations.scenarios),
        _estimates(simulations.scenarios),
        [line for row in simulations.scenarios for line in _signals(row)],
        [line for row in simulations.together for line in _together(row)],
        ["Ended early by a person."] if simulations.interrupted else [],
        [*simulations.notes, *found.notes],
    )
    for block in blocks:
        lines += ["", *block] if block else []
    return lines


def _about(found: DesignResults, simulations: Simulations) -> list[str]:
    looks = ", ".join(look.id for look in found.looks)
    made = ", ".join(f"{name} {number}" for name, number in simulations.versions.items())
    return [
        f"Engine: {ENGINES[simulations.engine]}; seed {simulations.seed}, looks {looks}; {made}",
        "Standard errors of the simulation in brackets.",
    ]


def _claims(found: DesignResults, scenarios: Sequence[SimulatedScenario]) -> list[str]:
    futility = any(bounds.futility for bounds in found.bounds)
    harm = any(bounds.harm for bounds in found.bounds)
    head = ("scenario", "hypothesis", "effect", "trials", "claims (se)", "expected pairs (se)")
    rows: list[tuple[str, ...]] = [
        (
            *(*head, "information (se)", "claims by look"),
            *(["futility by look"] if futility else []),
            *(["harm by look"] if harm else []),
        )
    ]
    rows += [
        (
            row.scenario,
            row.hypothesis,
            f"{row.true_effect:g}",
            f"{row.replicates:,}" + ("" if row.reached else " (short)"),
            measured(row.claims),
            f"{row.expected_pairs.value:,.1f} ({row.expected_pairs.standard_error:.1f})",
            measured(row.expected_information),
            _by_look(row.claims_by_look),
            *([_by_look(row.futility_by_look)] if futility else []),
            *([_by_look(row.harm_by_look)] if harm else []),
        )
        for row in scenarios
    ]
    return table(rows) if scenarios else []


def _by_look(shares: Sequence[Simulated]) -> str:
    return " ".join(measured(share) for share in shares)


def _estimates(scenarios: Sequence[SimulatedScenario]) -> list[str]:
    known = [(row, row.estimation) for row in scenarios if row.estimation is not None]
    if not known:
        return []
    head = ("scenario", "hypothesis", "trials", "bias naive", "median unbiased", "RMSE naive")
    rows: list[tuple[str, ...]] = [
        (*head, "median unbiased", "coverage naive", "repeated", "stage-wise")
    ]
    rows += [(row.scenario, row.hypothesis, *_estimation(at)) for row, at in known]
    units = dict.fromkeys(UNITS[at.unit] for _, at in known)
    return [f"Estimates at the stop: bias and RMSE {', '.join(units)}", *table(rows)]


def _estimation(at: EstimationAtStop) -> tuple[str, ...]:
    figures = (
        *(at.bias_naive, at.bias_median_unbiased, at.rmse_naive, at.rmse_median_unbiased),
        *(at.coverage_naive, at.coverage_repeated, at.coverage_stagewise),
    )
    return (f"{at.replicates:,}", *(NONE if f is None else measured(f) for f in figures))


def _signals(row: SimulatedScenario) -> list[str]:
    lines = []
    if row.harm is not None:
        lines.append(f"{row.scenario} {row.hypothesis}: harm bound {_signal(row.harm)}")
    if row.alarms is not None:
        lines.append(f"{row.scenario} {row.hypothesis}: rules between looks {_signal(row.alarms)}")
    if len(row.rules) > 1:
        said = (f"{one.rule} ({one.title}) {_signal(one.signals)}" for one in row.rules)
        lines += [f"{row.scenario} {row.hypothesis}: {line}" for line in said]
    return lines


def _signal(found: HarmSignals) -> str:
    kind = {True: ", each a false alarm: the candidate is no worse here", False: "", None: ""}
    after = ""
    if found.pairs is not None:
        after = f", first after {found.pairs.value:,.1f} ({found.pairs.standard_error:.1f}) pairs"
    return f"signalled in {measured(found.share)}{kind[found.false]}{after}"


def _together(row: SimulatedTogether) -> list[str]:
    each = ", ".join(
        f"{code} {measured(claim)}" for code, claim in zip(row.hypotheses, row.claims, strict=True)
    )
    nulls = ", ".join(row.true_nulls)
    error = (
        f"family-wise error over {nulls} {measured(row.family_error)}"
        if row.family_error is not None
        else row.family_error_reason or ""
    )
    short = "" if row.reached else " (short)"
    return [
        f"{row.scenario}, all hypotheses in the same {row.replicates:,} trials{short} by "
        f"{row.procedure} ({row.correlation} correlation): claims {each}; any "
        f"{measured(row.any_claim)}, all {measured(row.all_claims)}; {error}; expected pairs "
        f"{row.expected_pairs.value:,.1f} ({row.expected_pairs.standard_error:.1f})"
    ]


def measured(found: Simulated) -> str:
    """A figure with its standard error."""
    return f"{found.value:.4f} ({found.standard_error:.4f})"

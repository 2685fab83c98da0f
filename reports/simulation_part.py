"""The simulated scenarios of a design as a section of its page, each figure with its error."""

from evaluation.results.design import (
    EstimationAtStop,
    HarmSignals,
    Simulated,
    SimulatedScenario,
    SimulatedTogether,
    Simulations,
)
from reports import numbers
from reports.blocks import Block, Cell, Column, Points, Row, Section, Table, Text, cell
from reports.design_reading import chance, pairs, rate

ENGINES = {
    "statistics": "Trials are sufficient statistics: scores that walk as information grows.",
    "full": "Trials are made of encounters, locked, and conducted by the code that conducts looks.",
}
UNITS = {
    "standard_errors": "in standard errors of the last planned look",
    "effect": "on the scale of the effect",
}


def simulation_section(simulations: Simulations | None) -> Section | None:
    """None where nothing was simulated."""
    if simulations is None:
        return None
    made = ", ".join(f"{name} {number}" for name, number in simulations.versions.items())
    said = (
        f"{ENGINES[simulations.engine]} Seed {simulations.seed}; each scenario until the standard "
        f"error of its claims is {numbers.plain(simulations.target_se)}, at most "
        f"{numbers.count(simulations.most_replicates)} trials. Computed by {made}."
    )
    blocks: list[Block] = [Text(said)]
    if simulations.interrupted:
        blocks.insert(0, Text("Ended early by a person: not all trials were run.", strong=True))
    scenarios = simulations.scenarios
    blocks += [_claims(scenarios)] if scenarios else []
    blocks += [_estimates(scenarios)] if any(row.estimation for row in scenarios) else []
    blocks += [_signals(scenarios)] if any(row.harm or row.alarms for row in scenarios) else []
    blocks += [_together(simulations.together)] if simulations.together else []
    blocks += [Points(simulations.notes)] if simulations.notes else []
    return Section("simulation", "Registered scenarios", tuple(blocks))


def _figure(title: str) -> Column:
    return Column(title, numeric=True, parts=(title, f"{title}, standard error"))


def _claims(scenarios: tuple[SimulatedScenario, ...]) -> Table:
    columns = (
        Column("Scenario"),
        Column("Hypothesis"),
        Column("True effect", numeric=True),
        Column("Trials", numeric=True),
        Column("Claims (standard error)", numeric=True, parts=("Claims", "Standard error")),
        Column("Claims by look", numeric=True),
        Column("Futility by look", numeric=True),
        Column("Harm by look", numeric=True),
        Column("Expected pairs", numeric=True, parts=("Expected pairs", "Pairs standard error")),
        _figure("Expected information"),
    )
    rows = tuple(
        Row(
            (
                cell(row.scenario),
                cell(row.hypothesis),
                cell(numbers.plain(row.true_effect), row.true_effect),
                cell(numbers.count(row.replicates), row.replicates),
                _share(row.claims),
                *(
                    cell(", ".join(chance(share.value) for share in shares))
                    for shares in (row.claims_by_look, row.futility_by_look, row.harm_by_look)
                ),
                _pairs(row.expected_pairs),
                _share(row.expected_information),
            )
        )
        for row in scenarios
    )
    note = (
        "A claim is an error where the truth lies on the edge of the null or beyond, and wanted "
        "where it does not. Information is in shares of the plan."
    )
    return Table("scenarios", "Claims and expected pairs", columns, rows, note)


def _pairs(found: Simulated) -> Cell:
    return Cell(pairs(found.value), (found.value, found.standard_error))


def _share(found: Simulated | None) -> Cell:
    if found is None:
        return Cell("–", ("", ""))
    error = rate(found.standard_error)
    return Cell(f"{numbers.fixed(found.value, 4)} ({error})", (found.value, found.standard_error))


def _estimates(scenarios: tuple[SimulatedScenario, ...]) -> Table:
    titles = (
        *("Bias, naive", "Bias, median unbiased", "RMSE, naive", "RMSE, median unbiased"),
        *("Coverage, naive", "Coverage, repeated", "Coverage, stage-wise"),
    )
    columns = (Column("Scenario"), Column("Hypothesis"), *map(_figure, titles))
    known = [(row, row.estimation) for row in scenarios if row.estimation is not None]
    rows = tuple(
        Row((cell(row.scenario), cell(row.hypothesis), *_estimation(found))) for row, found in known
    )
    units = ", ".join(dict.fromkeys(UNITS[found.unit] for _, found in known))
    note = (
        f"Bias and root mean square error {units}; coverage of two-sided intervals. Standard "
        "errors in brackets."
    )
    return Table("estimates", "Estimates where trials end", columns, rows, note)


def _estimation(found: EstimationAtStop) -> tuple[Cell, ...]:
    held = (
        *(found.bias_naive, found.bias_median_unbiased),
        *(found.rmse_naive, found.rmse_median_unbiased),
        *(found.coverage_naive, found.coverage_repeated, found.coverage_stagewise),
    )
    return tuple(_share(measured) for measured in held)


def _signals(scenarios: tuple[SimulatedScenario, ...]) -> Table:
    columns = (
        Column("Scenario"),
        Column("Hypothesis"),
        Column("Signal of"),
        _figure("Share of trials"),
        _figure("Evaluable pairs at the first"),
        Column("Candidate in this scenario"),
    )
    rows = tuple(_signal(row, title, found) for row in scenarios for title, found in _kinds(row))
    note = "Where the candidate is no worse, every signal of a harm bound is a false alarm."
    return Table("signals", "Signals of harm", columns, rows, note)


def _kinds(row: SimulatedScenario) -> list[tuple[str, HarmSignals]]:
    """Harm bounds, the first of all rules between looks, and each of several by itself."""
    each = row.rules if len(row.rules) > 1 else ()
    known = [("Harm bound", row.harm), ("Rules between looks", row.alarms)]
    return [
        *((title, found) for title, found in known if found is not None),
        *((f"{one.title} ({one.rule})", one.signals) for one in each),
    ]


def _signal(row: SimulatedScenario, title: str, found: HarmSignals) -> Row:
    truth = {True: "no worse", False: "worse", None: "–"}[found.false]
    after = Cell("–", ("", "")) if found.pairs is None else _pairs(found.pairs)
    return Row(
        (
            *(cell(row.scenario), cell(row.hypothesis), cell(title)),
            *(_share(found.share), after, cell(truth)),
        )
    )


def _together(families: tuple[SimulatedTogether, ...]) -> Table:
    columns = (
        Column("Scenario"),
        Column("Trials", numeric=True),
        Column("Claims of each (standard error)"),
        _figure("Any claimed"),
        _figure("All claimed"),
        Column("True nulls"),
        _figure("Family-wise error"),
        _figure("Expected pairs"),
    )
    rows = tuple(
        Row(
            (
                cell(row.scenario),
                cell(numbers.count(row.replicates), row.replicates),
                cell(
                    ", ".join(
                        f"{code} {_share(claim).text}"
                        for code, claim in zip(row.hypotheses, row.claims, strict=True)
                    )
                ),
                _share(row.any_claim),
                _share(row.all_claims),
                cell(", ".join(row.true_nulls) or "–"),
                _share(row.family_error),
                _pairs(row.expected_pairs),
            )
        )
        for row in families
    )
    ways = ", ".join(dict.fromkeys(row.correlation for row in families))
    note = (
        f"All hypotheses in the same trials by {families[0].procedure.replace('_', ' ')}; their "
        f"correlation is {ways}. The family-wise error is the chance of a claim of any true null."
    )
    return Table("together", "Hypotheses together", columns, rows, note)

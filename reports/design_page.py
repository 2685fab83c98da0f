"""From `design.json` to the page of a design. Pure: the same bytes give the same page."""

from evaluation.results.design import (
    DesignResults,
    EstimationAtStop,
    HypothesisBounds,
    HypothesisSize,
    JointPower,
    Passage,
    Simulated,
    SimulatedScenario,
    Simulations,
    Sizes,
)
from reports import numbers
from reports.blocks import (
    Block,
    Cell,
    Column,
    DesignPage,
    Facts,
    Part,
    Points,
    Row,
    Section,
    Table,
    Text,
    cell,
)
from reports.design_drawings import bounds_figure, curves_figure, grid_figure
from reports.design_reading import (
    DesignReading,
    chance,
    format_for,
    pairs,
    rate,
    read_design,
)

NO_SIZE = "No size design is registered: bounds on the scales of z and p only."


def design_page(source: bytes) -> DesignPage:
    """The page of one `design.json`; raises `ReportError(REPORT_UNREADABLE)`."""
    reading = read_design(source)
    design = reading.design
    sections = (
        _sizes(design.sizes),
        _bounds(reading),
        _power(reading),
        _simulations(design.simulations),
        Section("notes", "What these numbers take for granted", (Points(design.notes),)),
    )
    looks = ", ".join(f"{look.id} at {numbers.count(look.pairs)}" for look in design.looks)
    return DesignPage(
        title=design.title,
        trial=f"{design.acronym}, design",
        lines=(
            f"{design.acronym}, protocol version {design.version}",
            f"{numbers.count(design.planned_pairs)} evaluable pairs planned; looks: {looks}",
        ),
        verdict=NO_SIZE if design.sizes is None else _verdict(design, design.sizes),
        digests=(("protocol", design.digest),),
        sections=tuple(section for section in sections if section is not None),
    )


def _verdict(design: DesignResults, sizes: Sizes) -> str:
    joint = [f"{chance(found.independent)}" for found in design.joint]
    return sizes.sentence + (f" Joint power at the plan: {', '.join(joint)}." if joint else "")


def _sizes(sizes: Sizes | None) -> Section | None:
    if sizes is None:
        return None
    columns = (
        Column("Hypothesis"),
        Column("Power", numeric=True),
        Column("One-sided alpha", numeric=True),
        Column("One look, independent pairs", numeric=True),
        Column("Factor of looks", numeric=True),
        Column("Factor of clusters", numeric=True),
        Column("Before rounding", numeric=True),
        Column("Evaluable pairs", numeric=True),
        Column("Power attained", numeric=True),
        Column("To enrol", numeric=True),
        Column("Subjects", numeric=True),
    )
    note = " ".join(f"{size.id}: {size.method}." for size in sizes.hypotheses)
    rows = tuple(_size(size) for size in sizes.hypotheses)
    table = Table("sizes", "Evaluable pairs for each hypothesis", columns, rows, note)
    return Section("size", "Sample size", (Text(sizes.sentence, strong=True), table))


def _size(size: HypothesisSize) -> Row:
    return Row(
        (
            cell(f"{size.id}: {size.endpoint_title}"),
            cell(numbers.plain_percent(size.power), size.power),
            cell(numbers.alpha(size.alpha), size.alpha),
            cell(numbers.fixed(size.n_independent, 2), size.n_independent),
            cell(numbers.fixed(size.inflation, 4), size.inflation),
            cell(numbers.fixed(size.design_effect, 4), size.design_effect),
            cell(numbers.fixed(size.n_exact, 2), size.n_exact),
            cell(numbers.count(size.n_pairs), size.n_pairs),
            cell(numbers.plain_percent(size.attained_power), size.attained_power),
            cell(numbers.count(size.n_enrolled), size.n_enrolled),
            cell(numbers.count(size.n_subjects), size.n_subjects),
        ),
        strong=size.drives,
    )


def _bounds(reading: DesignReading) -> Section:
    parts = tuple(
        Part(f"bounds-{found.id}", f"{found.id}: {found.endpoint_title}", _of(reading, found))
        for found in reading.design.bounds
    )
    return Section("bounds", "Bounds", parts)


def _of(reading: DesignReading, bounds: HypothesisBounds) -> tuple[Block, ...]:
    form = format_for(reading, bounds, [bounds.true_effect])
    planned = (
        []
        if bounds.true_effect is None
        else [("Planned for an effect of", form.with_unit(bounds.true_effect))]
    )
    facts = Facts(
        (
            ("Edge of the null", form.with_unit(bounds.null_effect)),
            *planned,
            ("One-sided alpha", f"{numbers.alpha(bounds.alpha)}, {bounds.alpha_reason}"),
            ("Spending", bounds.spending),
        )
    )
    reason = () if bounds.reason is None else (Text(bounds.reason),)
    return (facts, *reason, bounds_figure(reading, bounds), _ends(reading, bounds))


def _ends(reading: DesignReading, bounds: HypothesisBounds) -> Table:
    passages = [("Null", bounds.under_null)]
    if bounds.under_effect is not None:
        passages.append(("Registered effect", bounds.under_effect))
    columns = (
        Column("If the truth is"),
        Column("Look"),
        Column("Ends here", numeric=True),
        Column("By a claim", numeric=True),
        Column("For futility", numeric=True),
        Column("For harm", numeric=True),
    )
    rows = tuple(
        row for name, passage in passages for row in _passage(reading.design, name, passage)
    )
    return Table(f"ends-{bounds.id}", f"{bounds.id}: how trials end", columns, rows)


def _passage(design: DesignResults, name: str, passage: Passage) -> list[Row]:
    rows = [
        Row(
            (
                cell(name),
                cell(look.id),
                cell(chance(passage.stopping[place]), passage.stopping[place]),
                cell(chance(passage.efficacy[place]), passage.efficacy[place]),
                cell(chance(passage.futility[place]), passage.futility[place]),
                cell(chance(passage.harm[place]), passage.harm[place]),
            )
        )
        for place, look in enumerate(design.looks)
    ]
    whole = (sum(passage.efficacy), sum(passage.futility), sum(passage.harm))
    expected = Cell(f"{pairs(passage.expected_pairs)} pairs expected", passage.expected_pairs)
    ends = (Cell(chance(min(share, 1.0)), share) for share in whole)
    return [*rows, Row((cell(name), cell("all looks"), expected, *ends), strong=True)]


def _power(reading: DesignReading) -> Section | None:
    design = reading.design
    if design.power is None:
        return None
    blocks: list[Block] = [_joint(found) for found in design.joint]
    for power in design.power:
        figures = [curves_figure(reading, power)]
        if power.grid:
            figures.append(grid_figure(reading, power))
        title = f"{power.id}: {power.endpoint_title}"
        blocks.append(Part(f"power-{power.id}", title, tuple(figures)))
    return Section("power", "Power and expected pairs at the plan", tuple(blocks))


def _joint(joint: JointPower) -> Text:
    return Text(
        f"All of {', '.join(joint.hypotheses)} are shown with a power of "
        f"{chance(joint.independent)} if they are independent, and of {chance(joint.at_least)} at "
        "least whatever their dependence.",
        strong=True,
    )


def _simulations(simulations: Simulations | None) -> Section | None:
    if simulations is None:
        return None
    said = (
        f"Seed {simulations.seed}; each scenario until the standard error of its claims is "
        f"{numbers.plain(simulations.target_se)}, at most "
        f"{numbers.count(simulations.most_replicates)} trials."
    )
    blocks: list[Block] = [Text(said)]
    if simulations.interrupted:
        blocks.insert(0, Text("Ended early by a person: not all trials were run.", strong=True))
    blocks += [_claims(simulations.scenarios), _estimates(simulations.scenarios)]
    return Section("simulation", "Registered scenarios", tuple(blocks))


def _claims(scenarios: tuple[SimulatedScenario, ...]) -> Table:
    columns = (
        Column("Scenario"),
        Column("Hypothesis"),
        Column("True effect", numeric=True),
        Column("Trials", numeric=True),
        Column("Claims (standard error)", numeric=True, parts=("Claims", "Standard error")),
        Column("Claims by look", numeric=True),
        Column("Futility or harm by look", numeric=True),
        Column("Expected pairs", numeric=True, parts=("Expected pairs", "Pairs standard error")),
    )
    rows = tuple(
        Row(
            (
                cell(row.scenario),
                cell(row.hypothesis),
                cell(numbers.plain(row.true_effect), row.true_effect),
                cell(numbers.count(row.replicates), row.replicates),
                _share(row.claims),
                cell(", ".join(chance(share.value) for share in row.claims_by_look)),
                cell(", ".join(chance(share.value) for share in row.lower_by_look)),
                Cell(
                    pairs(row.expected_pairs.value),
                    (row.expected_pairs.value, row.expected_pairs.standard_error),
                ),
            )
        )
        for row in scenarios
    )
    note = (
        "A claim is an error where the truth lies on the edge of the null or beyond, and wanted "
        "where it does not."
    )
    return Table("scenarios", "Claims and expected pairs", columns, rows, note)


def _share(found: Simulated) -> Cell:
    error = rate(found.standard_error)
    return Cell(f"{numbers.fixed(found.value, 4)} ({error})", (found.value, found.standard_error))


def _estimates(scenarios: tuple[SimulatedScenario, ...]) -> Table:
    columns = (
        Column("Scenario"),
        Column("Hypothesis"),
        *(
            Column(title, numeric=True, parts=(title, f"{title}, standard error"))
            for title in (
                "Bias, naive",
                "Bias, median unbiased",
                "RMSE, naive",
                "RMSE, median unbiased",
                "Coverage, naive",
                "Coverage, repeated",
                "Coverage, stage-wise",
            )
        ),
    )
    rows = tuple(
        Row((cell(row.scenario), cell(row.hypothesis), *_estimation(row.estimation)))
        for row in scenarios
        if row.estimation is not None
    )
    note = (
        "Bias and root mean square error in standard errors of the last planned look; coverage of "
        "two-sided intervals. Standard errors in brackets."
    )
    return Table("estimates", "Estimates where trials end", columns, rows, note)


def _estimation(found: EstimationAtStop) -> tuple[Cell, ...]:
    held = (
        found.bias_naive,
        found.bias_median_unbiased,
        found.rmse_naive,
        found.rmse_median_unbiased,
        found.coverage_naive,
        found.coverage_repeated,
        found.coverage_stagewise,
    )
    return tuple(_share(measured) for measured in held)

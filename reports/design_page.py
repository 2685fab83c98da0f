"""From `design.json` to the page of a design. Pure: the same bytes give the same page."""

from collections.abc import Callable

from evaluation.results.design import (
    DesignResults,
    HypothesisBounds,
    HypothesisSize,
    JointPower,
    MarginBasis,
    Passage,
    Sizes,
)
from evaluation.results.size_sentences import size_sentences
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
from reports.design_drawings import bounds_figure
from reports.design_reading import (
    DesignReading,
    chance,
    format_for,
    pairs,
    read_design,
)
from reports.power_drawings import curves_figure, grid_figure
from reports.simulation_part import simulation_section

NO_SIZE = "No size design is registered: bounds on the scales of z and p only."


def design_page(source: bytes) -> DesignPage:
    """The page of one `design.json`; raises `ReportError(REPORT_UNREADABLE)`."""
    reading = read_design(source)
    design = reading.design
    sections = (
        _sizes(design),
        _bounds(reading),
        _power(reading),
        simulation_section(design.simulations),
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
    joint = [_joint_power(found) for found in design.joint if found.kind == "all"]
    return sizes.sentence + (f" Joint power at the plan: {', '.join(joint)}." if joint else "")


def _joint_power(joint: JointPower) -> str:
    """What is known of it, never more."""
    if joint.exact is not None:
        return chance(joint.exact)
    return f"{chance(joint.at_least)} at least"


def _sizes(design: DesignResults) -> Section | None:
    sizes = design.sizes
    if sizes is None:
        return None
    held = sizes.hypotheses
    columns = (Column("From one look to the trial"), *(Column(s.id, numeric=True) for s in held))
    note = " ".join(f"{size.id}: {size.method}." for size in held)
    rows = tuple(
        Row((cell(words), *(value(size) for size in held)), strong=strong)
        for words, value, strong in STEPS
    )
    table = Table("sizes", "Evaluable pairs for each hypothesis", columns, rows, note)
    together = (Text(said) for said in size_sentences(design))
    return Section("size", "Sample size", (Text(sizes.sentence, strong=True), *together, table))


def _effect(size: HypothesisSize) -> Cell:
    return cell(numbers.plain(size.true_effect), size.true_effect)


Step = tuple[str, Callable[[HypothesisSize], Cell], bool]
STEPS: tuple[Step, ...] = (
    ("True effect planned for", _effect, False),
    ("One-sided alpha", lambda s: cell(numbers.alpha(s.alpha), s.alpha), False),
    ("Power asked for", lambda s: cell(numbers.plain_percent(s.power), s.power), False),
    (
        "Independent pairs of one look, before rounding",
        lambda s: cell(numbers.fixed(s.n_independent, 2), s.n_independent),
        False,
    ),
    ("times, for looks", lambda s: cell(numbers.fixed(s.inflation, 4), s.inflation), False),
    (
        "times, for pairs within subjects",
        lambda s: cell(numbers.fixed(s.design_effect, 4), s.design_effect),
        False,
    ),
    ("Before rounding", lambda s: cell(numbers.fixed(s.n_exact, 2), s.n_exact), False),
    ("Evaluable pairs", lambda s: cell(numbers.count(s.n_pairs), s.n_pairs), True),
    (
        "Power attained by them",
        lambda s: cell(f"{numbers.fixed(100 * s.attained_power, 2)}%", s.attained_power),
        False,
    ),
    (
        "Share of outcomes that become known",
        lambda s: cell(numbers.plain_percent(s.ascertainment, 1), s.ascertainment),
        False,
    ),
    ("Pairs to enrol", lambda s: cell(numbers.count(s.n_enrolled), s.n_enrolled), True),
    ("Subjects they come from", lambda s: cell(numbers.count(s.n_subjects), s.n_subjects), False),
)


def _bounds(reading: DesignReading) -> Section:
    parts = tuple(
        Part(f"bounds-{found.id}", f"{found.id}: {found.endpoint_title}", _of(reading, found))
        for found in reading.design.bounds
    )
    return Section("bounds", "Bounds", parts)


def _of(reading: DesignReading, bounds: HypothesisBounds) -> tuple[Block, ...]:
    form = format_for(reading, bounds, [bounds.true_effect])
    edges = [edge for edge in (bounds.null_effect, bounds.null_other) if edge is not None]
    planned = (
        []
        if bounds.true_effect is None
        else [("Planned for an effect of", form.with_unit(bounds.true_effect))]
    )
    facts = Facts(
        (
            ("Edge of the null", " and ".join(form.with_unit(edge) for edge in edges)),
            *_margin(bounds.margin),
            *planned,
            ("One-sided alpha", f"{numbers.alpha(bounds.alpha)}, {bounds.alpha_reason}"),
            ("Spending", bounds.spending),
        )
    )
    reason = () if bounds.reason is None else (Text(bounds.reason),)
    return (facts, *reason, bounds_figure(reading, bounds), _ends(reading, bounds))


def _margin(margin: MarginBasis | None) -> list[tuple[str, str]]:
    """As registered: how much of the effect of today's care it keeps, and why that is enough."""
    if margin is None:
        return []
    return [
        ("Margin, clinically", margin.clinical_basis),
        ("Margin, statistically", margin.statistical_basis),
        ("Margin from", f"{margin.source} Agreed by {', '.join(margin.agreed_by)}."),
    ]


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
    codes = ", ".join(joint.hypotheses)
    which = f"All of {codes} are" if joint.kind == "all" else f"At least one of {codes} is"
    exact = "" if joint.exact is None else f" of {chance(joint.exact)}, as {joint.exact_by}"
    colon = ": " if exact else " "
    return Text(
        f"{which} shown with a power{exact}{colon}from {chance(joint.at_least)} to "
        f"{chance(joint.at_most)} whatever their dependence, {chance(joint.independent)} if they "
        "are independent.",
        strong=True,
    )

"""A design's bounds as figures, each on four scales over the planned looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.results.design import BoundAt, HypothesisBounds
from reports import numbers
from reports.blocks import Column, Figure, Key, Panel, Row, Table, cell
from reports.cells import value_cell
from reports.design_reading import DesignReading, chance, format_for, rate
from reports.effects import EffectFormat
from reports.figures.chart import Chart, Series, Tick, across, draw_chart, labelled, upwards
from reports.figures.scale import Scale, tick_decimals, ticks
from reports.figures.svg import key_mark

EFFECT = "the effect"
POWERS_AHEAD = ("Power from here: registered effect", "If the estimate", "If the null")
POWERS_NOTE = (
    "Power from here: the chance to cross an efficacy bound at any later look, futility not "
    "obeyed, if the effect were the registered one, the estimate on the bound, or the null."
)
ROOM = 0.1  # of the range, above and below
FEW_LOOKS = 5  # up to which the planned looks themselves are the ticks
APART = 0.12  # of the information, from which two ticks' labels stand apart


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of bound and how it is drawn."""

    name: str
    colour: str
    shape: str
    rows: tuple[BoundAt, ...]


def kinds_of(bounds: HypothesisBounds) -> tuple[Kind, ...]:
    """The kinds of bound that the hypothesis has."""
    binding = "binding" if bounds.futility_binding else "non-binding"
    every = (
        Kind("efficacy", "candidate", "circle", bounds.efficacy),
        Kind(f"futility, {binding}", "soc", "square", bounds.futility),
        Kind("harm", "chance", "diamond", bounds.harm),
    )
    return tuple(kind for kind in every if kind.rows)


def bounds_figure(reading: DesignReading, bounds: HypothesisBounds) -> Figure:
    """Bounds over information on the scales of z, p, effect and conditional power."""
    number = next(reading.figures)
    kinds = kinds_of(bounds)
    form = format_for(reading, bounds, [row.effect for kind in kinds for row in kind.rows])
    last = bounds.efficacy[-1]
    z = "none" if last.z is None else numbers.statistic(last.z)
    finding = f"{bounds.id}: efficacy bound on z of {z} at the last look."
    described = "Information across, bounds upwards on four scales; the table holds the numbers."
    panels = _panels(number, bounds, kinds, form)
    return Figure(
        number=number,
        title=f"{bounds.id}: {bounds.endpoint_title}, planned bounds",
        finding=finding,
        description=described,
        table=_bounds_table(number, kinds, form),
        panels=panels,
        unfolded=True,
    )


Value = Callable[[BoundAt], float | None]


def _all_series(title: str, kinds: Sequence[Kind], value: Value) -> tuple[Series, ...]:
    """One for each kind; on the scale of effects an equivalence has a bound on either side."""
    series = [_series(kind, value) for kind in kinds]
    if title == EFFECT:
        series += [_series(kind, lambda row: row.effect_other) for kind in kinds]
    return tuple(held for held in series if held.points)


def _panels(
    number: int, bounds: HypothesisBounds, kinds: tuple[Kind, ...], form: EffectFormat
) -> tuple[Panel, ...]:
    keys = tuple(Key(key_mark(k.shape, _mark(k)), f"{k.name} bound") for k in kinds)
    found: list[Panel] = []

    def add(title: str, value: Value, scale: Scale, places: tuple[Tick, ...], unit: str) -> None:
        levels = _levels(title, bounds, scale)
        chart = Chart(
            series=_all_series(title, kinds, value),
            across=across(0.0, 1.0),
            upward=scale,
            ticks_across=look_ticks(bounds.efficacy),
            ticks_upward=places,
            title_across="share of the planned information",
            levels=levels,
        )
        said = f"{bounds.id}, bounds on the scale of {title}"
        svg = draw_chart(number, len(found) + 1, chart, title=said, finding=_said(kinds, value))
        found.append(Panel(f"On the scale of {title}", unit, () if found else keys, svg))

    z, z_ticks = _even([*_held(kinds, lambda r: r.z), 0.0])
    add("z", lambda r: r.z, z, z_ticks, "z, positive where data favour the alternative")
    p, p_ticks = _logarithmic(_held(kinds, lambda r: r.p))
    add("p", lambda r: r.p, p, p_ticks, "one-sided p, small on top")
    if bounds.reason is None:
        held = [*_held(kinds, lambda r: r.effect), *_held(kinds, lambda r: r.effect_other)]
        held += [bounds.null_effect, bounds.true_effect or bounds.null_effect]
        held += [] if bounds.null_other is None else [bounds.null_other]
        effect, e_ticks = _even(held, form.factor)
        unit = f"estimate{form.in_points} (dashed: edge of the null)"
        add(EFFECT, lambda r: r.effect, effect, e_ticks, unit)
        if _held(kinds, lambda r: r.power_registered):
            power = upwards(0.0, 1.0)
            words = "chance to cross later under the registered effect"
            add("conditional power", lambda r: r.power_registered, power, PERCENTS, words)
    return tuple(found)


def _levels(title: str, bounds: HypothesisBounds, scale: Scale) -> tuple[tuple[float, str], ...]:
    if title == "z":
        return ((0.0, "zero thin"),)
    if title != EFFECT:
        return ()
    none = 1.0 if bounds.scale == "ratio" else 0.0
    inside = scale.low <= none <= scale.high
    edges = [edge for edge in (bounds.null_effect, bounds.null_other) if edge is not None]
    thin = ((none, "zero thin"),) if inside and none not in edges else ()
    return (*((edge, "margin") for edge in edges), *thin)


def _mark(kind: Kind) -> str:
    return "soc" if kind.colour == "chance" else kind.colour


def _series(kind: Kind, value: Value) -> Series:
    held = [(row.information, value(row)) for row in kind.rows]
    return Series(kind.colour, kind.shape, tuple((x, y) for x, y in held if y is not None))


def _held(kinds: Sequence[Kind], value: Value) -> list[float]:
    found = [value(row) for kind in kinds for row in kind.rows]
    return [y for y in found if y is not None]


def _said(kinds: Sequence[Kind], value: Value) -> str:
    return "; ".join(
        f"{kind.name} "
        + ", ".join(
            f"{row.look} {numbers.quantity_format(y, [y]).number(y)}"
            for row in kind.rows
            if (y := value(row)) is not None
        )
        for kind in kinds
    )


def _even(values: Sequence[float], factor: float = 1) -> tuple[Scale, tuple[Tick, ...]]:
    low, high = min(values), max(values)
    room = ((high - low) or 1.0) * ROOM
    scale = upwards(low - room, high + room)
    return scale, ticks_of(scale, factor)


def ticks_of(scale: Scale, factor: float = 1) -> tuple[Tick, ...]:
    """Round places in the reader's unit."""
    places = ticks(scale.low * factor, scale.high * factor)
    decimals = tick_decimals(places)
    return labelled([p / factor for p in places], [numbers.fixed(p, decimals) for p in places])


def _logarithmic(values: Sequence[float]) -> tuple[Scale, tuple[Tick, ...]]:
    low, high = min([*values, 0.01]) / 2, min(1.0, max([*values, 0.1]) * 2)
    scale = upwards(low, high, logarithmic=True, down=True)
    places = scale.ticks(1)
    return scale, labelled(places, [_power_of_ten(place) for place in places])


def _power_of_ten(p: float) -> str:
    if p >= 0.001:
        return numbers.trimmed(p, 3)
    return f"{p:.0e}".replace("e-0", "e-").replace("-", numbers.MINUS)


PERCENTS = labelled([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])


def look_ticks(rows: Sequence[BoundAt]) -> tuple[Tick, ...]:
    """The planned looks, or quarters where these would run into each other."""
    places = [row.information for row in rows]
    gaps = [b - a for a, b in zip([0.0, *places[:-1]], places, strict=True)]
    if len(places) > FEW_LOOKS or min(gaps) < APART:
        return PERCENTS
    return labelled(places, [numbers.plain_percent(place, 1) for place in places])


def _bounds_table(number: int, kinds: Sequence[Kind], form: EffectFormat) -> Table:
    unit = form.in_points
    every = [row for kind in kinds for row in kind.rows]
    other = any(row.effect_other is not None for row in every)
    ahead = any(row.power_null is not None for row in every)
    columns = (
        Column("Bound"),
        Column("Look"),
        Column("Information", numeric=True),
        Column("Error rate spent", numeric=True),
        Column("z", numeric=True),
        Column("One-sided p", numeric=True),
        Column(f"Effect{unit}", numeric=True),
        *([Column(f"Effect{unit}, other side", numeric=True)] if other else []),
        *([Column(title, numeric=True) for title in POWERS_AHEAD] if ahead else []),
    )
    rows = tuple(
        _bound_row(k.name, row, form, other=other, ahead=ahead) for k in kinds for row in k.rows
    )
    note = POWERS_NOTE if ahead else ""
    return Table(f"figure-{number:02d}-bounds", f"Data of figure {number}", columns, rows, note)


def _bound_row(kind: str, row: BoundAt, form: EffectFormat, *, other: bool, ahead: bool) -> Row:
    powers = (row.power_registered, row.power_estimate, row.power_null)
    return Row(
        (
            cell(kind[0].upper() + kind[1:]),
            cell(row.look),
            cell(numbers.plain_percent(row.information), row.information),
            value_cell(row.spent, rate),
            value_cell(row.z, lambda z: numbers.fixed(z, 4), "no stop"),
            value_cell(row.p, rate),
            value_cell(row.effect, form.number),
            *([value_cell(row.effect_other, form.number)] if other else []),
            *(value_cell(power, chance) for power in (powers if ahead else ())),
        )
    )

"""A design's power as figures: curves over true effects, and a grid of guesses."""

import itertools
from collections.abc import Callable, Sequence

from evaluation.results.design import GridCell, HypothesisPower
from reports import numbers
from reports.blocks import Cell, Column, Figure, Panel, Row, Table, blank, cell
from reports.cells import value_cell
from reports.design_drawings import PERCENTS, ticks_of
from reports.design_reading import DesignReading, chance, format_for, pairs
from reports.effects import EffectFormat
from reports.figures.chart import Chart, Series, across, draw_chart, upwards
from reports.figures.grid import GridBox, GridWords, draw_grid


def curves_figure(reading: DesignReading, power: HypothesisPower) -> Figure:
    """Power and expected pairs over true effects."""
    number = next(reading.figures)
    form = format_for(reading, power, [power.true_effect])
    finding = (
        f"{power.id}: power {chance(power.power)} under the registered effect of "
        f"{form.with_unit(power.true_effect)}, with {pairs(power.expected_pairs)} expected pairs."
    )
    described = "True effect across from the edge of the null; the registered effect is dashed."
    return Figure(
        number=number,
        title=f"{power.id}: {power.endpoint_title}, power and expected pairs",
        finding=finding,
        description=described,
        table=_curve_table(number, power, form),
        panels=(
            _curve(number, 1, reading, power, form),
            _curve(number, 2, reading, power, form),
        ),
    )


def _curve(
    number: int, panel: int, reading: DesignReading, power: HypothesisPower, form: EffectFormat
) -> Panel:
    """Panel 1 is power, panel 2 expected pairs."""
    planned = reading.design.planned_pairs
    of_power = panel == 1
    ends = sorted((power.curve[0].effect, power.curve[-1].effect))
    scale = across(ends[0], ends[1])
    upward = upwards(0.0, 1.0 if of_power else planned * 1.05)
    held = [(p.effect, p.power if of_power else p.expected_pairs) for p in power.curve]
    title = "Power" if of_power else "Expected evaluable pairs"
    level = power.registered if of_power else float(planned)
    dashed = f"{chance(level)} registered" if of_power else f"{pairs(level)} planned"
    chart = Chart(
        series=(Series("candidate", "", tuple(held)),),
        across=scale,
        upward=upward,
        ticks_across=ticks_of(scale, form.factor),
        ticks_upward=PERCENTS if of_power else ticks_of(upward),
        title_across=f"true effect{form.in_points}",
        levels=((level, "margin"),),
        verticals=((power.true_effect, "margin"),),
    )
    svg = draw_chart(
        number, panel, chart, title=f"{power.id}, {title.lower()} over effects", finding=dashed
    )
    return Panel(title, f"Dashed: {dashed}, and the registered effect", (), svg)


def _curve_table(number: int, power: HypothesisPower, form: EffectFormat) -> Table:
    fine = format_decimals(form, [point.effect for point in power.curve])
    rows = tuple(
        Row(
            (
                cell(fine(point.effect), point.effect),
                cell(chance(point.power), point.power),
                cell(pairs(point.expected_pairs), point.expected_pairs),
            ),
            strong=point.effect == power.true_effect,
        )
        for point in power.curve
    )
    columns = (
        Column(f"Effect{form.in_points}", numeric=True),
        Column("Power", numeric=True),
        Column("Expected pairs", numeric=True),
    )
    return Table(f"figure-{number:02d}-power", f"Data of figure {number}", columns, rows)


def format_decimals(form: EffectFormat, effects: Sequence[float]) -> Callable[[float], str]:
    """Enough decimals to tell neighbouring effects of a list apart."""
    ordered = sorted(effect * form.factor for effect in effects)
    gaps = [b - a for a, b in itertools.pairwise(ordered) if b > a]
    decimals = max(form.decimals, numbers.significant_decimals([min(gaps, default=1.0)], 2))
    return lambda effect: numbers.fixed(effect * form.factor, decimals)


def grid_figure(reading: DesignReading, power: HypothesisPower) -> Figure:
    """Pairs needed and power at the plan over guesses of the discordance and the effect."""
    number = next(reading.figures)
    planned = reading.design.planned_pairs
    form = format_for(reading, power, [power.true_effect])
    effects = [held.effect for held in power.grid[0]]
    say = format_decimals(form, effects)
    held = [found for row in power.grid for found in row if found.pairs is not None]
    short = sum((found.pairs or 0) > planned for found in held)
    finding = (
        f"{power.id}: under {numbers.count(short)} of {numbers.count(len(held))} guesses more "
        f"pairs are needed than the {numbers.count(planned)} planned."
    )
    described = (
        "Rows are discordances, columns true effects; a cell has the pairs needed and the power "
        "at the plan. Shaded: more than planned. Framed: as registered."
    )
    words = GridWords(
        across=f"true effect{form.in_points}",
        down="discordance",
        columns=[say(effect) for effect in effects],
        rows=[numbers.plain_percent(row[0].discordance, 1) for row in power.grid],
    )
    boxes = [[_box(found, power, planned) for found in row] for row in power.grid]
    return Figure(
        number=number,
        title=f"{power.id}: pairs needed, and power at the plan, if the guesses were wrong",
        finding=finding,
        description=described,
        svg=draw_grid(number, words, boxes, title=finding, finding=described),
        table=_grid_table(number, power, say, form),
    )


def _box(found: GridCell, power: HypothesisPower, planned: int) -> GridBox:
    middle = power.grid[len(power.grid) // 2][0].discordance
    registered = found.effect == power.true_effect and found.discordance == middle
    if found.pairs is None or found.power is None:
        return GridBox("–", "", beyond=False, registered=False)
    words = numbers.count(found.pairs), chance(found.power)
    return GridBox(*words, beyond=found.pairs > planned, registered=registered)


def _grid_table(
    number: int, power: HypothesisPower, say: Callable[[float], str], form: EffectFormat
) -> Table:
    absent = "an effect larger than the discordance"
    rows = tuple(
        Row(
            (
                cell(numbers.plain_percent(found.discordance), found.discordance),
                cell(say(found.effect), found.effect),
                value_cell(found.pairs, numbers.count, absent),
                _power_cell(found),
            )
        )
        for row in power.grid
        for found in row
    )
    columns = (
        Column("Discordance", numeric=True),
        Column(f"Effect{form.in_points}", numeric=True),
        Column("Pairs needed", numeric=True),
        Column("Power at the plan", numeric=True),
    )
    return Table(f"figure-{number:02d}-grid", f"Data of figure {number}", columns, rows)


def _power_cell(found: GridCell) -> Cell:
    return blank() if found.power is None else cell(chance(found.power), found.power)

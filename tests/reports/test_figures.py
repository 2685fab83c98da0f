"""Figures: nothing off the canvas, the margin always on it, text within its room."""

import re

import pytest

from evaluation.results import Boundary
from protocols.vocabulary import Direction
from reports.effects import effect_format
from reports.figures.boundary import draw_boundaries
from reports.figures.interval import IntervalPanel, IntervalRow, draw_interval
from reports.figures.scale import scale_over, tick_decimals, ticks
from reports.figures.svg import NARROWEST_PX, Canvas, characters, coordinate, wrapped


def _panel(low: float, high: float, **changes: object) -> IntervalPanel:
    direction = changes.get("direction", Direction.HIGHER_IS_BETTER)
    assert isinstance(direction, Direction)
    middle = (low + high) / 2
    return IntervalPanel(
        place=(7, 2),
        finding="found",
        description="described",
        direction=direction,
        edges=(-0.05,) if direction is Direction.HIGHER_IS_BETTER else (0.05,),
        format=effect_format("sensitivity", 500, [low, high], 0.05),
        rows=(IntervalRow(middle, low, high, True),),
    )


def _places(svg: str) -> list[float]:
    return [float(x) for x in re.findall(r' (?:x|x1|x2)="(-?[0-9.]+)%"', svg)]


@pytest.mark.parametrize(("low", "high"), [(-0.3, -0.2), (-0.01, 0.01), (0.4, 0.9)])
def test_no_interval_pushes_the_margin_or_itself_off_the_canvas(low: float, high: float) -> None:
    svg = draw_interval(_panel(low, high))
    assert 'class="margin"' in svg
    assert all(0 <= x <= 100 for x in _places(svg))


def test_the_margin_stands_on_the_other_side_where_lower_is_better() -> None:
    svg = draw_interval(_panel(-0.01, 0.01, direction=Direction.LOWER_IS_BETTER))
    assert "margin 5.0 points" in svg
    assert svg.index("← favours candidate") < svg.index("favours standard of care →")


def test_ids_come_from_the_places_of_figure_and_panel() -> None:
    svg = draw_interval(_panel(-0.01, 0.01))
    assert '<title id="figure-7-2-title">found</title>' in svg
    assert '<desc id="figure-7-2-desc">described</desc>' in svg


def test_text_in_a_figure_is_escaped() -> None:
    canvas = Canvas(1)
    canvas.text(0, 0, "<script>alert(1)</script>")
    assert "<script>" not in canvas.svg(10, "<b>", "&")


def test_coordinates_have_two_decimals_and_no_negative_zero() -> None:
    assert coordinate(-0.0001) == "0.00"
    assert coordinate(1 / 3) == "0.33"


def test_a_word_longer_than_the_line_is_cut_not_lost() -> None:
    assert "".join(wrapped("x" * 95, 30)) == "x" * 95
    assert max(map(len, wrapped("some words " + "y" * 70, 30))) <= 30


def test_the_narrowest_figure_has_room_for_a_line_of_text() -> None:
    assert characters(NARROWEST_PX) >= 40


def test_ticks_are_round_and_inside() -> None:
    places = ticks(-0.0634, 0.0512)
    assert places == [-0.05, 0.0, 0.05]
    assert tick_decimals(places) == 2


def test_a_scale_over_one_value_still_has_a_width() -> None:
    scale = scale_over([0.0])
    assert scale.low < 0 < scale.high


def test_a_look_without_alpha_has_no_bound_and_no_guess() -> None:
    look = Boundary(
        look="L1",
        number=1,
        planned_information=0.01,
        information_fraction=0.01,
        statistical_information=None,
        alpha_spent=0.0,
        nominal_alpha=0.0,
        z=None,
        statistic=1.0,
        crossed=None,
    )
    svg = draw_boundaries(1, [look], [0.01, 1.0], title="t", finding="d")
    assert "bound" not in svg
    assert "observed 1.00" in svg

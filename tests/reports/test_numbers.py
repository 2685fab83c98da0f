"""Rounding: what a biostatistician would complain about first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import numbers
from reports.effects import effect_format


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "<0.001"),
        (0.00099, "<0.001"),
        (0.001, "0.001"),
        (0.0119, "0.012"),
        (0.2, "0.200"),
        (0.2004, "0.20"),
        (0.35, "0.35"),
        (0.99999, ">0.99"),
    ],
)
def test_p_has_three_decimals_up_to_a_fifth_and_two_above(p: float, text: str) -> None:
    assert numbers.p_value(p) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.04, 1, "0.0"),
        (0.125, 2, "0.13"),
        (-2.675, 2, "−2.68"),
        (1234567.0, 0, "1,234,567"),
        (-0.5, 0, "−1"),
    ],
)
def test_halves_go_away_from_zero_and_zero_has_no_sign(
    value: float, decimals: int, text: str
) -> None:
    assert numbers.fixed(value, decimals) == text


def test_a_percentage_has_a_decimal_only_in_a_large_sample() -> None:
    assert numbers.percent(0.1234, 200) == "12.3%"
    assert numbers.percent(0.1234, 199) == "12%"


def test_an_interval_is_read_with_to_so_that_minus_signs_stay_legible() -> None:
    form = effect_format("sensitivity", 500, [-0.031, 0.015], 0.05)
    assert form.interval(-0.031, 0.015) == "−3.1 to 1.5"


def test_a_limit_beside_the_margin_is_not_rounded_onto_it() -> None:
    form = effect_format("auc", 500, [-0.02996, 0.01], 0.03)
    assert form.number(-0.02996) != form.number(-0.03)


def test_a_limit_beside_zero_is_not_rounded_onto_it() -> None:
    form = effect_format("sensitivity", 500, [-0.0002, 0.05], 0.05)
    assert form.number(-0.0002) == "−0.02"


def test_a_limit_on_the_margin_itself_is_shown_there() -> None:
    form = effect_format("auc", 500, [-0.03, 0.01], 0.03)
    assert form.number(-0.03) == "−0.030"


@given(
    st.floats(-0.2, 0.2, allow_subnormal=False),
    st.floats(0.005, 0.1).map(lambda margin: round(margin, 3)),
)
def test_rounding_never_changes_the_side_of_the_margin(limit: float, margin: float) -> None:
    form = effect_format("auc", 500, [limit], margin)
    shown = float(form.number(limit).replace(numbers.MINUS, "-"))
    if abs(limit + margin) > 1e-6:
        assert (shown > -margin) == (limit > -margin)


def test_time_is_named_without_asking_the_machine_for_words() -> None:
    assert numbers.instant("2026-03-01T07:05:09Z") == "1 March 2026, 07:05 UTC"
    assert numbers.instant("2026-03-01T01:05:09+05:00") == "28 February 2026, 20:05 UTC"


def test_a_share_that_is_neither_none_nor_all_is_not_rounded_to_it() -> None:
    assert numbers.percent(1 / 4561, 4561) == "<0.1%"
    assert numbers.percent(4560 / 4561, 4561) == ">99.9%"
    assert numbers.percent(0.004, 150) == "<1%"
    assert numbers.percent(0, 4561) == "0.0%"
    assert numbers.percent(1, 4561) == "100.0%"

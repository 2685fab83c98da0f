"""Ratios, units and both margins: what is written, and on which side it lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.methods.measures import MEASURES
from protocols.vocabulary import Direction, Framework
from reports.audit_section import reading_section
from reports.effects import effect_format, is_percent
from reports.figures.scale import Scale, scale_over
from reports.reading import read_results
from reports.sentences import edges_of, effect_sentence
from tests.reports.example_results import as_bytes, final_results, wide_results
from tests.reports.example_wide import wide_hypotheses

READING = read_results(as_bytes(wide_results()))
_, WORK, ACCURACY = wide_hypotheses()


def test_a_ratio_has_no_unit_and_its_arms_have_theirs() -> None:
    form = READING.format(WORK)
    assert form.with_unit(0.974) == "0.97"
    assert form.interval(0.931, 1.019) == "0.93 to 1.02"
    assert form.value(12.087) == "12.09 min"


def test_shares_of_pairs_are_points_and_other_measures_are_not() -> None:
    percent = {measure for measure in MEASURES if is_percent(measure)}
    assert {"sensitivity", "accuracy", "ppv", "flagged", "in_range"} <= percent
    assert percent.isdisjoint({"auc", "brier", "net_benefit", "value", "category", "hazard"})
    assert percent.isdisjoint({"positive_likelihood_ratio", "negative_likelihood_ratio"})


@pytest.mark.parametrize(
    ("limits", "text"),
    [((-0.0466, 0.0224), "−0.0466 to 0.0224"), ((-12.34, 105.6), "−12 to 106")],
)
def test_digits_follow_the_size_of_the_effect(limits: tuple[float, float], text: str) -> None:
    form = effect_format("log_loss", 500, limits, None)
    assert form.interval(*limits) == text


@given(
    st.floats(0.5, 2.0, allow_subnormal=False),
    st.sampled_from([0.8, 0.9, 0.95, 1.05, 1.1, 1.25]),
)
def test_no_limit_of_a_ratio_is_rounded_onto_one_or_a_margin(limit: float, margin: float) -> None:
    form = effect_format("ppv", 500, [limit], margin, scale="ratio")
    shown = float(form.number(limit))
    for place in (1.0, margin, 1 / margin):
        if abs(limit - place) > 1e-4:
            assert (shown > place) == (limit > place)


def test_the_margin_of_a_ratio_stands_where_it_was_written() -> None:
    assert edges_of(WORK) == (1.1,)
    sentence = effect_sentence(WORK, READING.format(WORK))
    assert sentence.startswith("Ratio, candidate ÷ standard of care: 0.97 (95.06% repeated")
    assert sentence.endswith("lies on the acceptable side of the margin (1.10).")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.03, 0.03, "lies between the margins (−4.0 points and 4.0 points)"),
        (-0.05, 0.03, "crosses a margin"),
        (0.05, 0.06, "lies beyond one of the margins"),
    ],
)
def test_an_equivalence_is_held_against_both_margins(low: float, high: float, words: str) -> None:
    first, *rest = ACCURACY.primary.intervals
    test = ACCURACY.primary.model_copy(
        update={"intervals": (first.model_copy(update={"low": low, "high": high}), *rest)}
    )
    changed = ACCURACY.model_copy(update={"primary": test})
    assert words in effect_sentence(changed, READING.format(changed))


def test_the_other_margin_of_a_ratio_is_its_reciprocal() -> None:
    both = WORK.model_copy(update={"framework": Framework.EQUIVALENCE})
    assert edges_of(both) == pytest.approx((1 / 1.1, 1.1))


def test_a_ratio_without_margin_is_held_against_one() -> None:
    bare = WORK.model_copy(update={"margin": None, "framework": Framework.SUPERIORITY})
    assert effect_sentence(bare, READING.format(bare)).endswith("The interval includes one.")
    higher = bare.model_copy(update={"direction": Direction.HIGHER_IS_BETTER})
    test = higher.primary
    limits = test.intervals[0].model_copy(update={"low": 1.01, "high": 1.2})
    above = higher.model_copy(update={"primary": test.model_copy(update={"intervals": (limits,)})})
    assert "favours the candidate" in effect_sentence(above, READING.format(above))


def test_twice_and_half_lie_equally_far_from_one() -> None:
    scale = scale_over([0.5, 2.0], logarithmic=True)
    assert scale(2.0) - scale(1.0) == pytest.approx(scale(1.0) - scale(0.5))
    assert 0 < scale(0.5) < scale(2.0) < 100


def test_a_limit_of_zero_leaves_a_ratio_s_axis_at_its_edge() -> None:
    scale = scale_over([0.0, 0.5, 2.0], logarithmic=True)
    assert scale(0.0) == 0.0


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.2), (0.2, 6.0), (0.01, 40.0), (1e-4, 1e5)])
def test_an_axis_of_ratios_has_few_round_ticks_inside(low: float, high: float) -> None:
    places = Scale(low, high, logarithmic=True).ticks(1)
    assert 2 <= len(places) <= 6
    assert all(low <= place <= high for place in places)


def test_the_reading_guide_speaks_of_what_the_page_shows() -> None:
    wide = repr(reading_section(READING))
    assert "Two dashed lines" in wide
    assert "logarithmic" in wide
    plain = repr(reading_section(read_results(as_bytes(final_results()))))
    assert "quivalen" not in plain
    assert "ratio" not in plain

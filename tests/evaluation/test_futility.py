"""Futility and harm: bounds kept on z, what they cost, and what a crossing leads to."""

from statistics import NormalDist

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.futility.scales import (
    Ahead,
    conditional_power_of_z,
    predictive_power_of_z,
)
from evaluation.design.futility.spending import futility_design
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.futility import Here, futility_readings
from evaluation.plan import plan_of
from evaluation.results import Boundary, FutilityReading, LookResults
from protocols.schema import Protocol
from protocols.vocabulary import Verdict
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import beta_rule, decide_first, futility_rule, harm_bound

POOR = Truth(n=700, candidate_separation=0.75, seed=4)
GOOD = Truth(n=700, candidate_separation=1.5, seed=4)


def _protocol(*rules: Document, harm: tuple[Document, ...] = ()) -> Protocol:
    def edit(document: Document) -> None:
        document["futility"] = list(rules)
        document["harm_bounds"] = list(harm)
        if rules:
            decide_first(document, "futile", "H1.futile", "stop")
        if harm:
            decide_first(document, "harmful", "H1.harmful", "stop")

    return example_protocol(edit)


def _looks(protocol: Protocol, truth: Truth) -> tuple[LookResults, LookResults]:
    pairs = simulate_pairs(protocol, truth)
    first = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 300), look="L1"), [])
    first = from_bytes(to_bytes(first))
    return first, conduct(protocol, lock_of(protocol, pairs, look="L2"), [first])


def _reading(
    protocol: Protocol, *, statistic: float = 1.0, evaluable: int = 300, information: float = 400.0
) -> FutilityReading:
    look = plan_of(protocol, "L1")
    plan = look.hypotheses[0]
    bound = bound_of(look, plan, evaluable=evaluable, information=information, earlier=())
    here = Here(look, plan, bound, evaluable, information, statistic, earlier=())
    return futility_readings(here)[0]


def test_a_non_binding_bound_leaves_every_efficacy_bound_as_it_was() -> None:
    with_rule = _looks(_protocol(futility_rule(values=[1.5])), GOOD)
    without = _looks(_protocol(), GOOD)
    for mine, theirs in zip(with_rule, without, strict=True):
        bounds = [b.model_copy(update={"futility": ()}) for b in mine.hypotheses[0].boundaries]
        assert tuple(bounds) == theirs.hypotheses[0].boundaries


def test_a_poor_candidate_may_be_given_up_and_the_registered_rule_follows() -> None:
    first, _ = _looks(_protocol(futility_rule(values=[1.5])), POOR)
    reading = first.hypotheses[0].boundaries[0].futility[0]
    assert reading.crossed
    assert first.recommendation.rule == "futile"
    assert "The non-binding futility bound is crossed" in first.hypotheses[0].verdict_sentence


def test_a_good_candidate_is_not_given_up() -> None:
    first, _ = _looks(_protocol(futility_rule()), GOOD)
    assert first.hypotheses[0].boundaries[0].futility[0].crossed is False
    assert first.recommendation.rule != "futile"


def test_the_last_look_and_other_looks_have_no_futility_bound() -> None:
    _, last = _looks(_protocol(futility_rule(looks=["L1", "L2"], values=[0.5, 0.5])), GOOD)
    assert last.hypotheses[0].boundaries[1].futility == ()
    assert last.recommendation.rule != "futile"


def test_beta_spending_at_the_planned_information_is_that_of_the_design() -> None:
    """Alpha 0.025, power 0.9, O'Brien-Fleming-like both ways at halves, solved jointly."""
    times = [0.5, 1.0]
    alpha = cumulative_alpha("lan_demets_obrien_fleming", 0.025, times)
    beta = cumulative_alpha("lan_demets_obrien_fleming", 0.1, times)
    design = futility_design(alpha, beta, times)
    effect = design.drift / 800**0.5 - 0.05
    reading = _reading(_protocol(beta_rule(true_effect=effect)))
    assert reading.z == pytest.approx(design.lower[0], abs=1e-9)
    assert reading.beta_spent == pytest.approx(beta[0])


def test_beta_under_a_registered_effect_is_spent_exactly() -> None:
    """True effect 0, margin 0.05: z has mean 0.05 sqrt(I)."""
    reading = _reading(_protocol(beta_rule(true_effect=0.0)), information=900.0)
    assert reading.z is not None
    assert reading.beta_spent is not None
    below = NormalDist(0.05 * 30).cdf(reading.z)
    assert below == pytest.approx(reading.beta_spent, rel=1e-8)


def test_an_effect_is_kept_on_z_measured_from_the_margin() -> None:
    reading = _reading(_protocol(futility_rule(scale="effect", values=[-0.03])))
    assert reading.z == pytest.approx(0.02 * 20)
    assert reading.effect == pytest.approx(-0.03)


@pytest.mark.parametrize("true_effect", [None, 0.01])
def test_conditional_power_at_its_bound_is_what_was_registered(true_effect: float | None) -> None:
    rule = futility_rule(scale="conditional_power", values=[0.2], true_effect=true_effect)
    protocol = _protocol(rule)
    reading = _reading(protocol)
    assert reading.z is not None
    alphas = [spent("lan_demets_obrien_fleming", 0.025, 0.5), 0.025]
    ahead = Ahead(400.0, 800.0, efficacy_boundaries(alphas, [400.0, 800.0])[-1])
    effect = None if true_effect is None else true_effect + 0.05
    assert conditional_power_of_z(reading.z, ahead, effect=effect) == pytest.approx(0.2)


def test_predictive_power_at_its_bound_is_what_was_registered() -> None:
    reading = _reading(_protocol(futility_rule(scale="predictive_power", values=[0.1])))
    assert reading.z is not None
    alphas = [spent("lan_demets_obrien_fleming", 0.025, 0.5), 0.025]
    ahead = Ahead(400.0, 800.0, efficacy_boundaries(alphas, [400.0, 800.0])[-1])
    assert predictive_power_of_z(reading.z, ahead) == pytest.approx(0.1)


@pytest.mark.parametrize(("value", "crossed"), [(0.0, None), (1.0, True)])
def test_powers_at_the_ends_give_up_nothing_and_everything(
    value: float, crossed: bool | None
) -> None:
    reading = _reading(_protocol(futility_rule(scale="predictive_power", values=[value])))
    assert reading.crossed is crossed


def test_what_may_be_claimed_is_never_given_up() -> None:
    reading = _reading(_protocol(futility_rule(values=[5.0])), statistic=4.0)
    assert reading.z == pytest.approx(2.9625880, abs=1e-6)
    assert reading.crossed is False


def test_power_is_not_read_where_nothing_lies_ahead() -> None:
    rule = futility_rule(scale="predictive_power", values=[0.1])
    reading = _reading(_protocol(rule), evaluable=600)
    assert (reading.z, reading.crossed) == (None, None)
    assert "No claim lies ahead" in (reading.reason or "")


def _binding(value: float) -> Document:
    return futility_rule(values=[value], binding=True, binding_reason="The contract ends then.")


def _first_boundary(protocol: Protocol, statistic: float) -> Boundary:
    look = plan_of(protocol, "L1")
    plan = look.hypotheses[0]
    bound = bound_of(look, plan, evaluable=300, information=400.0, earlier=())
    here = Here(look, plan, bound, 300, 400.0, statistic, earlier=())
    return Boundary(
        look="L1",
        number=1,
        planned_information=0.5,
        information_fraction=0.5,
        statistical_information=400.0,
        alpha_spent=bound.alpha_spent,
        nominal_alpha=bound.nominal_alpha or 0.0,
        z=bound.z,
        statistic=statistic,
        crossed=False,
        level=bound.level,
        spending_time=bound.time,
        futility=futility_readings(here),
    )


def test_a_binding_bound_lowers_later_bounds_and_spends_the_same_alpha() -> None:
    protocol = _protocol(_binding(1.0))
    look = plan_of(protocol, "L2")
    earlier = [_first_boundary(protocol, 1.5)]
    bound = bound_of(look, look.hypotheses[0], evaluable=600, information=800.0, earlier=earlier)
    assert bound.z is not None
    assert bound.z < 1.9685
    assert earlier[0].z is not None
    ways = crossing_probabilities([earlier[0].z, bound.z], [400.0, 800.0], lower=[1.0, bound.z])
    assert sum(ways.upper) == pytest.approx(0.025, abs=1e-9)


def test_after_a_binding_bound_is_crossed_nothing_is_claimed() -> None:
    protocol = _protocol(_binding(2.9))
    pairs = simulate_pairs(protocol, Truth(n=300, candidate_separation=0.9, seed=4))
    first = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    assert first.hypotheses[0].boundaries[0].futility[0].crossed
    better = simulate_pairs(protocol, Truth(n=700, candidate_separation=2.2, seed=4))
    last = conduct(protocol, lock_of(protocol, better, look="L2"), [first])
    assert last.hypotheses[0].verdict is Verdict.NOT_TESTED
    assert not last.hypotheses[0].shown
    assert last.recommendation.rule == "futile"
    assert "Given up for futility at look L1" in last.headline


def test_harm_has_an_alpha_of_its_own_and_takes_none_from_the_claim() -> None:
    watched = _looks(_protocol(harm=(harm_bound(),)), GOOD)
    alone = _looks(_protocol(), GOOD)
    harm = watched[0].hypotheses[0].boundaries[0].harm[0]
    assert harm.alpha_spent == pytest.approx(spent("lan_demets_pocock", 0.02, 0.5))
    assert harm.z == pytest.approx(NormalDist().inv_cdf(1 - harm.alpha_spent))
    assert watched[1].hypotheses[0].boundaries[1].harm[0].alpha_spent == 0.02
    for mine, theirs in zip(watched, alone, strict=True):
        bounds = [b.model_copy(update={"harm": ()}) for b in mine.hypotheses[0].boundaries]
        assert tuple(bounds) == theirs.hypotheses[0].boundaries


def test_a_worse_candidate_is_harmful_before_the_margin_is_lost() -> None:
    """The true effect lies about at the margin of a wide one: no claim of inferiority, but harm."""

    def wide(document: Document) -> None:
        document["harm_bounds"] = [harm_bound()]
        document["hypotheses"][0]["margin"]["value"] = 0.3
        decide_first(document, "harmful", "H1.harmful", "stop")

    protocol = example_protocol(wide)
    first, last = _looks(protocol, Truth(n=700, candidate_separation=0.5, seed=4))
    reading = first.hypotheses[0].boundaries[0].harm[0]
    assert reading.crossed
    assert first.recommendation.rule == "harmful"
    assert first.hypotheses[0].verdict is not Verdict.INFERIOR
    assert "registered action: pause" in first.hypotheses[0].verdict_sentence
    assert "Harm bound crossed: Discrimination (AUC)." in first.headline
    assert last.recommendation.rule == "harmful"
    found = first.hypotheses[0]
    assert reading.z is not None
    assert reading.statistic is not None
    assert found.boundaries[0].statistic is not None
    assert reading.z_of_hypothesis is not None
    assert (found.boundaries[0].statistic <= reading.z_of_hypothesis) == reading.crossed


def test_a_good_candidate_is_not_harmful() -> None:
    first, _ = _looks(_protocol(harm=(harm_bound(),)), GOOD)
    assert first.hypotheses[0].boundaries[0].harm[0].crossed is False
    assert first.recommendation.rule != "harmful"

"""Planned bounds are those that the looks compute when everything comes as planned."""

import pytest

from evaluation.boundaries import bound_of, boundary_of
from evaluation.futility import Here, futility_readings
from evaluation.harm import Worse, harm_readings
from evaluation.plan import plan_of
from evaluation.planning.designs import designs_of
from evaluation.results import Boundary
from protocols.schema import FutilityRule, Protocol
from tests.support.planned_protocol import futility, harm, with_stops

RULES = {
    "z": (futility("z", (0.1, 0.6)),),
    "effect": (futility("effect", (-0.09, -0.07)),),
    "conditional power": (futility("conditional_power", (0.1, 0.3), true_effect=0.0),),
    "its own estimate": (futility("conditional_power", (0.1, 0.3)),),
    "predictive power": (futility("predictive_power", (0.1, 0.3)),),
    "beta": (futility("beta_spending", ()),),
    "binding beta": (futility("beta_spending", (), binding=True),),
    "two rules": (
        futility("z", (0.1,), looks=("L1",), binding=True),
        futility("beta_spending", ()),
    ),
    "none": (),
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
def test_looks_that_come_as_planned_have_the_planned_bounds(
    rules: tuple[FutilityRule, ...],
) -> None:
    protocol = with_stops(*rules)
    design = designs_of(protocol)[0]
    assert design.sized is not None
    earlier: list[Boundary] = []
    for place, planned in enumerate(protocol.monitoring.looks):
        # The looks measure effects on the endpoint's scale: information is 1 / SE^2 there.
        information = design.sized.standard_error(planned.information) ** -2
        found = _look(protocol, planned.id, information, earlier)
        assert found.z == pytest.approx(design.upper[place], abs=1e-7)
        lower = [reading.z for reading in found.futility if reading.z is not None]
        if design.futility[place] > float("-inf"):
            assert max(lower) == pytest.approx(design.futility[place], abs=1e-7)
        else:
            assert lower == []
        earlier.append(found)


def _look(protocol: Protocol, look: str, information: float, earlier: list[Boundary]) -> Boundary:
    plan = plan_of(protocol, look, [before.look for before in earlier])
    hypothesis = plan.hypotheses[0]
    share = next(one.information for one in protocol.monitoring.looks if one.id == look)
    evaluable = round(share * protocol.sample_size.evaluable_pairs)
    bound = bound_of(
        plan, hypothesis, evaluable=evaluable, information=information, earlier=earlier
    )
    here = Here(plan, hypothesis, bound, evaluable, information, 1.0, tuple(earlier))
    return boundary_of(
        plan,
        bound,
        evaluable=evaluable,
        information=information,
        statistic=1.0,
        crossed=False,
        futility=futility_readings(here),
    )


def test_harm_bounds_of_looks_as_planned_are_the_planned_ones() -> None:
    protocol = with_stops(harms=(harm(),))
    design = designs_of(protocol)[0]
    assert design.sized is not None
    earlier: list[Boundary] = []
    for place, planned in enumerate(protocol.monitoring.looks):
        information = design.sized.standard_error(planned.information) ** -2
        plan = plan_of(protocol, planned.id, [before.look for before in earlier])
        found = _look(protocol, planned.id, information, earlier)
        (reading,) = harm_readings(
            plan,
            plan.hypotheses[0],
            Worse(information, 0.0, None),
            time=planned.information,
            earlier=earlier,
        )
        assert reading.z_of_hypothesis == pytest.approx(design.harm[place], abs=1e-7)
        assert reading.alpha_spent == pytest.approx(design.harm_alphas[place], abs=1e-12)
        earlier.append(found.model_copy(update={"harm": (reading,)}))

"""The registered spending at a look: families, clocks, the start, and a short last look."""

import pytest

from evaluation.boundaries import Bound, bound_of
from evaluation.conduct import conduct
from evaluation.design.spending import spent
from evaluation.plan import plan_of
from evaluation.spending import spending_by
from protocols.schema import SpendingPlan
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs

ALPHA = 0.025
TABLE: Document = {"family": "table", "points": [[0.5, 0.3], [1.0, 1.0]]}


def _bound(
    look: str, evaluable: int, *, spending: Document | None = None, **monitoring: str
) -> Bound:
    def edit(document: Document) -> None:
        document["monitoring"] |= monitoring
        document["monitoring"]["spending"] |= spending or {}

    planned = plan_of(example_protocol(edit), look)
    return bound_of(
        planned, planned.hypotheses[0], evaluable=evaluable, information=500.0, earlier=()
    )


def _plan(family: str, parameter: float | None = None, **fields: object) -> SpendingPlan:
    plan = {"family": family, "parameter": parameter, "points": (), "start": None, **fields}
    return SpendingPlan.model_validate(plan)


@pytest.mark.parametrize(
    ("family", "parameter"),
    [
        ("lan_demets_obrien_fleming", None),
        ("lan_demets_pocock", None),
        ("hwang_shih_decani", -4.0),
        ("kim_demets", 3.0),
    ],
)
def test_a_look_spends_by_the_registered_function(family: str, parameter: float | None) -> None:
    bound = _bound("L1", 270, spending={"family": family, "parameter": parameter})
    assert bound.alpha_spent == spent(family, ALPHA, 0.45, parameter=parameter)


def test_piecewise_spending_is_linear_between_its_points() -> None:
    points = [[0.4, 0.1], [0.8, 0.5], [1.0, 1.0]]
    bound = _bound("L1", 360, spending={"family": "piecewise", "points": points})
    assert bound.alpha_spent == pytest.approx(ALPHA * 0.3)


@pytest.mark.parametrize("evaluable", [250, 300, 700])
def test_a_table_spends_by_look_whatever_information_it_has(evaluable: int) -> None:
    assert _bound("L1", evaluable, spending=TABLE).alpha_spent == pytest.approx(ALPHA * 0.3)
    assert _bound("L2", evaluable, spending=TABLE).alpha_spent == ALPHA


def test_nothing_is_spent_up_to_the_start() -> None:
    bound = _bound("L1", 300, spending={"start": 0.5})
    assert (bound.alpha_spent, bound.z) == (0.0, None)
    assert "gives it no alpha" in (bound.reason or "")
    later = _bound("L1", 330, spending={"start": 0.5})
    assert later.alpha_spent == spent("lan_demets_obrien_fleming", ALPHA, 0.55)


def test_spending_from_a_start_still_ends_at_all_of_alpha() -> None:
    assert spending_by(_plan("kim_demets", 1.0, start=0.9), ALPHA, time=1.0, number=2) == ALPHA


def test_the_smaller_share_holds_back_a_look_that_comes_with_more_pairs() -> None:
    clock = "smaller_of_planned_and_observed"
    by_plan = spent("lan_demets_obrien_fleming", ALPHA, 0.5)
    assert _bound("L1", 650).alpha_spent == ALPHA
    assert _bound("L1", 650, clock=clock).alpha_spent == by_plan
    assert _bound("L1", 270, clock=clock) == _bound("L1", 270)


def test_a_short_last_look_may_spend_by_its_information() -> None:
    fraction = spent("lan_demets_obrien_fleming", ALPHA, 0.75)
    assert _bound("L2", 450).alpha_spent == ALPHA
    assert _bound("L2", 450, final_look="information_fraction").alpha_spent == fraction
    assert _bound("L2", 600, final_look="information_fraction").alpha_spent == ALPHA


def test_a_short_last_look_that_leaves_alpha_unspent_says_so() -> None:
    def edit(document: Document) -> None:
        document["monitoring"]["final_look"] = "information_fraction"

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, Truth(n=500, seed=5))
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 300), look="L1"), [])
    late = conduct(protocol, lock_of(protocol, pairs, look="L2", accrual_closed=True), [early])
    assert any("leaves alpha unspent" in sentence for sentence in late.limits)
    assert late.hypotheses[0].boundaries[1].alpha_spent < ALPHA


def test_a_look_after_which_no_more_may_be_spent_says_why() -> None:
    points = [[0.4, 0.5], [0.9, 0.5], [1.0, 1.0]]

    def edit(document: Document) -> None:
        document["monitoring"]["spending"] |= {"family": "piecewise", "points": points}
        document["monitoring"]["looks"].insert(1, {"id": "L1b", "information": 0.75})

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, Truth(n=470, seed=5))
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 300), look="L1"), [])
    late = conduct(protocol, lock_of(protocol, pairs, look="L1b"), [early])
    assert late.hypotheses[0].boundaries[1].z is None
    assert late.hypotheses[0].reason == (
        "The registered spending gives this look no more than earlier looks have spent."
    )

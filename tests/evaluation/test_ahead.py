"""What lies ahead of a look are the planned looks that are still to come, and no other."""

import pytest

from evaluation.ahead import looks_ahead
from evaluation.boundaries import bound_of
from evaluation.design.conditional.power import Later
from evaluation.plan import plan_of
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol


def _protocol() -> Protocol:
    def edit(document: Document) -> None:
        looks = {"L1": 0.4, "L2": 0.7, "L3": 1.0}
        document["monitoring"] |= {
            "looks": [{"id": name, "information": share} for name, share in looks.items()],
            "unplanned_looks": "allowed",
        }

    return example_protocol(edit)


def _ahead(look: str, before: list[str], evaluable: int) -> Later:
    plan = plan_of(_protocol(), look, before)
    information = float(evaluable)
    bound = bound_of(
        plan, plan.hypotheses[0], evaluable=evaluable, information=information, earlier=()
    )
    found = looks_ahead(plan, "H1", bound, evaluable=evaluable, information=information)
    assert found is not None
    return found


@pytest.mark.parametrize("evaluable", [228, 239, 240, 260])
def test_a_look_made_a_little_short_of_its_plan_does_not_lie_ahead_of_itself(
    evaluable: int,
) -> None:
    """240 of 600 pairs are planned; 228 are within the tolerance."""
    assert _ahead("L1", [], evaluable).information == pytest.approx((420, 600))


def test_a_planned_look_that_was_made_short_does_not_come_again() -> None:
    assert _ahead("unplanned_1", ["L1"], 234).information == pytest.approx((420, 600))


def test_a_planned_look_that_is_still_to_come_lies_ahead_of_an_unplanned_one() -> None:
    assert _ahead("unplanned_1", [], 200).information == pytest.approx((240, 420, 600))

"""A rehearsal goes on to the total that a look has set, as a trial does."""

from evaluation.planning.rehearsal import replicates, scene_named
from tests.evaluation.planning.rehearsed import ZONE, rehearsed_protocol, scenario


def test_a_rehearsed_trial_follows_its_change_of_size() -> None:
    protocol = rehearsed_protocol(scenario(true_effect=-0.02)).model_copy(
        update={"re_estimation": ZONE}
    )
    ends = [
        r.evaluable for r in replicates(scene_named(protocol, "ideal", "H1"), seed=7, first=0, n=12)
    ]
    grown = [n for n in ends if n > 600]
    assert grown
    assert max(ends) <= 900
    assert all(n in (300, 600) for n in ends if n not in grown)

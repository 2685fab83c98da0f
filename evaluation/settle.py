"""Every hypothesis of a look settled under the registered multiplicity."""

from collections.abc import Sequence

from evaluation.decide import Evidence, Settled, decide_all
from evaluation.hypotheses import Estimates, evidence_of
from evaluation.plan import LookPlan
from evaluation.results import LookResults
from evaluation.sharing import Asking, settle_shared


def settle(
    look: LookPlan,
    estimates: Sequence[Estimates],
    previous: Sequence[LookResults],
    *,
    evaluable: int,
) -> dict[str, Settled]:
    """By id. Where one alpha is shared, bounds follow the alpha that each holds."""
    items = {item.plan.hypothesis.id: item for item in estimates}

    def at(code: str, level: float | None) -> Evidence:
        return evidence_of(look, items[code], previous, evaluable=evaluable, level=level)

    plan = look.protocol.multiplicity
    if plan.graph is not None:
        return settle_shared(plan.graph, Asking(look, plan, tuple(items), at, tuple(previous)))
    evidence = {code: at(code, None) for code in items}
    decided = decide_all(plan, tuple(evidence.values()), look=look.look.id)
    return {code: Settled(evidence[code], decided[code]) for code in items}

"""How many pairs each hypothesis needs, which one drives, and whether the plan is enough."""

from collections.abc import Sequence

from evaluation.design.size.looks import looks_of
from evaluation.design.size.plan import Plan
from evaluation.planning.designs import Design
from evaluation.planning.sized import Sized
from evaluation.results.design import HypothesisSize, Sizes

ROUNDING = 1e-9  # by which the factor of a single look may miss 1


def plan_with_looks(design: Design, sized: Sized) -> Plan:
    """Error rates with the factors of looks, clusters and unknown outcomes; stops are obeyed."""
    found = looks_of(design.upper, design.fractions, sized.plan(), lower=design.stops)
    inflation = found.inflation
    return sized.plan(1.0 if abs(inflation - 1) < ROUNDING else inflation)


def sizes_of(designs: Sequence[tuple[Design, Sized]], planned: int) -> Sizes:
    """All hypotheses with a size design; the one that needs most pairs drives."""
    found = [_size(design, sized) for design, sized in designs]
    needed = max(size.n_pairs for size in found)
    driver = next(size for size in found if size.n_pairs == needed)
    marked = tuple(s.model_copy(update={"drives": s.id == driver.id}) for s in found)
    return Sizes(
        planned_pairs=planned,
        needed_pairs=needed,
        short_by=max(0, needed - planned),
        hypotheses=marked,
        sentence=_sentence(driver, planned),
    )


def _sentence(driver: HypothesisSize, planned: int) -> str:
    said = f"{driver.id} asks for the most: {driver.n_pairs:,} evaluable pairs"
    if planned < driver.n_pairs:
        missing = driver.n_pairs - planned
        return f"{said}. The plan of {planned:,} is short of it by {missing:,}."
    return f"{said}. The plan of {planned:,} is enough."


def _size(design: Design, sized: Sized) -> HypothesisSize:
    plan = plan_with_looks(design, sized)
    found = sized.normal(sized.design.true_effect).size(plan, sized.formula.title)
    assert found.n_subjects is not None  # noqa: S101 - the plan has clusters
    return HypothesisSize(
        id=design.id,
        endpoint_title=design.plan.endpoint.title,
        method=found.method,
        power=found.power,
        alpha=found.alpha,
        true_effect=sized.design.true_effect,
        n_independent=found.n_independent,
        inflation=plan.inflation,
        design_effect=sized.clusters.design_effect,
        ascertainment=plan.ascertainment,
        n_exact=found.n_exact,
        n_pairs=found.n_pairs,
        n_enrolled=found.n_enrolled,
        n_subjects=found.n_subjects,
        attained_power=found.attained_power,
        drives=False,
    )

"""How many pairs each hypothesis needs, which one drives, and whether the plan is enough."""

from collections.abc import Sequence

from evaluation.design.size.plan import rounded_up
from evaluation.planning.designs import Design
from evaluation.planning.needed import needed, power_with
from evaluation.planning.sized import Sized
from evaluation.results.design import HypothesisSize, Sizes
from protocols.errors import UsageError

ROUNDING = 1e-9  # by which the factor of a single look may miss 1


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
    truth = sized.design.true_effect
    found = needed(design, sized, truth)
    inflation = 1.0 if abs(found.inflation - 1) < ROUNDING else found.inflation
    clusters, ascertainment = sized.clusters, sized.design.ascertainment
    exact = found.single * inflation * clusters.design_effect
    n_pairs = max(1, rounded_up(exact))
    n_enrolled = rounded_up(n_pairs / ascertainment)
    return HypothesisSize(
        id=design.id,
        endpoint_title=design.plan.endpoint.title,
        method=method_of(design, sized),
        power=sized.design.power,
        alpha=sized.alpha,
        true_effect=truth,
        n_independent=found.single,
        inflation=inflation,
        design_effect=clusters.design_effect,
        ascertainment=ascertainment,
        n_exact=exact,
        n_pairs=n_pairs,
        n_enrolled=n_enrolled,
        n_subjects=rounded_up(n_enrolled / clusters.mean_size),
        attained_power=power_with(design, sized, truth, pairs=n_pairs),
        n_without_effect=_without_effect(design, sized),
        drives=False,
    )


def method_of(design: Design, sized: Sized) -> str:
    """The formula by name; an equivalence asks it of either margin."""
    both = ", two one-sided tests" if design.equivalence else ""
    return f"{sized.formula.title}{both}"


def _without_effect(design: Design, sized: Sized) -> int | None:
    """The same size if the arms were worth the same; only where the plan takes more for granted."""
    none = 1.0 if design.plan.scale == "ratio" else 0.0
    truth = sized.design.true_effect
    if design.null == none or sized.distance(truth) <= sized.distance(none):
        return None
    try:
        found = needed(design, sized, none)
    except UsageError:
        return None
    return max(1, rounded_up(found.looks * sized.clusters.design_effect))

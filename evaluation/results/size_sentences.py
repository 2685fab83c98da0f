"""What a design's sizes take for granted, in sentences that table and page share."""

from evaluation.results.design import DesignResults, JointPower

NO_PAIR = "they share no pair"
"""`JointPower.exact_by` of hypotheses that are tested on pairs of their own."""


def size_sentences(found: DesignResults) -> list[str]:
    """What sizes take for granted, and what a group needs together; the page says the same."""
    sizes = () if found.sizes is None else found.sizes.hypotheses
    better = [
        f"{size.id} is planned for a candidate that is better; of equal worth it would need "
        f"{size.n_without_effect:,} pairs."
        for size in sizes
        if size.n_without_effect is not None
    ]
    together = [
        f"All of {', '.join(joint.hypotheses)} together have a power of {joint.asked:g} with "
        f"{joint.pairs:,} evaluable pairs, {how_joint(joint)}."
        for joint in found.joint
        if joint.pairs is not None
    ]
    return [*better, *together]


def how_joint(joint: JointPower) -> str:
    """What the pairs of a joint power take for granted."""
    by = joint.exact_by == NO_PAIR
    return f"as {NO_PAIR}" if by else "whatever their dependence"

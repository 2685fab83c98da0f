"""The engine's sentences: fixed templates, filled from results, never typed by hand.

Numbers have three decimals here, or as many more (up to six) as keep a limit apart from the margin
it is held against: a reader must see what decided.
"""

from dataclasses import dataclass

from evaluation.decide import Decided
from evaluation.inferences import LATE, leaves_out
from evaluation.plan import HypothesisPlan
from evaluation.results import Boundary, Interval, SequentialInference, TestResult
from protocols.methods.measures import MEASURES, Measure
from protocols.vocabulary import Framework, Verdict

VERDICTS = {
    Verdict.SUPERIOR: "The candidate is superior to the standard of care in {measure}",
    Verdict.NON_INFERIOR: "The candidate is non-inferior to the standard of care in {measure}",
    Verdict.EQUIVALENT: "The candidate is equivalent to the standard of care in {measure}",
    Verdict.NON_INFERIOR_BUT_WORSE: (
        "The candidate is non-inferior to the standard of care in {measure}, but worse within the"
        " margin"
    ),
    Verdict.NOT_SHOWN: (
        "{Aim} of the candidate in {measure} is not shown: the look is inconclusive"
    ),
    Verdict.NOT_SHOWN_AND_WORSE: (
        "{Aim} of the candidate in {measure} is not shown, and the candidate is worse than the"
        " standard of care"
    ),
    Verdict.INFERIOR: "The candidate is inferior to the standard of care in {measure}",
    Verdict.NOT_ROBUST: (
        "{Aim} of the candidate in {measure} is not robust: the analysis populations disagree"
    ),
    Verdict.NOT_EVALUABLE: "{Aim} of the candidate in {measure} is not evaluable at this look",
    Verdict.NOT_TESTED: "{Aim} of the candidate in {measure} is not tested at this look",
}

NAMELESS = ("value", "score", "category")
"""Measures that say how a number is had, not what it is of."""

AIMS = {
    Framework.NON_INFERIORITY: "Non-inferiority",
    Framework.SUPERIORITY: "Superiority",
    Framework.EQUIVALENCE: "Equivalence",
}


def three(value: float, *, apart_from: float | None = None) -> str:
    """Three decimals, a true minus sign, and no minus zero; more where rounding would mislead."""
    places = 3
    if apart_from is not None and value != apart_from:
        while places < 6 and f"{value:.{places}f}" == f"{apart_from:.{places}f}":
            places += 1
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def plain(value: float) -> str:
    """A registered number as it was written: 0.02, 95."""
    return f"{value:.6g}".replace("-", "−")


def verdict_sentence(
    plan: HypothesisPlan, decided: Decided, primary: TestResult, interval: Interval | None
) -> str:
    """Verdict first, then the effect, its interval and the margin, then what qualifies it."""
    words = opening(
        decided.verdict,
        plan.hypothesis.framework,
        measure=plan.endpoint.measure,
        endpoint=plan.endpoint.title,
    )
    numbers = _numbers(plan, primary, interval)
    sentence = f"{words}: {numbers}." if numbers and ":" not in words else f"{words}."
    if numbers and ":" in words:
        sentence += f" {numbers[0].upper()}{numbers[1:]}."
    if decided.reason is not None:
        sentence += f" {decided.reason}"
    return sentence


CLAIM_WORDS = {
    "stagewise": "stage-wise order",
    "estimate_order": "order of the estimates",
    "likelihood_ratio_order": "order of the likelihood ratios",
    "weighted": "weighting of late outcomes",
    "deletion": "deletion of the look that stopped",
}
NO_LONGER = " With what came late it no longer leaves out the margin."


def claim_words(plan: HypothesisPlan, found: SequentialInference | None) -> tuple[str, ...]:
    """The registered claim where it is not the repeated interval, which stands there already."""
    for item in () if found is None else found.inferences:
        if not item.claim or item.kind not in CLAIM_WORDS:
            continue
        limits = [
            "no limit" if limit is None else three(limit, apart_from=_edge(plan, limit))
            for limit in (item.low, item.high)
        ]
        said = (
            f"By the {CLAIM_WORDS[item.kind]}, as registered: median unbiased {plan.scale} "
            f"{three(item.estimate)} ({plain(100 * item.level)}% interval {' to '.join(limits)})."
        )
        late = "" if leaves_out(plan, item) or item.kind not in LATE else NO_LONGER
        return (said + late,)
    return ()


def monitoring_words(boundary: Boundary) -> tuple[str, ...]:
    """That a futility or a harm bound is crossed at this look, with what was registered for it."""
    said = []
    for futility in boundary.futility:
        if not futility.crossed or futility.z is None or boundary.statistic is None:
            continue
        words = f"z {three(boundary.statistic, apart_from=futility.z)} lies below "
        words += three(futility.z, apart_from=boundary.statistic)
        kind = "given up" if futility.binding else "it may be given up"
        bound = "binding" if futility.binding else "non-binding"
        said.append(f"The {bound} futility bound is crossed ({words}): {kind}.")
    for harm in boundary.harm:
        if not harm.crossed or harm.z is None or harm.statistic is None:
            continue
        words = f"z {three(harm.statistic, apart_from=harm.z)} against no effect, bound "
        words += three(harm.z, apart_from=harm.statistic)
        said.append(
            f"The harm bound is crossed: the candidate is worse ({words}); registered action: "
            f"{harm.action}."
        )
    return tuple(said)


def _numbers(plan: HypothesisPlan, primary: TestResult, interval: Interval | None) -> str:
    if primary.estimate is None:
        return ""
    if interval is None:
        return f"{_effect_name(plan)} {three(primary.estimate)}"
    limits = " to ".join(
        three(limit, apart_from=_edge(plan, limit)) for limit in (interval.low, interval.high)
    )
    registered = plan.hypothesis.margin
    margin = f", margin {plain(registered.value)}" if registered else ""
    kind = f"{plain(100 * interval.level)}% {interval.kind} interval"
    return f"{_effect_name(plan)} {three(primary.estimate)} ({kind} {limits}{margin})"


def _effect_name(plan: HypothesisPlan) -> str:
    """A ratio of hazards goes the other way than one of times, so it must be called that."""
    hazards = plan.endpoint.measure == "hazard" and plan.scale == "ratio"
    return "hazard ratio" if hazards else plan.scale


def _edge(plan: HypothesisPlan, limit: float) -> float:
    """What a limit must be kept apart from in print: the margin on its side."""
    if plan.scale == "ratio":
        return plan.margin if (limit < 1) == (plan.margin < 1) else 1 / plan.margin
    return -plan.margin if limit < 0 else plan.margin


def opening(
    verdict: Verdict,
    framework: Framework,
    *,
    measure: Measure,
    endpoint: str,
    margin: float | None = None,
) -> str:
    """The verdict in words, without its numbers and without a full stop.

    With `margin` the measure is told apart from the same measure at another margin; a measure that
    names nothing without its outcome is called by the endpoint's title.
    """
    title = f"“{endpoint}”" if measure in NAMELESS else MEASURES[measure].title
    named = title if margin is None else f"{title} (margin {plain(margin)})"
    return VERDICTS[verdict].format(Aim=AIMS[framework], measure=named)


@dataclass(frozen=True, slots=True)
class Headline:
    """What the look's first sentence must not leave out.

    `exceeded` are the titles of safety rules beyond their limit, `harmed` those of endpoints whose
    harm bound has been crossed at this look or an earlier one; `leading` the whole sentences of
    the first group of the registered order, `n_shown` of them shown; `others` the openings of
    the hypotheses after it.
    """

    exceeded: tuple[str, ...]
    leading: tuple[str, ...]
    n_shown: int
    others: tuple[str, ...]
    harmed: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Safety first, then the primary claim with its numbers, then what else was tested."""
        parts = [f"Safety limit exceeded: {title}." for title in self.exceeded]
        parts += [f"Harm bound crossed: {title}." for title in self.harmed]
        if len(self.leading) > 1:
            parts.append(f"{self.n_shown} of {len(self.leading)} co-primary hypotheses are shown.")
        parts += self.leading
        parts += [f"{other}." for other in self.others]
        return " ".join(parts)

"""Facts put into words. The vocabulary is closed; nothing here is typed per trial.

A hypothesis's own verdict sentence and the headline come from the engine; what stands here names
verdicts, describes intervals and turns rates into natural frequencies.
"""

from collections.abc import Sequence

from evaluation.results import (
    HypothesisResult,
    Interval,
    LookResults,
    NaturalFrequencies,
    TestResult,
)
from protocols.methods.measures import MEASURES, Measure
from protocols.vocabulary import Arm, Direction, Fate, Framework, Role, SafetyVerdict, Verdict
from reports import numbers
from reports.effects import RATIO, EffectFormat, linear

RECOMMENDATIONS = {
    "switch": "Switch to the candidate",
    "randomised_pilot": "Go on to a randomised pilot",
    "extend": "Extend the trial",
    "continue": "Continue to the next look",
    "keep_standard_of_care": "Keep the standard of care",
    "stop": "Stop the trial",
}

VERDICTS = {
    Verdict.SUPERIOR: "Superior",
    Verdict.NON_INFERIOR: "Non-inferior",
    Verdict.EQUIVALENT: "Equivalent within the margins",
    Verdict.NON_INFERIOR_BUT_WORSE: "Non-inferior, but worse within the margin",
    Verdict.NOT_SHOWN: "Not shown (inconclusive)",
    Verdict.NOT_SHOWN_AND_WORSE: "Not shown (inconclusive), and worse",
    Verdict.INFERIOR: "Inferior",
    Verdict.NOT_ROBUST: "Not robust: the analysis populations disagree",
    Verdict.NOT_EVALUABLE: "Not evaluable",
    Verdict.NOT_TESTED: "Not tested",
}

METHODS = {
    "c_index_difference": "C-index difference",
    "clustered_difference_cr2": "Clustered difference, CR2",
    "clustered_mcnemar": "McNemar, clustered",
    "cochran_q": "Cochran's Q",
    "delong": "DeLong",
    "gee_arm_effect": "GEE, effect of the arm",
    "gee_difference": "GEE, difference",
    "hodges_lehmann": "Hodges-Lehmann",
    "ipw_difference": "Inverse probability weighting, difference",
    "kaplan_meier": "Kaplan-Meier",
    "mcnemar": "McNemar",
    "mcnemar_exact": "McNemar, exact",
    "mcnemar_midp": "McNemar, mid-p",
    "obuchowski_rockette": "Obuchowski-Rockette",
    "passing_bablok_regression": "Passing-Bablok regression",
    "scas_score": "SCAS, score",
    "tang_score_ratio": "Tang, score, ratio",
    "tango_score": "Tango, score",
    "wilcoxon_signed_rank": "Wilcoxon, signed rank",
}

INTERVALS = {
    "agresti_min": "Agresti and Min",
    "approximate_1986": "approximate, Bland and Altman 1986",
    "bca": "bias-corrected and accelerated bootstrap",
    "bonett_price": "Bonett and Price",
    "bootstrap_bca": "bias-corrected and accelerated bootstrap",
    "clopper_pearson": "Clopper and Pearson",
    "cr2": "leverage-adjusted (CR2)",
    "delong": "DeLong",
    "clustered_t": "between subjects, t",
    "f": "F distribution",
    "jackknife_normal": "jackknife, normal",
    "jackknife_t": "jackknife, t",
    "log_log": "log-log",
    "lower": "one-sided, lower",
    "mantel_haenszel": "Mantel and Haenszel",
    "midp": "mid-p",
    "mover": "MOVER",
    "newcombe": "Newcombe",
    "percentile": "bootstrap percentile",
    "rubin_t": "Rubin, t",
    "scas": "SCAS",
    "tang_score": "Tang, score",
    "t": "Student's t",
    "tango": "Tango",
    "tango_score": "Tango, score",
    "two_sided": "two-sided",
    "upper": "one-sided, upper",
    "wald": "Wald",
    "wald_log": "Wald, on the log scale",
    "wilson": "Wilson",
    "z_transform": "Fisher's z",
}


def test_words(name: str) -> str:
    """A registered test or estimator by the name that statisticians give it."""
    return METHODS.get(name, capital(name.replace("_", " ")))


def measure_words(measure: Measure) -> str:
    """A measure at the head of a line."""
    return capital(MEASURES[measure].title)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def effect_words(scale: str) -> str:
    """What an effect is, by its scale."""
    return f"{capital(scale)}, {operation_words(scale)}"


def operation_words(scale: str) -> str:
    """What is done with the arms' values."""
    return f"candidate {'÷' if scale == RATIO else '−'} standard of care"


def verdict_words(verdict: Verdict) -> str:
    """A verdict as a reader meets it."""
    return VERDICTS[verdict]


def safety_words(verdict: SafetyVerdict) -> str:
    """A safety verdict as a reader meets it."""
    match verdict:
        case SafetyVerdict.LIMIT_EXCEEDED:
            return "Limit exceeded"
        case SafetyVerdict.WITHIN_LIMIT:
            return "Within the limit"
        case SafetyVerdict.NOT_SETTLED:
            return "Not settled"
        case SafetyVerdict.NOT_EVALUABLE:
            return "Not evaluable"


def role_words(role: Role) -> str:
    """An endpoint's role."""
    match role:
        case Role.PRIMARY:
            return "Primary"
        case Role.CO_PRIMARY:
            return "Co-primary"
        case Role.KEY_SECONDARY:
            return "Key secondary"
        case Role.SECONDARY:
            return "Secondary"
        case Role.DESCRIPTIVE:
            return "Descriptive"


def analysis_role_words(role: str) -> str:
    """What a registered analysis is in the trial for, and what it is not."""
    return f"{capital(role)}: spends no alpha and supports no claim"


def interval_method_words(word: str, level: float) -> str:
    """'95% interval: Newcombe', 'No interval'."""
    if word == "none":
        return "No interval"
    return f"{numbers.plain_percent(level)} interval: {INTERVALS.get(word, word.replace('_', ' '))}"


def fate_words(fate: Fate) -> str:
    """A fate without its underscores."""
    return fate.value.replace("_", " ")


def framework_words(framework: Framework) -> str:
    """A hypothesis' framework."""
    match framework:
        case Framework.NON_INFERIORITY:
            return "Non-inferiority"
        case Framework.SUPERIORITY:
            return "Superiority"
        case Framework.EQUIVALENCE:
            return "Equivalence"


def claim_interval(test: TestResult) -> Interval | None:
    """The interval that carries the claim: the repeated one where there is one."""
    repeated = [i for i in test.intervals if i.kind == "repeated"]
    return next(iter(repeated or test.intervals), None)


def level_words(interval: Interval) -> str:
    """'97.5% repeated interval'."""
    kind = f"{interval.kind} interval" if interval.kind == "repeated" else "interval"
    return f"{numbers.plain_percent(interval.level)} {kind}"


def interval_words(interval: Interval, form: EffectFormat) -> str:
    """'97.5% repeated interval −3.1 to 1.5'."""
    return f"{level_words(interval)} {form.interval(interval.low, interval.high)}"


def effect_sentence(hypothesis: HypothesisResult, form: EffectFormat) -> str:
    """The primary population's difference, its interval, and where that lies."""
    test = hypothesis.primary
    interval = claim_interval(test)
    if test.estimate is None or interval is None:
        reason = test.not_evaluable or hypothesis.reason or "no estimate was given"
        return f"Not evaluable: {as_clause(reason)}."
    words = (
        f"{effect_words(hypothesis.scale)}: {form.with_unit(test.estimate)} "
        f"({interval_words(interval, form)})."
    )
    return f"{words} {_position(hypothesis, interval, form)}"


def _position(hypothesis: HypothesisResult, interval: Interval, form: EffectFormat) -> str:
    """Where the interval lies, compared on unrounded values."""
    scale = hypothesis.scale
    low, high = linear(interval.low, scale), linear(interval.high, scale)
    if hypothesis.direction is Direction.LOWER_IS_BETTER:
        low, high = -high, -low
    if hypothesis.margin is None:
        if low > 0:
            return "The whole interval favours the candidate."
        if high < 0:
            return "The whole interval favours the standard of care."
        return f"The interval includes {'one' if scale == RATIO else 'zero'}."
    distance = abs(linear(hypothesis.margin, scale))
    edges = [form.with_unit(edge) for edge in edges_of(hypothesis)]
    if len(edges) > 1:
        return _between(low, high, distance, " and ".join(edges))
    if low > -distance:
        return f"The whole interval lies on the acceptable side of the margin ({edges[0]})."
    if high < -distance:
        return f"The whole interval lies beyond the margin ({edges[0]})."
    return f"The interval crosses the margin ({edges[0]})."


def _between(low: float, high: float, distance: float, edges: str) -> str:
    if -distance < low and high < distance:
        return f"The whole interval lies between the margins ({edges})."
    if high < -distance or low > distance:
        return f"The whole interval lies beyond one of the margins ({edges})."
    return f"The interval crosses a margin ({edges})."


def edges_of(hypothesis: HypothesisResult) -> tuple[float, ...]:
    """Where the margin stands on the effect's own scale; both margins of an equivalence."""
    margin = hypothesis.margin
    if margin is None:
        return ()
    if hypothesis.scale == RATIO:
        own, other = margin, 1 / margin
    else:
        sign = -1 if hypothesis.direction is Direction.HIGHER_IS_BETTER else 1
        own, other = sign * margin, -sign * margin
    if hypothesis.framework is Framework.EQUIVALENCE:
        return (min(own, other), max(own, other))
    return (own,)


def as_clause(text: str) -> str:
    """A reason fit to stand after a colon."""
    return text.strip().rstrip(".")


def frequencies_sentence(entry: NaturalFrequencies) -> str:
    """What the rates mean for 1,000 like encounters; empty where nothing is known."""
    per = numbers.count(entry.per)
    parts = [
        _change(entry.standard_of_care_missed, entry.candidate_missed, "missed", "missed event"),
        _change(entry.standard_of_care_flagged, entry.candidate_flagged, "raised", "alert"),
    ]
    said = [part for part in parts if part]
    if not said:
        return ""
    return f"Per {per} like encounters, the candidate would have {' and '.join(said)}."


def _change(before: float | None, after: float | None, verb: str, noun: str) -> str:
    if before is None or after is None:
        return ""
    change = numbers.whole(after) - numbers.whole(before)
    totals = (
        f"({numbers.count(numbers.whole(after))} against {numbers.count(numbers.whole(before))})"
    )
    thing = {"missed event": "event"}.get(noun, noun)
    if change == 0:
        return f"{verb} about as many {thing}s as the standard of care {totals}"
    size = numbers.plural(abs(change), f"{'more' if change > 0 else 'fewer'} {thing}")
    return f"{verb} about {size} {totals}"


def stamps(results: LookResults) -> tuple[str, ...]:
    """The status of the look, and what a reader must know before the verdict."""
    facts = results.facts
    stamp = [f"{facts.status}: look {facts.counted}"]
    if facts.retrospective:
        stamp.append("RETROSPECTIVE")
    major = sum(d.n for d in results.deviations if d.severity == "major")
    stamp.append(f"DEVIATIONS: {numbers.count(major)} major")
    return tuple(stamp)


def safety_line(results: LookResults) -> str:
    """The safety rules in one line: bad news by name, rules within their limit by number."""
    if not results.safety:
        return "No safety rule was registered."
    named = (
        SafetyVerdict.LIMIT_EXCEEDED,
        SafetyVerdict.NOT_EVALUABLE,
        SafetyVerdict.NOT_SETTLED,
    )
    said: list[str] = []
    for verdict in named:
        titles = [as_clause(rule.title) for rule in results.safety if rule.verdict is verdict]
        if titles:
            said.append(f"{safety_words(verdict)}: {'; '.join(titles)}.")
    within = sum(rule.verdict is SafetyVerdict.WITHIN_LIMIT for rule in results.safety)
    if within:
        said.append(_within_words(within, len(results.safety)))
    return " ".join(said)


def _within_words(within: int, rules: int) -> str:
    """'The other rule is within its limit.', 'All 3 rules are within their limits.'"""
    if within == 1:
        return f"The {'only' if rules == 1 else 'other'} rule is within its limit."
    if within == rules == 2:
        return "Both rules are within their limits."
    which = "All" if within == rules else "The other"
    return f"{which} {numbers.count(within)} rules are within their limits."


def exceeded_sentences(results: LookResults) -> str:
    """Exceeded safety limits and crossed harm bounds, in the words that open the headline."""
    exceeded = [
        f"Safety limit exceeded: {rule.title}."
        for rule in results.safety
        if rule.verdict is SafetyVerdict.LIMIT_EXCEEDED
    ]
    harmed = [
        f"Harm bound crossed: {found.endpoint_title}."
        for found in results.hypotheses
        if any(harm.crossed for boundary in found.boundaries for harm in boundary.harm)
    ]
    return " ".join([*exceeded, *harmed])


def silence_sentence(results: LookResults) -> str:
    """Where those whom an arm left without an answer fared otherwise; empty where none is shown."""
    for pattern in results.missing_patterns:
        with_it, without = pattern.event_share_answered, pattern.event_share_unanswered
        if not pattern.informative or with_it is None or without is None:
            continue
        arm = "standard of care" if pattern.arm == Arm.STANDARD_OF_CARE else "candidate"
        return (
            f"Where the {arm} gave no answer, {numbers.percent(without, pattern.n_unanswered)} "
            f"had the event, elsewhere {numbers.percent(with_it, pattern.n_answered)}."
        )
    return ""


def missing_outcomes_sentence(results: LookResults) -> str:
    """How many pairs of the primary population have no known outcome; empty where all have one."""
    held = next((p for p in results.populations if p.role == "primary"), None)
    if held is None or held.n_evaluable == held.n_pairs:
        return ""
    missing = held.n_pairs - held.n_evaluable
    return (
        f"{numbers.count(missing)} of {numbers.plural(held.n_pairs, 'pair')} "
        f"({numbers.percent(missing / held.n_pairs, held.n_pairs)}) "
        f"{'has' if missing == 1 else 'have'} no known outcome."
    )


def listed(items: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"

"""The first page: what hospital leadership reads in ninety seconds."""

from collections.abc import Sequence

from evaluation.results import HypothesisResult, Recommendation, SafetyResult
from protocols.vocabulary import Role, SafetyVerdict
from reports import numbers
from reports.alarms_section import alarm_band, told_alarms
from reports.blocks import Figure, Leadership, Tile
from reports.interval_drawing import intervals_figure
from reports.reading import Reading
from reports.sentences import (
    RECOMMENDATIONS,
    as_clause,
    claim_interval,
    exceeded_sentences,
    frequencies_sentence,
    listed,
    missing_outcomes_sentence,
    safety_line,
    safety_words,
    silence_sentence,
    stamps,
)
from reports.tables.conduct import bounds_words

CONFIRMATORY = (Role.PRIMARY, Role.CO_PRIMARY, Role.KEY_SECONDARY)
LEADING = (Role.PRIMARY, Role.CO_PRIMARY)
PANELS = 4  # of the first page's figure, where no more hypotheses are primary
SEVERITIES = ("life_threatening", "serious", "moderate", "minor")
LIMITS_SHOWN = 2
LIMITS_WORDS = 24
FALSE_ALERTS = "Burden: false alerts"


def leadership_of(reading: Reading) -> Leadership:
    """The first page: verdict, effect against margin, safety, limits, recommendation."""
    results = reading.results
    facts = results.facts
    exceeded = exceeded_sentences(results)
    return Leadership(
        trial_line=(
            f"{facts.acronym} · {facts.trial} · protocol {facts.protocol_version} "
            f"({numbers.short_digest(results.digests.protocol)})"
        ),
        arms_line=_arms(reading),
        data_line=(
            f"Data locked {numbers.instant(facts.locked_at)} · "
            f"{numbers.plural(facts.evaluable_pairs, 'evaluable pair')} "
            f"({numbers.count(facts.planned_pairs)} planned)"
        ),
        stamps=stamps(results),
        alarm=" ".join(filter(None, (exceeded, alarm_band(reading)))),
        verdict=results.headline.removeprefix(exceeded).strip(),
        frequencies=_frequencies(reading),
        figure=_figure(reading),
        tiles=_tiles(reading),
        safety=" ".join(filter(None, (safety_line(results), told_alarms(reading)))),
        unknown=_unknown(reading),
        recommendation=RECOMMENDATIONS.get(
            results.recommendation.recommendation, results.recommendation.recommendation
        ),
        recommendation_sentence=_why(results.recommendation),
        decided_by=listed(results.recommendation.decided_by),
        digests=(
            ("Results", reading.digest),
            ("Data lock", results.digests.lock),
            ("Protocol", results.digests.protocol),
        ),
        verify="To verify: sha256sum results.json",
    )


def confirmatory(reading: Reading) -> list[HypothesisResult]:
    """The hypotheses that alpha is spent on, in registered order; all where there is none."""
    held = list(reading.results.hypotheses)
    return [h for h in held if h.role in CONFIRMATORY] or held


def _figure(reading: Reading) -> Figure | None:
    held = confirmatory(reading)
    if not held:
        return None
    shown = _drawn(held)
    title = "Interval against margin, primary population"
    if len(shown) < len(held):
        rest = listed([h.id for h in held if h not in shown])
        title += f"; {rest} under Results by endpoint"
    return intervals_figure(reading, shown, title=title, supporting=False)


def _drawn(held: Sequence[HypothesisResult]) -> list[HypothesisResult]:
    """What one sheet has room for: every primary hypothesis, then the others in their order."""
    leading = [h for h in held if h.role in LEADING]
    room = max(PANELS - len(leading), 0)
    others = [h for h in held if h.role not in LEADING][:room]
    return [h for h in held if h in leading or h in others]


def _frequencies(reading: Reading) -> str:
    said = (frequencies_sentence(entry) for entry in reading.results.frequencies)
    return next((sentence for sentence in said if sentence), "")


def _arms(reading: Reading) -> str:
    candidate, standard = reading.protocol.arms.candidate, reading.protocol.arms.standard_of_care
    return (
        f"Candidate: {candidate.name} {candidate.version} · "
        f"standard of care: {standard.name} {standard.version}"
    )


def _why(recommendation: Recommendation) -> str:
    """The rule's own sentence, unless it only repeats the recommendation."""
    said = RECOMMENDATIONS.get(recommendation.recommendation, "")
    sentence = recommendation.sentence
    return "" if as_clause(sentence).casefold() == said.casefold() else sentence


def _unknown(reading: Reading) -> tuple[str, ...]:
    """The trial's first limit, who is missing, then what the page can hold of the rest."""
    first, *rest = reading.results.limits or ("",)
    missing = missing_outcomes_sentence(reading.results), silence_sentence(reading.results)
    shown = [sentence for sentence in (first, *missing) if sentence]
    for limit in rest[: max(LIMITS_SHOWN - len(shown), 0)]:
        if sum(len(s.split()) for s in (*shown, limit)) <= LIMITS_WORDS:
            shown.append(limit)
    return tuple(shown)


def _tiles(reading: Reading) -> tuple[Tile, ...]:
    """Benefit: the first confirmatory endpoint. Harm: the gravest rule. Burden: false alerts."""
    held = confirmatory(reading)
    burden = next((h for h in reading.results.hypotheses if h.measure == "specificity"), None)
    benefit = next((h for h in held if h is not burden), None)
    harm = _gravest(reading.results.safety)
    tiles: list[Tile] = []
    if benefit is not None:
        tiles.append(_endpoint_tile(reading, "Benefit", benefit))
    if harm is not None:
        tiles.append(_safety_tile(harm))
    tiles.append(
        _flags_tile(reading) if burden is None else _endpoint_tile(reading, FALSE_ALERTS, burden)
    )
    return tuple(tiles)


def _gravest(rules: Sequence[SafetyResult]) -> SafetyResult | None:
    def order(rule: SafetyResult) -> int:
        return SEVERITIES.index(rule.severity) if rule.severity in SEVERITIES else len(SEVERITIES)

    return min(rules, key=order, default=None)


def _endpoint_tile(reading: Reading, label: str, hypothesis: HypothesisResult) -> Tile:
    test, form = hypothesis.primary, reading.format(hypothesis)
    interval = claim_interval(test)
    if test.estimate is None or interval is None:
        reason = as_clause(test.not_evaluable or hypothesis.reason or "no estimate")
        return _no_number(label, hypothesis.endpoint_title, reason, test.n_pairs)
    level = numbers.plain_percent(interval.level)
    limits = form.interval(interval.low, interval.high)
    ours, theirs = test.candidate, test.standard_of_care
    return Tile(
        label,
        hypothesis.endpoint_title,
        form.with_unit(test.estimate) if ours is None else form.value(ours.value),
        "" if ours is None or theirs is None else f"against {form.value(theirs.value)}",
        f"{hypothesis.scale} {form.with_unit(test.estimate)} ({limits})",
        f"{level} interval, {_pairs(test.n_pairs)}",
    )


def _no_number(label: str, title: str, reason: str, n: int) -> Tile:
    return Tile(label, title, "not evaluable", "", reason, _pairs(n))


def _safety_tile(rule: SafetyResult) -> Tile:
    if rule.share is None:
        reason = as_clause(rule.reason or "no share was given")
        return _no_number("Harm", rule.title, reason, rule.n_among)
    confidence = numbers.plain_percent(rule.confidence)
    return Tile(
        "Harm",
        rule.title,
        numbers.percent(rule.share, rule.n_among),
        f"limit {numbers.plain_percent(rule.limit)}",
        f"{safety_words(rule.verdict).lower()} ({bounds_words(rule)})",
        f"{numbers.count(rule.n_events)} of {numbers.count(rule.n_among)}, "
        f"one-sided {confidence} bounds",
        grave=rule.verdict is SafetyVerdict.LIMIT_EXCEEDED,
    )


def _flags_tile(reading: Reading) -> Tile:
    """Without an endpoint on false alerts, the alerts themselves, said to have no interval."""
    for entry in reading.results.frequencies:
        before, after = entry.standard_of_care_flagged, entry.candidate_flagged
        if before is not None and after is not None:
            return Tile(
                "Burden",
                f"Alerts per {numbers.count(entry.per)} like encounters",
                numbers.count(numbers.whole(after)),
                f"against {numbers.count(numbers.whole(before))}",
                "no interval registered",
                "",
            )
    return Tile("Burden", "Alerts", "not evaluable", "", "no alert share in the results", "")


def _pairs(n: int) -> str:
    return numbers.plural(n, "pair")

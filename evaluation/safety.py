"""Safety rules: a share among pairs, held against its registered limit by exact bounds.

Where pairs cluster by subject, the bounds count subjects for what they tell (`clustered_bounds`).

Every evaluable pair of the primary population counts. A candidate without an answer has flagged
nothing there, so that it is a miss. What a rule cannot settle for a pair, because a value it looks
at is missing, is left out of the share and said in the sentence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.safety.bounds import clustered_bounds, exact_lower, exact_upper
from evaluation.populations import IntArray, Sample
from evaluation.results import PairedTable, SafetyResult
from evaluation.sentences import plain, three
from protocols.expressions import Expression, Value, compile_expression
from protocols.names import pair_values, safety_names
from protocols.schema import Protocol, SafetyRule
from protocols.vocabulary import SafetyVerdict


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of each pair among which the rule looks: (standard of care, candidate), event, subject."""

    n_unsettled: int
    flags: tuple[tuple[bool, bool], ...]
    events: IntArray
    subjects: IntArray

    @property
    def n_events(self) -> int:
        return int(self.events.sum())

    @property
    def n_among(self) -> int:
        return len(self.events)


def safety_results(protocol: Protocol, sample: Sample) -> tuple[SafetyResult, ...]:
    """Every rule on the evaluable pairs of `sample`, in the protocol's order."""
    evaluable = sample.evaluable()
    pairs = [values_of(evaluable, i) for i in range(evaluable.n)]
    clustered = protocol.design.cluster == "subject"
    return tuple(
        _result(rule, _count(protocol, rule, pairs, evaluable.subject), clustered=clustered)
        for rule in protocol.safety
    )


def values_of(sample: Sample, i: int) -> dict[str, Value]:
    """What an expression of a safety rule may look at, of one evaluable pair of `sample`."""
    record = sample.records[i]
    return pair_values(
        record.inputs,
        standard_of_care=(record.standard_of_care.score, record.standard_of_care.flag),
        candidate=(record.candidate.score, bool(sample.candidate_flag[i])),
        outcome=bool(sample.outcome[i]),
    )


def column_of(sample: Sample, name: str) -> list[Value]:
    """What `values_of` gives under one name, of every pair of `sample`."""
    records = sample.records
    match name:
        case "outcome":
            return [value != 0 for value in sample.outcome.tolist()]
        case "candidate.flag":
            return list(sample.candidate_flag.tolist())
        case "candidate.score":
            return [record.candidate.score for record in records]
        case "standard_of_care.flag":
            return [record.standard_of_care.flag for record in records]
        case "standard_of_care.score":
            return [record.standard_of_care.score for record in records]
        case _:
            field = name.removeprefix("inputs.")
            return [record.inputs.get(field) for record in records]


class Judge:
    """One expression over many pairs; pairs alike in every name it looks at are judged once."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._expression: Expression = compile_expression(text, names=names)
        self._looked_at = sorted(self._expression.names)
        self._known: dict[tuple[object, ...], bool | None] = {}

    def __call__(self, values: dict[str, Value]) -> bool | None:
        # 1, 1.0 and True are one key in Python, but not one value in an expression.
        key = tuple((type(values.get(n)), values.get(n)) for n in self._looked_at)
        if key not in self._known:
            self._known[key] = self._expression.evaluate(values)
        return self._known[key]

    def over(self, column: Callable[[str], Sequence[Value]], n: int) -> list[bool | None]:
        """The same of `n` pairs at once, from whole columns."""
        if not self._looked_at:
            return [self({})] * n
        found = []
        for row in zip(*(column(name) for name in self._looked_at), strict=True):
            key = tuple((type(value), value) for value in row)
            if key not in self._known:
                values = dict(zip(self._looked_at, row, strict=True))
                self._known[key] = self._expression.evaluate(values)
            found.append(self._known[key])
        return found


def _count(
    protocol: Protocol, rule: SafetyRule, pairs: list[dict[str, Value]], subject: IntArray
) -> _Counts:
    names = safety_names(protocol)
    among, event = Judge(rule.among, names), Judge(rule.event, names)
    n_unsettled = 0
    flags, events, subjects = [], [], []
    for values, who in zip(pairs, subject.tolist(), strict=True):
        inside = among(values)
        truth = event(values) if inside else None
        if inside is False:
            continue
        if truth is None:
            n_unsettled += 1
            continue
        flags.append((values["standard_of_care.flag"] is True, values["candidate.flag"] is True))
        events.append(truth)
        subjects.append(who)
    return _Counts(
        n_unsettled=n_unsettled,
        flags=tuple(flags),
        events=np.array(events, dtype=np.int64),
        subjects=np.array(subjects, dtype=np.int64),
    )


def _bounds(counts: _Counts, confidence: float, *, clustered: bool) -> tuple[float, float]:
    if clustered:
        found = clustered_bounds(counts.events, counts.subjects, confidence)
        return found.low, found.high
    n_events, n = counts.n_events, counts.n_among
    return exact_lower(n_events, n, confidence), exact_upper(n_events, n, confidence)


def _result(rule: SafetyRule, counts: _Counts, *, clustered: bool) -> SafetyResult:
    low = high = share = None
    verdict = SafetyVerdict.NOT_EVALUABLE
    reason: str | None = "No pair is among those the rule looks at."
    if counts.n_among > 0:
        share = counts.n_events / counts.n_among
        low, high = _bounds(counts, rule.confidence, clustered=clustered)
        verdict, reason = _verdict(low, high, rule.limit), None
    return SafetyResult(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        action=rule.action,
        n_events=counts.n_events,
        n_among=counts.n_among,
        share=share,
        low=low,
        high=high,
        confidence=rule.confidence,
        limit=rule.limit,
        limit_basis=rule.limit_basis,
        verdict=verdict,
        sentence=_sentence(rule, counts, verdict, (low, high)),
        net_discordant=_flags_table(counts) if counts.n_among else None,
        reason=reason,
    )


def _verdict(low: float, high: float, limit: float) -> SafetyVerdict:
    if low > limit:
        return SafetyVerdict.LIMIT_EXCEEDED
    return SafetyVerdict.WITHIN_LIMIT if high < limit else SafetyVerdict.NOT_SETTLED


def _flags_table(counts: _Counts) -> PairedTable:
    """Who flagged among the rule's pairs: both, candidate only, standard of care only, neither."""
    flags = counts.flags
    return PairedTable(
        n11=flags.count((True, True)),
        n10=flags.count((False, True)),
        n01=flags.count((True, False)),
        n00=flags.count((False, False)),
    )


def _sentence(
    rule: SafetyRule,
    counts: _Counts,
    verdict: SafetyVerdict,
    bounds: tuple[float | None, float | None],
) -> str:
    opening = {
        SafetyVerdict.LIMIT_EXCEEDED: "The limit is exceeded",
        SafetyVerdict.WITHIN_LIMIT: "The share lies within the limit",
        SafetyVerdict.NOT_SETTLED: "Neither within the limit nor beyond it is shown",
        SafetyVerdict.NOT_EVALUABLE: "The rule is not evaluable: it looks at no pair",
    }[verdict]
    sentence = f"{opening}."
    low, high = bounds
    if low is not None and high is not None:
        limit = rule.limit
        sentence = (
            f"{opening}: {counts.n_events} of {counts.n_among}, one-sided"
            f" {plain(100 * rule.confidence)}% bounds {three(low, apart_from=limit)} and"
            f" {three(high, apart_from=limit)}, limit {plain(limit)}."
        )
    if counts.n_unsettled:
        sentence += f" {counts.n_unsettled} pairs lack a value that the rule looks at."
    return sentence

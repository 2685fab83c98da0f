"""What follows: the first registered rule that is true at this kind of look."""

from collections.abc import Mapping, Sequence

from evaluation.decide import Decided
from evaluation.errors import EvaluationError
from evaluation.results import HypothesisResult, Recommendation, SafetyResult
from protocols.expressions import Value, compile_expression
from protocols.names import decision_names
from protocols.schema import Protocol
from protocols.vocabulary import SafetyVerdict


def recommendation(
    protocol: Protocol,
    decided: Mapping[str, Decided],
    safety: Sequence[SafetyResult],
    *,
    final: bool,
    hypotheses: Sequence[HypothesisResult] = (),
) -> Recommendation:
    """First rule whose condition is true wins; what is not settled (None) is not true.

    Raises EvaluationError(NO_RULE_MATCHED) when the registered rules leave a gap.
    """
    values = decision_values(decided, safety, final=final) | watched_values(hypotheses)
    names = decision_names(protocol)
    kinds = ("any_look", "final" if final else "interim")
    for rule in protocol.decision_rule.rules:
        if rule.at in kinds and compile_expression(rule.when, names=names).evaluate(values):
            return Recommendation(
                rule=rule.id,
                recommendation=rule.recommendation,
                sentence=rule.sentence,
                decided_by=protocol.decision_rule.decided_by,
            )
    raise EvaluationError(
        "NO_RULE_MATCHED",
        f"No rule of the decision rule is true at {'the last' if final else 'an interim'} look; "
        "the protocol must end its rules with one that always holds.",
    )


def decision_values(
    decided: Mapping[str, Decided], safety: Sequence[SafetyResult], *, final: bool
) -> dict[str, Value]:
    """The names a decision rule may use, with their values; None where a thing is not known."""
    values: dict[str, Value] = {"look.final": final}
    for code, item in decided.items():
        values[f"{code}.shown"] = item.shown
        values[f"{code}.inferior"] = item.reading.inferior
        values[f"{code}.worse"] = item.reading.worse
    for result in safety:
        known = result.verdict is not SafetyVerdict.NOT_EVALUABLE
        exceeded = result.verdict is SafetyVerdict.LIMIT_EXCEEDED
        values[f"safety.{result.id}.exceeded"] = exceeded if known else None
        within = result.verdict is SafetyVerdict.WITHIN_LIMIT
        values[f"safety.{result.id}.within"] = within if known else None
    values["safety.any_exceeded"] = _any([r.verdict for r in safety])
    return values


def watched_values(hypotheses: Sequence[HypothesisResult]) -> dict[str, Value]:
    """Whether each hypothesis may be given up at this look, and whether it was found harmful.

    A binding futility bound and a harm bound once crossed stay so. None: not known at this look.
    """
    values: dict[str, Value] = {}
    for found in hypotheses:
        here = found.boundaries[-1]
        for_good = [f for b in found.boundaries for f in b.futility if f.binding and f.crossed]
        values[f"{found.id}.futile"] = bool(for_good) or _some([f.crossed for f in here.futility])
        ever = any(h.crossed for b in found.boundaries for h in b.harm)
        now = [False if h.statistic is not None else None for h in here.harm]
        values[f"{found.id}.harmful"] = ever or _some(now)
    return values


def _some(crossed: Sequence[bool | None]) -> bool | None:
    """Kleene's or: one that is true settles it, an unknown leaves it open."""
    if True in crossed:
        return True
    return None if None in crossed else False


def _any(verdicts: Sequence[SafetyVerdict]) -> bool | None:
    known = {SafetyVerdict.LIMIT_EXCEEDED: True, SafetyVerdict.NOT_EVALUABLE: None}
    return _some([known.get(verdict, False) for verdict in verdicts])

"""One hypothesis, in the same order every time.

Verdict sentence, interval against margin, numbers, paired table, boundaries, futility and harm,
three inferences, chance of success, sensitivity tests, missing-outcome bounds, warnings, and what
was registered.
"""

from evaluation.results import HypothesisResult
from protocols.vocabulary import Framework, Verdict
from reports.blocks import Block, Facts, Part, Text
from reports.drawings import boundaries_figure
from reports.effects import EffectFormat
from reports.interval_drawing import intervals_figure
from reports.numbers import alpha
from reports.reading import Reading
from reports.sentences import (
    as_clause,
    edges_of,
    effect_sentence,
    framework_words,
    listed,
    measure_words,
    role_words,
    test_words,
)
from reports.tables.endpoints import (
    bounds_table,
    differences_table,
    paired_table,
    sensitivity_table,
    values_table,
)
from reports.tables.watching import watching_tables


def endpoint_part(reading: Reading, hypothesis: HypothesisResult) -> Part:
    """All that is said of one hypothesis, in the same order for each."""
    form = reading.format(hypothesis)
    blocks: list[Block] = [Text(hypothesis.verdict_sentence, strong=True)]
    if hypothesis.reason and not _said(hypothesis, hypothesis.reason):
        blocks.append(Text(f"Reason: {as_clause(hypothesis.reason)}."))
    if hypothesis.shown_at is not None:
        blocks.append(
            Text(f"First shown at look {hypothesis.shown_at}; what is shown once stays shown.")
        )
    blocks.append(Text(effect_sentence(hypothesis, form)))
    if hypothesis.verdict is Verdict.NOT_TESTED and hypothesis.primary.estimate is not None:
        blocks.append(Text("These numbers are descriptive; no verdict follows from them."))
    blocks.append(
        intervals_figure(
            reading,
            [hypothesis],
            title=f"{hypothesis.id}: interval against margin, all analysis populations",
            supporting=True,
        )
    )
    blocks.append(values_table(reading, hypothesis))
    blocks.append(differences_table(reading, hypothesis))
    paired = paired_table(hypothesis)
    if paired is not None:
        blocks.append(paired)
    if hypothesis.boundaries:
        blocks.append(boundaries_figure(reading, hypothesis))
    blocks += watching_tables(reading, hypothesis)
    tests = sensitivity_table(reading, hypothesis)
    if tests is not None:
        blocks.append(tests)
    blocks.append(bounds_table(reading, hypothesis))
    blocks += _warnings(reading, hypothesis)
    blocks.append(Text("As registered:"))
    blocks.append(_registered(hypothesis, form))
    title = f"{hypothesis.id}: {hypothesis.endpoint_title}"
    return Part(f"endpoint-{hypothesis.id}", title, tuple(blocks))


def _said(hypothesis: HypothesisResult, reason: str) -> bool:
    """Whether the reason stands in the verdict's sentence or follows as the missing estimate's."""
    said = (hypothesis.verdict_sentence, hypothesis.primary.not_evaluable or "")
    return any(as_clause(reason) in text for text in said)


def _registered(hypothesis: HypothesisResult, form: EffectFormat) -> Facts:
    margin = "none (superiority)"
    if hypothesis.margin is not None:
        margin = _margin_words(hypothesis, form)
        if hypothesis.margin_clinical_basis:
            margin += f": {hypothesis.margin_clinical_basis}"
    return Facts(
        (
            ("Role", role_words(hypothesis.role)),
            ("Measure", measure_words(hypothesis.measure)),
            ("Framework", framework_words(hypothesis.framework)),
            ("Null hypothesis", hypothesis.null_hypothesis),
            ("Alternative", hypothesis.alternative),
            ("Margin", margin),
            ("Alpha, one-sided", alpha(hypothesis.alpha)),
            ("Method", f"{hypothesis.primary.method} {hypothesis.primary.citation}"),
        )
    )


def _margin_words(hypothesis: HypothesisResult, form: EffectFormat) -> str:
    """The margin as written; of an equivalence both, as they stand on the effect's scale."""
    if hypothesis.framework is Framework.EQUIVALENCE:
        return listed([form.with_unit(edge) for edge in edges_of(hypothesis)])
    return form.with_unit(hypothesis.margin or 0.0)


def _warnings(reading: Reading, hypothesis: HypothesisResult) -> list[Block]:
    said = [
        f"{reading.population(test.population)}, {test_words(test.test)}: {warning}"
        for test in (hypothesis.primary, *hypothesis.supporting, *hypothesis.sensitivity)
        for warning in test.warnings
    ]
    return [Text(f"Warning. {as_clause(warning)}.") for warning in said]

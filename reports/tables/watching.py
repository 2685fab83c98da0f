"""What a look says beside its efficacy bound: futility, harm, three inferences, what lies ahead."""

from collections.abc import Iterator

from evaluation.results import (
    Boundary,
    FutilityReading,
    HarmReading,
    HypothesisResult,
    Inference,
    PowerAhead,
    SharedAlpha,
)
from reports import numbers
from reports.blocks import Cell, Column, Row, Table, blank, cell
from reports.cells import value_cell
from reports.effects import EffectFormat
from reports.reading import Reading
from reports.sentences import capital, listed

SCALES = {
    "z": "z",
    "effect": "effect",
    "conditional_power": "conditional power",
    "predictive_power": "predictive power",
    "beta_spending": "beta spent",
}
INFERENCES = {
    "naive": "Naive: as if this were the only look",
    "repeated": "Repeated: holds at every look",
    "stagewise": "Stage-wise: if the trial stops here",
    "estimate_order": "Order of the estimates: if the trial stops here",
    "likelihood_ratio_order": "Order of the likelihood ratios: if the trial stops here",
    "weighted": "Weighted: with outcomes after the claim",
    "deletion": "Deletion: with outcomes after the claim, without the look that made it",
}
TRUTHS = {
    "design": "the effect that the trial was sized for",
    "estimate": "the present estimate",
    "null": "the margin",
    "predictive": "averaged over what the effect may be",
}


def watching_tables(reading: Reading, hypothesis: HypothesisResult) -> Iterator[Table]:
    """The tables of what is registered and found; none where there is nothing."""
    form = reading.format(hypothesis)
    sequential = hypothesis.sequential
    if any(b.futility for b in hypothesis.boundaries):
        yield futility_table(hypothesis, form)
    if any(b.harm for b in hypothesis.boundaries):
        yield harm_table(hypothesis)
    if sequential is not None and sequential.inferences:
        yield inferences_table(hypothesis, form)
    if sequential is not None and sequential.ahead:
        yield ahead_table(hypothesis, form)
    if hypothesis.shared is not None:
        yield shared_table(hypothesis, hypothesis.shared)


def futility_table(hypothesis: HypothesisResult, form: EffectFormat) -> Table:
    """Every futility bound by look; on z and as the estimate that lies on it."""
    rows = [_futility_row(b, f, form) for b in hypothesis.boundaries for f in b.futility]
    ignored = {f.when_ignored for b in hypothesis.boundaries for f in b.futility}
    reasons = {f.reason for b in hypothesis.boundaries for f in b.futility if f.reason}
    return Table(
        id=f"{hypothesis.id}-futility",
        caption=f"{hypothesis.id}: futility bounds by look",
        columns=(
            Column("Look"),
            Column("Written as"),
            Column("Bound, z", numeric=True),
            Column(f"Bound, {hypothesis.scale}", numeric=True),
            Column("Observed, z", numeric=True),
            Column("Crossed"),
            Column("Kind"),
        ),
        rows=tuple(rows),
        note=" ".join([f"If ignored: {text}" for text in sorted(ignored)] + sorted(reasons)),
    )


def _futility_row(boundary: Boundary, found: FutilityReading, form: EffectFormat) -> Row:
    written = SCALES.get(found.scale, found.scale)
    number = found.beta_spent if found.value is None else found.value
    return Row(
        (
            _look(boundary),
            cell(written if number is None else f"{written} {numbers.trimmed(number)}"),
            value_cell(found.z, numbers.statistic, "none"),
            value_cell(found.effect, form.with_unit, "none"),
            value_cell(boundary.statistic, numbers.statistic, "not evaluable"),
            _crossed(found.crossed),
            cell("binding" if found.binding else "non-binding"),
        )
    )


def harm_table(hypothesis: HypothesisResult) -> Table:
    """Every bound on the side of harm by look."""
    rows = [_harm_row(b, h) for b in hypothesis.boundaries for h in b.harm]
    reasons = {h.reason for b in hypothesis.boundaries for h in b.harm if h.reason}
    note = "The registered test turned round and asked against no effect: z is large where the "
    note += "candidate is worse. Its alpha is its own and is taken from no claim."
    return Table(
        id=f"{hypothesis.id}-harm",
        caption=f"{hypothesis.id}: harm bounds by look",
        columns=(
            Column("Look"),
            Column("Alpha spent", numeric=True),
            Column("Nominal alpha", numeric=True),
            Column("Bound, z for harm", numeric=True),
            Column("Observed, z for harm", numeric=True),
            Column("Crossed"),
            Column("Action"),
        ),
        rows=tuple(rows),
        note=" ".join([note, *sorted(reasons)]),
    )


def _harm_row(boundary: Boundary, found: HarmReading) -> Row:
    return Row(
        (
            _look(boundary),
            cell(numbers.alpha(found.alpha_spent), found.alpha_spent),
            cell(numbers.alpha(found.nominal_alpha), found.nominal_alpha),
            value_cell(found.z, numbers.statistic, "none"),
            value_cell(found.statistic, numbers.statistic, "not evaluable"),
            _crossed(found.crossed),
            cell(found.action),
        )
    )


def inferences_table(hypothesis: HypothesisResult, form: EffectFormat) -> Table:
    """Naive, repeated and stage-wise side by side, the registered claim in bold."""
    found = hypothesis.sequential
    rows = [] if found is None else [_inference_row(item, form) for item in found.inferences]
    if found is not None and found.bias_adjusted is not None:
        rows.append(_bias_row(found.bias_adjusted, form))
    reasons = () if found is None else found.reasons
    note = "The claim rests on the line in bold, as registered. p is one-sided against the margin."
    if found is not None and found.sequential_p is not None:
        note += f" Smallest repeated p so far: {numbers.p_value(found.sequential_p)}."
    return Table(
        id=f"{hypothesis.id}-inferences",
        caption=f"{hypothesis.id}: three inferences, primary population",
        columns=(
            Column("Inference"),
            Column(capital(hypothesis.scale), numeric=True),
            Column("Interval", numeric=True, parts=("Interval, low", "Interval, high")),
            Column("Level", numeric=True),
            Column("p, one-sided", numeric=True),
        ),
        rows=tuple(rows),
        note=" ".join([note, *reasons]),
    )


def _inference_row(item: Inference, form: EffectFormat) -> Row:
    name = INFERENCES.get(item.kind, item.kind)
    return Row(
        (
            cell(f"{name} (claim)" if item.claim else name),
            value_cell(item.estimate, form.with_unit),
            _limits(item, form),
            cell(numbers.plain_percent(item.level), item.level),
            cell(numbers.p_value(item.p_value), item.p_value),
        ),
        strong=item.claim,
    )


def _bias_row(estimate: float, form: EffectFormat) -> Row:
    return Row(
        (
            cell("Adjusted for the bias of stopping (Whitehead 1986)"),
            value_cell(estimate, form.with_unit),
            blank("none"),
            blank("none"),
            blank("none"),
        )
    )


def _limits(item: Inference, form: EffectFormat) -> Cell:
    if item.low is None or item.high is None:
        return blank("unbounded")
    return Cell(form.interval(item.low, item.high), (item.low, item.high))


def ahead_table(hypothesis: HypothesisResult, form: EffectFormat) -> Table:
    """Conditional and predictive power: the chance of a claim from here."""
    found = hypothesis.sequential
    rows = () if found is None else tuple(_ahead_row(item, form) for item in found.ahead)
    return Table(
        id=f"{hypothesis.id}-ahead",
        caption=f"{hypothesis.id}: chance of crossing the efficacy bound later",
        columns=(
            Column("If the effect were"),
            Column(capital(hypothesis.scale), numeric=True),
            Column("At any later look", numeric=True),
            Column("At the last look", numeric=True),
        ),
        rows=rows,
        note="Information is projected in proportion to pairs, and futility taken as ignored. "
        "The present estimate varies widely early in a trial: read the lines together.",
    )


def _ahead_row(item: PowerAhead, form: EffectFormat) -> Row:
    def share(value: float) -> Cell:
        return cell(numbers.plain_percent(value, 1), value)

    return Row(
        (
            cell(TRUTHS.get(item.under, item.under)),
            value_cell(item.effect, form.with_unit),
            share(item.any_look),
            share(item.last_look),
        )
    )


def shared_table(hypothesis: HypothesisResult, shared: SharedAlpha) -> Table:
    """How much of the shared alpha this hypothesis has, and where it came from."""

    def p_cell(value: float | None) -> Cell:
        return value_cell(value, numbers.p_value, "not evaluable")

    came = listed(list(shared.passed_on_by)) if shared.passed_on_by else "none"
    return Table(
        id=f"{hypothesis.id}-shared-alpha",
        caption=f"{hypothesis.id}: its share of alpha by {shared.procedure}",
        columns=(Column("Quantity"), Column("Value", numeric=True)),
        rows=(
            Row((cell("Alpha of all hypotheses together"), _alpha(shared.alpha))),
            Row((cell("Local alpha at this look"), _alpha(shared.local_alpha))),
            Row((cell("Alpha passed on by"), cell(came))),
            Row((cell("Repeated p of this look"), p_cell(shared.repeated_p))),
            Row((cell("Sequential p so far"), p_cell(shared.sequential_p))),
            Row((cell("Adjusted sequential p"), p_cell(shared.adjusted_p))),
        ),
        note="All levels are one-sided and of all looks together. A repeated p is that of the "
        "weakest population that must agree.",
    )


def _alpha(value: float) -> Cell:
    return cell(numbers.alpha(value), value)


def _look(boundary: Boundary) -> Cell:
    return cell(f"{boundary.number}: {boundary.look}")


def _crossed(crossed: bool | None) -> Cell:
    return cell({True: "yes", False: "no", None: "not read"}[crossed])

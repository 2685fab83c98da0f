"""The registered change of the planned size: what was planned, what was read, what became of it."""

from evaluation.results import Boundary, HypothesisResult, ReEstimationResult
from protocols.plan_sentences import re_estimation_sentence
from protocols.schema import ReEstimation
from reports import numbers
from reports.blocks import Block, Column, Facts, Row, Section, Table, Text, cell
from reports.cells import value_cell
from reports.reading import Reading

NUISANCES = {
    "discordance": "Pooled discordance",
    "standard_deviation": "Standard deviation of the paired differences about their mean",
}
WEIGHTED = (
    "The effect was looked at, so later looks combine stages by the weights that the plan gives "
    "them, whatever their size: statistic, p-value and repeated interval follow that combination. "
    "The estimate is that of all pairs."
)
BLIND = (
    "The direction was not looked at. Tests and bounds stay; shares of information are counted in "
    "the total in force. The size still follows the data, so the type I error may pass alpha by a "
    "little: simulated, by less than a tenth of it."
)


def size_section(reading: Reading) -> Section | None:
    """None where no change of the size is registered."""
    plan, found = reading.protocol.re_estimation, reading.results.re_estimation
    if plan is None:
        return None
    blocks: list[Block] = [Text(f"As registered: {re_estimation_sentence(plan)}")]
    if found is None:
        blocks.append(Text(_not_yet(reading, plan)))
    else:
        blocks += _happened(found)
        blocks += [weights_table(h) for h in reading.results.hypotheses if _weighted(h)]
    return Section("size", "Change of the planned size", tuple(blocks))


def _not_yet(reading: Reading, plan: ReEstimation) -> str:
    """Before the registered look, or after it was passed over."""
    looks = [look.id for look in reading.protocol.monitoring.looks]
    made = [b.look for h in reading.results.hypotheses[:1] for b in h.boundaries]
    later = looks[looks.index(plan.look) :]
    if any(name in later for name in made):
        return f"Look {plan.look} was passed over, so nothing was re-estimated and nothing will be."
    return f"Look {plan.look} has not come yet: the planned total is as registered."


def _happened(found: ReEstimationResult) -> list[Block]:
    blocks: list[Block] = [Text(found.sentence, strong=True), Facts(tuple(_facts(found)))]
    if found.reason is None:
        blocks.append(Text(WEIGHTED if found.weighted else BLIND if found.nuisance else ""))
    return [block for block in blocks if not isinstance(block, Text) or block.text]


def _facts(found: ReEstimationResult) -> list[tuple[str, str]]:
    rows = [
        ("Hypothesis that sizes the trial", found.hypothesis),
        ("Evaluable pairs at the look", numbers.count(found.evaluable_pairs)),
    ]
    if found.nuisance is not None:
        name = NUISANCES.get(found.nuisance, found.nuisance)
        rows += [(f"{name}, planned", _number(found.nuisance_planned))]
        rows += [(f"{name}, seen", _number(found.nuisance_seen))]
        pairs = found.nuisance_pairs
        rows += [("Pairs that it was read from", "none" if pairs is None else numbers.count(pairs))]
    if found.statistic is not None:
        rows += [("Statistic of the look, z", numbers.statistic(found.statistic))]
    if found.zone is not None:
        rows += [
            ("Zone", found.zone),
            ("Bound of the last look, z", _number(found.final_bound)),
            ("Conditional power at the plan", _share(found.conditional_power)),
            ("Conditional power at the new total", _share(found.power_at_total)),
        ]
    rows.append(("Target power", numbers.plain_percent(found.target_power)))
    if found.wanted_pairs is not None:
        rows.append(("Pairs that the target asks for", numbers.count(found.wanted_pairs)))
    return [
        *rows,
        ("Registered total", numbers.count(found.planned_pairs)),
        ("Registered cap", numbers.count(found.cap_pairs)),
        ("Total in force from then on", numbers.count(found.total_pairs)),
        ("Cut by the cap", "yes" if found.capped else "no"),
        ("Who is unblinded", found.who_is_unblinded),
    ]


def _number(value: float | None) -> str:
    return "none" if value is None else numbers.trimmed(value)


def _share(value: float | None) -> str:
    return "none" if value is None else numbers.plain_percent(value, 1)


def _weighted(hypothesis: HypothesisResult) -> bool:
    return any(boundary.unweighted is not None for boundary in hypothesis.boundaries)


def weights_table(hypothesis: HypothesisResult) -> Table:
    """The z of all pairs beside the one that decides, by look after the change."""
    rows = [_row(b) for b in hypothesis.boundaries if b.unweighted is not None]
    return Table(
        id=f"{hypothesis.id}-weights",
        caption=f"{hypothesis.id}: stages combined by planned weights",
        columns=(
            Column("Look"),
            Column("Planned share of information", numeric=True),
            Column("All pairs, z", numeric=True),
            Column("Weighted, z", numeric=True),
            Column("Bound, z", numeric=True),
        ),
        rows=tuple(rows),
        note="All pairs pooled would not hold alpha after a size that was chosen from the effect; "
        "the weighted statistic decides.",
    )


def _row(boundary: Boundary) -> Row:
    own = boundary.unweighted
    return Row(
        (
            cell(boundary.look),
            value_cell(boundary.planned_information, numbers.plain_percent, "not planned"),
            value_cell(None if own is None else own.statistic, numbers.statistic, "not evaluable"),
            value_cell(boundary.statistic, numbers.statistic, "not evaluable"),
            value_cell(boundary.z, numbers.statistic, "none"),
        )
    )

"""The decision curve of a registered analysis as a block."""

from evaluation.results import AnalysisResult, QuantityResult
from reports import numbers
from reports.blocks import Cell, Column, Figure, Row, Table, cell
from reports.cells import value_cell
from reports.figures.decision import DecisionPoint, draw_decision
from reports.reading import Reading

ESTIMATOR = "decision_curve"
CANDIDATE = "candidate_net_benefit_at_"
STANDARD_OF_CARE = "standard_of_care_net_benefit_at_"
DIFFERENCE = "net_benefit_difference_at_"
TREAT_ALL = "treat_all_net_benefit_at_"


def is_decision_curve(analysis: AnalysisResult) -> bool:
    """Whether there is a curve to draw: two thresholds at least with both arms' net benefit."""
    return analysis.estimator == ESTIMATOR and len(_points(analysis)) > 1


def decision_figure(reading: Reading, analysis: AnalysisResult) -> Figure:
    """Net benefit of both arms over the registered thresholds, beside treating all or none."""
    number, points = next(reading.figures), _points(analysis)
    ahead = sum(p.candidate > p.standard_of_care for p in points)
    lowest, highest = points[0].threshold, points[-1].threshold
    finding = (
        f"{analysis.id}: the candidate's net benefit is the larger one at "
        f"{numbers.count(ahead)} of {numbers.count(len(points))} thresholds from "
        f"{numbers.plain_percent(lowest)} to {numbers.plain_percent(highest)}. No verdict."
    )
    described = (
        "Threshold across, net benefit upwards; treating all and treating none for comparison. "
        "Only the registered thresholds are joined."
    )
    return Figure(
        number=number,
        title=f"{analysis.id}: {analysis.title}",
        finding=finding,
        description=described,
        svg=draw_decision(number, points, title=finding, finding=described),
        table=_table(number, analysis, points),
        narrow=True,
    )


def _points(analysis: AnalysisResult) -> list[DecisionPoint]:
    held = {q.name: q.estimate for q in analysis.quantities if q.estimate is not None}
    points: list[DecisionPoint] = []
    for name, candidate in held.items():
        if not name.startswith(CANDIDATE):
            continue
        at = name.removeprefix(CANDIDATE)
        standard, everyone = held.get(STANDARD_OF_CARE + at), held.get(TREAT_ALL + at)
        if standard is not None and everyone is not None:
            points.append(DecisionPoint(float(at), candidate, standard, everyone))
    return sorted(points, key=lambda point: point.threshold)


def _table(number: int, analysis: AnalysisResult, points: list[DecisionPoint]) -> Table:
    differences = {
        float(q.name.removeprefix(DIFFERENCE)): q
        for q in analysis.quantities
        if q.name.startswith(DIFFERENCE)
    }
    shown = [v for p in points for v in (p.candidate, p.standard_of_care, p.treat_all)]
    form = numbers.quantity_format(None, shown)
    return Table(
        id=f"figure-{number:02d}-decision-curve",
        caption=f"Data of figure {number}",
        columns=(
            Column("Threshold", numeric=True),
            Column("Candidate", numeric=True),
            Column("Standard of care", numeric=True),
            Column("Difference", numeric=True, parts=("Difference", "Low", "High")),
            Column("Treating all", numeric=True),
        ),
        rows=tuple(
            Row(
                (
                    cell(numbers.plain_percent(p.threshold), p.threshold),
                    value_cell(p.candidate, form.number),
                    value_cell(p.standard_of_care, form.number),
                    _difference(differences.get(p.threshold), form),
                    value_cell(p.treat_all, form.number),
                )
            )
            for p in points
        ),
    )


def _difference(quantity: QuantityResult | None, form: numbers.Format) -> Cell:
    if quantity is None or quantity.estimate is None:
        return cell("–")
    words = form.number(quantity.estimate)
    if quantity.low is not None and quantity.high is not None:
        words += f" ({form.interval(quantity.low, quantity.high)})"
    return Cell(words, (quantity.estimate, quantity.low, quantity.high))

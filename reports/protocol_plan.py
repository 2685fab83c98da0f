"""What the protocol registers to be shown: outcomes, endpoints, hypotheses, analyses."""

from collections.abc import Mapping

from protocols.schema import (
    Analysis,
    Endpoint,
    FurtherOutcome,
    Hypothesis,
    ParameterValue,
    Protocol,
)
from protocols.schema.analysis import Resampling
from reports import numbers
from reports.blocks import Block, Column, Facts, Part, Row, Table, Text, cell
from reports.protocol_watching import sharing_blocks
from reports.sentences import (
    framework_words,
    interval_method_words,
    listed,
    measure_words,
    test_words,
)


def further_outcomes_parts(plan: Protocol) -> tuple[Part, ...]:
    """Outcomes beside the trial's own; no part where there are none."""
    if not plan.further_outcomes:
        return ()
    titles = ("Name", "Kind", "Recorded", "Definition", "Source", "Range")
    table = Table(
        id="protocol-further-outcomes",
        caption="Outcomes beside the trial's own",
        columns=tuple(Column(title) for title in titles),
        rows=tuple(_outcome_row(outcome) for outcome in plan.further_outcomes),
    )
    return (Part("protocol-outcomes", "Further outcomes", (table,)),)


def _outcome_row(outcome: FurtherOutcome) -> Row:
    unit = "" if outcome.unit == "1" else f", {outcome.unit}"
    scope = "for each arm" if outcome.per_arm else "once for both arms"
    return Row(
        (
            cell(outcome.name),
            cell(f"{outcome.type.replace('_', ' ')}{unit}"),
            cell(f"{scope}, {outcome.basis}"),
            cell(outcome.definition),
            cell(outcome.source),
            cell(_range(outcome)),
        )
    )


def _range(outcome: FurtherOutcome) -> str:
    if outcome.levels:
        return ", ".join(outcome.levels)
    low = None if outcome.low is None else numbers.plain(outcome.low)
    high = None if outcome.high is None else numbers.plain(outcome.high)
    match low, high:
        case None, None:
            return "not limited"
        case _, None:
            return f"from {low}"
        case None, _:
            return f"up to {high}"
        case _:
            return f"{low} to {high}"


def endpoints_part(plan: Protocol) -> Part:
    """What each endpoint measures, of which outcome and with which parameters."""
    titles = ("Endpoint", "Role", "Measure", "Outcome", "Better", "Time frame")
    table = Table(
        id="protocol-endpoints",
        caption="What is measured",
        columns=tuple(Column(title) for title in titles),
        rows=tuple(_endpoint_row(endpoint) for endpoint in plan.endpoints),
    )
    return Part("protocol-endpoints-part", "Endpoints", (table,))


def _endpoint_row(endpoint: Endpoint) -> Row:
    measure = measure_words(endpoint.measure)
    if endpoint.parameters:
        measure += f" ({parameters_words(endpoint.parameters)})"
    return Row(
        (
            cell(f"{endpoint.id}: {endpoint.title}"),
            cell(endpoint.role.value.replace("_", " ")),
            cell(measure),
            cell(endpoint.outcome),
            cell(endpoint.direction.value.split("_", maxsplit=1)[0]),
            cell(endpoint.time_frame),
        )
    )


def hypotheses_part(plan: Protocol) -> Part:
    """Hypotheses with margins and tests, their order, and the estimands."""
    titles = {e.id: e.title for e in plan.endpoints}
    blocks: list[Block] = []
    for hypothesis in plan.hypotheses:
        title = f"{hypothesis.id}: {titles.get(hypothesis.endpoint, hypothesis.endpoint)}"
        blocks.append(Text(title, strong=True))
        blocks.append(Facts(_hypothesis(hypothesis)))
    order = "; then ".join(listed(group) for group in plan.multiplicity.order)
    blocks.append(
        Facts(
            (
                ("Multiplicity", plan.multiplicity.procedure.replace("_", " ")),
                ("Order", order),
                ("Reason", plan.multiplicity.reason),
            )
        )
    )
    blocks += sharing_blocks(plan)
    for estimand in plan.estimands:
        events = "; ".join(
            f"{e.event}: {e.strategy.replace('_', ' ')} ({e.rule})"
            for e in estimand.intercurrent_events
        )
        blocks.append(Text(f"Estimand {estimand.id}", strong=True))
        blocks.append(
            Facts(
                (
                    ("Treatments", estimand.treatments),
                    ("Population", estimand.population),
                    ("Variable", estimand.variable),
                    ("Intercurrent events", events or "none registered"),
                    ("Summary", estimand.summary),
                )
            )
        )
    return Part("protocol-hypotheses", "Hypotheses, margins and estimands", tuple(blocks))


def _hypothesis(hypothesis: Hypothesis) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Effect", hypothesis.effect.replace("_", " ")),
        ("Framework", framework_words(hypothesis.framework)),
        (
            "Test",
            f"{test_words(hypothesis.test)}, one-sided alpha {numbers.alpha(hypothesis.alpha)}",
        ),
    ]
    if hypothesis.parameters:
        facts.append(("Parameters of the test", parameters_words(hypothesis.parameters)))
    if hypothesis.resampling is not None:
        facts.append(("Resampling", _resampling(hypothesis.resampling)))
    if hypothesis.sensitivity_tests:
        facts.append(("Sensitivity", listed([test_words(t) for t in hypothesis.sensitivity_tests])))
    margin = hypothesis.margin
    if margin is not None:
        facts += [
            ("Margin", f"{numbers.plain(margin.value)} ({margin.scale})"),
            ("Clinical basis", margin.clinical_basis),
            ("Statistical basis", margin.statistical_basis),
            ("Source", margin.source),
            ("Agreed by", listed(margin.agreed_by)),
        ]
    return tuple(facts)


def analyses_parts(plan: Protocol) -> tuple[Part, ...]:
    """The registered analyses; no part where there are none."""
    if not plan.analyses:
        return ()
    titles = ("Analysis", "Role", "Endpoint", "Estimator", "Interval", "Population", "Resampling")
    table = Table(
        id="protocol-analyses",
        caption="Estimates and tests beside the hypotheses",
        columns=tuple(Column(title) for title in titles),
        rows=tuple(_analysis_row(plan, analysis) for analysis in plan.analyses),
    )
    return (Part("protocol-analyses-part", "Registered analyses", (table,)),)


def _analysis_row(plan: Protocol, analysis: Analysis) -> Row:
    titles = {p.id: p.title for p in plan.analysis_populations}
    population = titles.get(analysis.population, analysis.population)
    estimator = test_words(analysis.estimator)
    if analysis.parameters:
        estimator += f" ({parameters_words(analysis.parameters)})"
    return Row(
        (
            cell(f"{analysis.id}: {analysis.title}"),
            cell(analysis.role),
            cell(analysis.endpoint),
            cell(estimator),
            cell(interval_method_words(analysis.interval, analysis.level)),
            cell(population),
            cell("none" if analysis.resampling is None else _resampling(analysis.resampling)),
        )
    )


def parameters_words(parameters: Mapping[str, ParameterValue]) -> str:
    """'resolution 0.1, zeros pratt'; the order of their names."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_value(parameters[name])}" for name in sorted(parameters)
    )


def _value(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return listed([_value(item) for item in value])
    return value if isinstance(value, str) else numbers.plain(value)


def _resampling(resampling: Resampling) -> str:
    return f"{numbers.plural(resampling.resamples, 'resample')}, seed {resampling.seed}"

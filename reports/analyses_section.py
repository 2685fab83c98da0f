"""The registered analyses: estimates and tests without a verdict, in the protocol's order."""

from evaluation.results import AnalysisResult
from reports import numbers
from reports.blocks import Block, Part, Section, Text
from reports.curve_drawing import decision_figure, is_decision_curve
from reports.reading import Reading
from reports.sentences import analysis_role_words, as_clause, interval_method_words
from reports.tables.analyses import analysis_table


def analyses_section(reading: Reading) -> Section | None:
    """Every registered analysis, found or not; None where the protocol registers none."""
    held = reading.results.analyses
    if not held:
        return None
    intro = Text(
        "Registered beside the hypotheses, in the protocol's order. They spend no alpha; no "
        "verdict and no claim follows from them, and nothing is adjusted for their number. p is "
        "two-sided unless a quantity says otherwise. Intervals hold at this look alone."
    )
    return Section("analyses", "Registered analyses", (intro, *(_part(reading, a) for a in held)))


def _part(reading: Reading, analysis: AnalysisResult) -> Part:
    blocks: list[Block] = [Text(_facts(reading, analysis))]
    if analysis.not_evaluable is not None:
        blocks.append(Text(f"Not evaluable: {as_clause(analysis.not_evaluable)}.", strong=True))
    else:
        if is_decision_curve(analysis):
            blocks.append(decision_figure(reading, analysis))
        blocks.append(analysis_table(analysis))
    blocks += [Text(f"Warning. {as_clause(warning)}.") for warning in analysis.warnings]
    blocks.append(Text(f"Method. {as_clause(analysis.method)}. {as_clause(analysis.citation)}."))
    return Part(f"analysis-{analysis.id}", f"{analysis.id}: {analysis.title}", tuple(blocks))


def _facts(reading: Reading, analysis: AnalysisResult) -> str:
    """Role, endpoint, who is in it, and which interval."""
    who = (
        f"{numbers.plural(analysis.n_pairs, 'pair')} of "
        f"{numbers.plural(analysis.n_subjects, 'subject')}"
    )
    interval = interval_method_words(analysis.interval, analysis.level)
    return (
        f"{analysis_role_words(analysis.role)}. Endpoint {analysis.endpoint}, "
        f"{as_clause(analysis.endpoint_title)}. {reading.population(analysis.population)}: {who}. "
        f"{interval}."
    )

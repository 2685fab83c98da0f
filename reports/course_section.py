"""The course of the trial over its looks, in words: what was shown when, given up, or raised.

And what happened to alpha, how the last look compares with the plan, and what came after a claim.
"""

from collections.abc import Iterator

from evaluation.results import Boundary, HypothesisResult, LateOutcomes
from protocols.plan_sentences import LATE
from protocols.vocabulary import Verdict
from reports import numbers
from reports.blocks import Block, Cell, Column, Facts, Row, Section, Table, blank, cell
from reports.cells import value_cell
from reports.reading import Reading
from reports.sentences import VERDICTS, framework_words, listed
from reports.tables.endpoints import bound_words

UNEVENTFUL = "Nothing was shown or given up, and nobody was alarmed."
WORSE = (Verdict.INFERIOR, Verdict.NOT_SHOWN_AND_WORSE, Verdict.NON_INFERIOR_BUT_WORSE)


def course_section(reading: Reading) -> Section | None:
    """Look by look; None where there is one look only, which the endpoints tell of."""
    results = reading.results
    if results.facts.looks_planned == 1 or not results.hypotheses:
        return None
    rows = [
        (_title(reading, b), " ".join(_events(reading, b)) or UNEVENTFUL) for b in _looks(reading)
    ]
    also = (
        ("Against the plan", _against_plan(reading)),
        ("Since a claim", " ".join(_since(reading))),
    )
    blocks: tuple[Block, ...] = (
        Facts((*rows, *((term, text) for term, text in also if text))),
        course_table(reading),
    )
    return Section("course", "Course of the looks", blocks)


def _looks(reading: Reading) -> tuple[Boundary, ...]:
    """Of the hypothesis that has most of them: one that could not be evaluated may have none."""
    return max((found.boundaries for found in reading.results.hypotheses), key=len)


def _title(reading: Reading, boundary: Boundary) -> str:
    """A share of the total in force at that look, which an earlier look may have changed."""
    share = numbers.plain_percent(boundary.information_fraction, 0)
    change = reading.results.re_estimation
    changed = change is not None and change.total_pairs != change.planned_pairs
    of = "pairs planned then" if changed else "planned pairs"
    return f"Look {boundary.look}, {share} of the {of}"


def _held(reading: Reading, look: str) -> Iterator[tuple[HypothesisResult, Boundary]]:
    """Every hypothesis with what it was held against at a look."""
    for found in reading.results.hypotheses:
        yield from ((found, boundary) for boundary in found.boundaries if boundary.look == look)


def _named(hypothesis: HypothesisResult) -> str:
    return f"{hypothesis.endpoint_title} ({hypothesis.id})"


def _events(reading: Reading, look: Boundary) -> Iterator[str]:
    """What there is to tell of one look, claims first."""
    held = tuple(_held(reading, look.look))
    for found, here in held:
        if found.shown_at == look.look:
            yield from _shown(reading, found, here)
    for found, here in held:
        if look.look == reading.results.facts.look and found.verdict in WORSE:
            yield f"{_named(found)}: {VERDICTS[found.verdict].lower()}."
        yield from _futile(found, here)
        yield from _harmed(found, here)
    change = reading.results.re_estimation
    if change is not None and change.look == look.look:
        yield change.sentence


def _shown(reading: Reading, found: HypothesisResult, here: Boundary) -> Iterator[str]:
    words = f"{_named(found)}: {framework_words(found.framework).lower()} is shown"
    if here.crossed and here.statistic is not None and here.z is not None:
        words += f" (z {numbers.statistic(here.statistic)}, bound {numbers.statistic(here.z)})"
    yield f"{words}."
    graph = reading.protocol.multiplicity.graph
    if graph is None or graph.local_test != "bonferroni":
        return
    to = [
        other.id
        for other in reading.results.hypotheses
        if other.shared is not None and found.id in other.shared.passed_on_by
    ]
    if to:
        yield f"Its alpha passes on to {listed(to)}."


def _futile(found: HypothesisResult, here: Boundary) -> Iterator[str]:
    for reading in here.futility:
        if not reading.crossed or reading.z is None or here.statistic is None:
            continue
        numbers_of = f"z {numbers.statistic(here.statistic)} below {numbers.statistic(reading.z)}"
        said = f"{_named(found)}: the futility bound is crossed ({numbers_of})"
        if reading.binding:
            yield f"{said} and binding: it is given up for good."
        else:
            yield f"{said}. Not binding: the trial may go on, and no bound for a claim changes."


def _harmed(found: HypothesisResult, here: Boundary) -> Iterator[str]:
    for reading in here.harm:
        if not reading.crossed or reading.z is None or reading.statistic is None:
            continue
        yield (
            f"{_named(found)}: the harm bound is crossed, the candidate is worse (z for harm "
            f"{numbers.statistic(reading.statistic)}, bound {numbers.statistic(reading.z)}); "
            f"registered action: {reading.action}."
        )


def _against_plan(reading: Reading) -> str:
    """More pairs than planned buy no more alpha; a short end stands among the limits."""
    facts = reading.results.facts
    more = facts.evaluable_pairs - facts.planned_pairs
    if more <= 0:
        return ""
    return (
        f"{numbers.count(facts.evaluable_pairs)} evaluable pairs, {numbers.count(more)} more than "
        f"the {numbers.count(facts.planned_pairs)} planned. No more alpha is spent for them than "
        "was registered; bounds and intervals use all information that there is."
    )


def _since(reading: Reading) -> Iterator[str]:
    """What came after a look at which something was claimed, and what is done with it."""
    told = False
    for entry in reading.results.late:
        claimed = [h.id for h in reading.results.hypotheses if h.shown_at == entry.look]
        if claimed and entry.n_late + entry.n_new:
            told = True
            yield _since_words(entry, listed(claimed))
    if told:
        policy = LATE[reading.protocol.monitoring.late_outcomes]
        yield f"Registered for outcomes after a stop: {policy}."


def _since_words(entry: LateOutcomes, claimed: str) -> str:
    came = []
    if entry.n_late:
        outcomes = numbers.plural(entry.n_late, "outcome")
        came.append(f"{outcomes} came late, of pairs that had arrived before its lock")
    if entry.n_new:
        came.append(f"{numbers.plural(entry.n_new, 'pair')} arrived after it")
    then = numbers.plural(entry.n_then, "evaluable pair")
    return f"Look {entry.look} claimed {claimed} on {then}; since then {', and '.join(came)}."


def course_table(reading: Reading) -> Table:
    """Each look of each hypothesis: alpha that it held, its bound, what was observed."""
    rows = [
        _row(found, here)
        for boundary in _looks(reading)
        for found, here in _held(reading, boundary.look)
    ]
    return Table(
        id="course",
        caption="Every hypothesis at every look",
        columns=(
            Column("Look and hypothesis", parts=("Look", "Hypothesis", "Endpoint")),
            Column("Alpha held", numeric=True),
            Column("Bound, z", numeric=True),
            Column("Observed, z", numeric=True),
            Column("State"),
        ),
        rows=tuple(rows),
        note="Alpha is one-sided and of all looks together. What is shown once stays shown.",
    )


def _row(found: HypothesisResult, here: Boundary) -> Row:
    look = here.look
    return Row(
        (
            Cell(f"{look}: {_named(found)}", (look, found.id, found.endpoint_title)),
            value_cell(here.level, numbers.alpha, "not stored"),
            cell(bound_words(here), here.z),
            value_cell(here.statistic, numbers.statistic, "not evaluable"),
            _state(found, here),
        ),
        strong=found.shown_at == look,
    )


def _state(found: HypothesisResult, here: Boundary) -> Cell:
    if found.shown_at is not None:
        names = [boundary.look for boundary in found.boundaries]
        if names.index(found.shown_at) < names.index(here.look):
            return cell(f"shown at {found.shown_at}")
        if found.shown_at == here.look:
            return cell("shown")
    given_up = _given_up(found, here)
    if given_up is not None:
        return cell("given up" if given_up == here.look else f"given up at {given_up}")
    if here.crossed is None:
        return blank("not tested")
    return cell("bound crossed, not shown" if here.crossed else "not shown")


def _given_up(found: HypothesisResult, here: Boundary) -> str | None:
    """The look, not after this one, at which a binding futility bound was crossed."""
    for boundary in found.boundaries[: found.boundaries.index(here) + 1]:
        if any(reading.binding and reading.crossed for reading in boundary.futility):
            return boundary.look
    return None

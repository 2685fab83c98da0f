"""How both arms ran: the candidate's outages by fate, response times, and the record's gaps."""

from evaluation.results import ArmOperations, LookResults
from protocols.vocabulary import Arm, Fate
from reports import numbers
from reports.blocks import Block, Points, Section, Text
from reports.reading import Reading
from reports.sentences import fate_words, listed
from reports.tables import conduct

NOT_ASKED = (Fate.NOT_SAMPLED, Fate.INELIGIBLE, Fate.DUPLICATE)
COUNTS = {"counts_as_failure": "as a failure", "excluded": "not at all"}


def operations_section(reading: Reading) -> Section:
    """How both arms and the record did: fates, times, completeness."""
    results = reading.results
    blocks: list[Block] = []
    if results.operations:
        blocks += [Text(sentence) for sentence in _outage(reading)]
        blocks += [conduct.fates_table(results), conduct.times_table(results)]
    blocks.append(conduct.completeness_table(results))
    blocks += _unexplained(results)
    return Section("operations", "Operations", tuple(blocks))


def _unexplained(results: LookResults) -> list[Block]:
    held = results.completeness.unexplained
    if not held:
        return []
    return [Text("Accepted requests that nothing accounts for (epoch and number):"), Points(held)]


def _outage(reading: Reading) -> list[str]:
    """What each arm was asked and answered, what became of the rest, and how that counts."""
    said = [_arm_outage(arm) for arm in reading.results.operations]
    counts = ", ".join(
        f"in {reading.population(p.id)} {COUNTS[p.candidate_without_answer]}"
        for p in reading.protocol.analysis_populations
    )
    return [*said, f"A request without the candidate's answer counts {counts}."]


def _arm_outage(arm: ArmOperations) -> str:
    due = sum(n for fate, n in arm.fates.items() if fate not in NOT_ASKED)
    answered = arm.fates.get(Fate.ANSWERED, 0)
    name = conduct.arm_words(arm.arm)
    opening = (
        f"{name} ({arm.name} {arm.version}): {numbers.count(answered)} of "
        f"{numbers.plural(due, 'request')} answered{' in time' if arm.arm == Arm.CANDIDATE else ''}"
    )
    silent = [
        f"{fate_words(fate)} {numbers.count(arm.fates.get(fate, 0))}"
        for fate in Fate
        if fate not in (Fate.ANSWERED, *NOT_ASKED) and arm.fates.get(fate, 0)
    ]
    if not silent:
        return f"{opening}; none went without an answer."
    share = numbers.percent((due - answered) / due, due)
    return f"{opening}; {numbers.count(due - answered)} ({share}) without: {listed(silent)}."

"""What the watch reads of pairs by whole columns is what a pair read by itself amounts to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.populations import Pairs, Sample
from evaluation.safety import Judge, values_of
from evaluation.safety_units import Entered, Unit, units_of
from gateway.store.arrivals import Arrival
from gateway.store.records import PairRecord
from protocols.names import safety_names
from protocols.schema import AnytimeRule, Protocol
from protocols.vocabulary import Fate
from tests.support.between_looks import anytime_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import START_US, Truth, simulate_pairs

EVENTS: tuple[Document, ...] = (
    anytime_rule(),
    anytime_rule(event="true", among="outcome or candidate.flag"),
    anytime_rule(event="inputs.age > 60 and not candidate.flag", among="not (inputs.sex == 'f')"),
    anytime_rule(event="candidate.score < 0.3", among="standard_of_care.score >= 0.1"),
    anytime_rule(event="candidate.flag", counterpart="standard_of_care.flag", among="not outcome"),
    anytime_rule(event="candidate.score < 0.3", counterpart="inputs.age == 1", among="true"),
)
PROTOCOL: Protocol = example_protocol(
    lambda document: document.update(
        anytime_safety=[rule | {"id": f"R{k}"} for k, rule in enumerate(EVENTS)]
    )
)
BASE = simulate_pairs(PROTOCOL, Truth(n=40, candidate_failure_share=0.2, missing_outcome_share=0.1))
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "age": st.sampled_from([None, True, 1, 1.0, 59.5, 60, 61]),
        "sex": st.sampled_from([None, "f", "m", ""]),
    },
)
SEEN = st.tuples(INPUTS, st.booleans(), st.integers(-1, 5))


def _arrivals(seen: Sequence[tuple[dict[str, object], bool, int]]) -> list[Arrival]:
    found = []
    for pair, (inputs, silent, moment) in zip(BASE, seen, strict=False):
        record: PairRecord = replace(pair, inputs=inputs)  # type: ignore[arg-type]
        if silent:
            lost = replace(pair.candidate, fate=Fate.TIMED_OUT, score=None, flag=None)
            record = replace(record, candidate=lost)
        entered = None if moment < 0 or pair.outcome is None else START_US + moment
        found.append(Arrival(record, START_US, entered))
    return found


def _by_itself(
    rule: AnytimeRule, sample: Sample, arrivals: Sequence[Arrival]
) -> tuple[list[Unit], int]:
    """Each pair by itself, in the order of entering and then of arrival."""
    names = safety_names(PROTOCOL)
    texts = [text for text in (rule.event, rule.counterpart) if text is not None]
    place = {record.pair_id: i for i, record in enumerate(sample.records)}
    came = [a for a in arrivals if a.entered_at_us is not None and a.record.pair_id in place]
    units, n_unsettled = [], 0
    for arrival in sorted(came, key=lambda a: (a.entered_at_us or 0, a.record.ordinal)):
        values = values_of(sample, place[arrival.record.pair_id])
        inside = Judge(rule.among, names)(values)
        truths = [Judge(text, names)(values) for text in texts]
        if inside is False:
            continue
        if inside is None or None in truths:
            n_unsettled += 1
            continue
        numbers = [float(truth is True) for truth in truths]
        value = numbers[0] - sum(numbers[1:])
        record = arrival.record
        units.append(Unit(value, record.pair_id, record.ordinal, arrival.entered_at_us or 0))
    return units, n_unsettled


@settings(max_examples=300, deadline=None)
@given(st.lists(SEEN, max_size=len(BASE)))
def test_rules_read_by_columns_have_the_cases_of_pairs_read_one_by_one(
    seen: list[tuple[dict[str, object], bool, int]],
) -> None:
    arrivals = _arrivals(seen)
    primary = next(p for p in PROTOCOL.analysis_populations if p.role == "primary")
    sample = Pairs(PROTOCOL, [a.record for a in arrivals], final=False).sample(primary)
    entered = Entered(PROTOCOL, sample, arrivals)
    for rule in PROTOCOL.anytime_safety:
        found = units_of(PROTOCOL, rule, entered)
        cases, n_unsettled = _by_itself(rule, sample, arrivals)
        assert list(found.cases) == cases, rule.id
        assert found.n_unsettled == n_unsettled, rule.id
        assert not np.isnan([case.value for case in found.cases]).any()

"""The evaluable pairs of one endpoint as the rows that a registered method reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.columns import Column, further_outcome, outcome_columns, parameter_columns
from evaluation.inference.arrays import n_distinct
from evaluation.inference.rows import Rows
from evaluation.populations import UNKNOWN, BoolArray, FloatArray, IntArray, Sample
from evaluation.values import Seen, flag_or_wrong, probabilities, values_of
from protocols.methods.base import Parameter
from protocols.methods.measures import MEASURES, Measure
from protocols.schema import Endpoint, Protocol


@dataclass(frozen=True, slots=True)
class Measured:
    """The pairs in an endpoint's denominator; `subject` numbers subjects, clusters or not."""

    measure: Measure
    rows: Rows
    subject: IntArray

    def take(self, mask: BoolArray) -> "Measured":
        """The pairs for which `mask` is true."""
        return Measured(self.measure, self.rows.take(mask), self.subject[mask])

    @property
    def candidate(self) -> FloatArray:
        return self.rows.candidate

    @property
    def standard_of_care(self) -> FloatArray:
        return self.rows.standard_of_care

    @property
    def outcome(self) -> BoolArray:
        return self.rows.outcome

    @property
    def binary(self) -> bool:
        return MEASURES[self.measure].kind == "binary"

    @property
    def n(self) -> int:
        return self.rows.n

    @property
    def n_events(self) -> int:
        return int(self.outcome.sum())

    @property
    def n_subjects(self) -> int:
        return n_distinct(self.subject)


@dataclass(frozen=True, slots=True)
class Registered:
    """The parameters of a registered method and what the protocol gives for them.

    `completes`: it asks what each value would be, had the outcome been so or otherwise. `tested`:
    it tests a hypothesis, where no silent candidate may go unpunished.
    """

    parameters: Sequence[Parameter] = ()
    given: Mapping[str, object] | None = None
    completes: bool = False
    tested: bool = False


NOTHING = Registered()


def measured(
    endpoint: Endpoint, sample: Sample, protocol: Protocol, *, method: Registered = NOTHING
) -> Measured:
    """The pairs of `sample` in the measure's denominator with everything that it looks at."""
    everybody = with_unknown(endpoint, sample, protocol, method=method)
    known = everybody.rows.known
    return everybody.take(known & inside(everybody))


def inside(data: Measured) -> BoolArray:
    """Which pairs have a value of both arms."""
    return ~(np.isnan(data.candidate) | np.isnan(data.standard_of_care))


def with_unknown(
    endpoint: Endpoint, sample: Sample, protocol: Protocol, *, method: Registered = NOTHING
) -> Measured:
    """Every pair of `sample`, NaN where it has no value; `rows.known` says who has an outcome."""
    columns = columns_of(endpoint, sample, protocol)
    happened = happened_of(endpoint, sample, protocol)
    seen = Seen(endpoint, protocol.arms, sample, happened, columns, method.tested)
    candidate, standard_of_care = values_of(seen)
    columns = columns | parameter_columns(sample, protocol, method.parameters, method.given or {})
    if method.completes and MEASURES[endpoint.measure].outcome_types == ("binary",):
        columns = columns | _under_either_outcome(seen)
    clustered = protocol.design.cluster == "subject"
    rows = Rows(
        candidate=candidate,
        standard_of_care=standard_of_care,
        outcome=happened == 1,
        known=_known(happened, columns),
        cluster=sample.subject if clustered else np.arange(sample.n, dtype=np.int64),
        clustered=clustered,
        candidate_score=sample.candidate_score,
        standard_of_care_score=sample.standard_of_care_score,
        candidate_flag=flag_or_wrong(sample, happened),
        standard_of_care_flag=sample.standard_of_care_flag,
        extra={name: column.values for name, column in columns.items()},
        labels={name: column.labels for name, column in columns.items() if column.labels},
    )
    return Measured(endpoint.measure, rows, sample.subject)


def columns_of(endpoint: Endpoint, sample: Sample, protocol: Protocol) -> dict[str, Column]:
    """What the endpoint brings along: its further outcome, and probabilities where both arms do."""
    outcome = further_outcome(protocol, endpoint)
    columns = {} if outcome is None else outcome_columns(sample, outcome)
    arms = protocol.arms
    if arms.candidate.output.kind == arms.standard_of_care.output.kind == "probability":
        candidate, standard_of_care = probabilities(sample, arms)
        columns["candidate_probability"] = Column(candidate)
        columns["standard_of_care_probability"] = Column(standard_of_care)
    return columns


def happened_of(endpoint: Endpoint, sample: Sample, protocol: Protocol) -> IntArray:
    """1, 0 or UNKNOWN: the endpoint's outcome where it is binary, else the protocol's."""
    outcome = further_outcome(protocol, endpoint)
    if outcome is None or outcome.type != "binary" or outcome.per_arm:
        return sample.outcome
    values = outcome_columns(sample, outcome)["reference"].values
    return np.where(np.isnan(values), UNKNOWN, values).astype(np.int64)


def _under_either_outcome(seen: Seen) -> dict[str, Column]:
    """Each arm's value had there been no event, and had there been one."""
    columns = {}
    for word, happened in (("if_no_event", 0), ("if_event", 1)):
        assumed = replace(seen, happened=np.full(seen.sample.n, happened, dtype=np.int64))
        candidate, standard_of_care = values_of(assumed)
        columns[f"candidate_{word}"] = Column(candidate)
        columns[f"standard_of_care_{word}"] = Column(standard_of_care)
    return columns


def _known(happened: IntArray, columns: Mapping[str, Column]) -> BoolArray:
    """Whether the endpoint's outcome is ascertained."""
    roles = ("reference", "time", "candidate_value", "candidate_time")
    own = [columns[role].values for role in roles if role in columns]
    if own:
        return np.asarray(~np.isnan(own[0]))
    return np.asarray(happened != UNKNOWN)

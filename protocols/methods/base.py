"""What a protocol must say to register a method; the functions themselves are evaluation's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Group = Literal[
    "proportions",
    "clusters",
    "diagnostic",
    "discrimination",
    "probabilities",
    "continuous",
    "agreement",
    "events",
    "safety",
    "missing",
    "subgroups",
]
"""The eleven families, named as the folders of `evaluation/inference`."""

ParameterKind = Literal["number", "integer", "numbers", "word", "input", "subgroup"]
"""`input` names a field of `inputs`, `subgroup` a subgroup of the protocol, by id."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that the protocol must write out: there are no defaults.

    `low` and `high` close the range of a number; `choices` are the words that are taken; `numeric`
    asks for an input that is a number.
    """

    name: str
    kind: ParameterKind
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class HypothesisTestSpec:
    """A word for `hypotheses[].test`.

    `measures` are the endpoint measures it may test; `pairs` says whether it knows subjects that
    come back (`clustered`), takes every pair as independent (`independent`), or does what
    `design.cluster` says (`either`); `draws` asks for `resampling`.
    """

    group: Group
    title: str
    measures: tuple[str, ...]
    scale: Literal["difference", "ratio"]
    pairs: Literal["clustered", "independent", "either"]
    parameters: tuple[Parameter, ...] = ()
    draws: bool = False


@dataclass(frozen=True, slots=True)
class EstimatorSpec:
    """A word for `analyses[].estimator`.

    `intervals` are the words that `analyses[].interval` may hold with it, `none` among them where
    it gives no interval; `restricted` names the measures of an interval that does not suit all;
    `needs_reference` asks for an endpoint whose outcome is a number of the pair; the rest as in
    `HypothesisTestSpec`.
    """

    group: Group
    title: str
    measures: tuple[str, ...]
    intervals: tuple[str, ...]
    pairs: Literal["clustered", "independent", "either"]
    parameters: tuple[Parameter, ...] = ()
    draws: bool = False
    restricted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs_reference: bool = False

    def intervals_of(self, measure: str) -> tuple[str, ...]:
        """The intervals that suit a measure."""
        return tuple(i for i in self.intervals if measure in self.restricted.get(i, self.measures))

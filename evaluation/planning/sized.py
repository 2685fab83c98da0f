"""One hypothesis' size design put into its formula: effects as drifts, and bounds as effects.

A trial is followed on the scale of information over its planned total, so that the last look has
information 1 and the drift is the mean of z there. Where the formula's variances differ under null
and truth, the drift is such that a single look has the power of the formula.
"""

import math
from dataclasses import dataclass, replace

from evaluation.design.size.plan import Clusters, Normal, Plan
from evaluation.planning.formulas import (
    EDGE,
    Formula,
    Nuisance,
    Question,
    distance_of,
    effect_of,
)
from protocols.errors import UsageError
from protocols.schema import SizeDesign

NEARBY = tuple(step / 50 for step in range(1, 50))  # shares of the planned distance


@dataclass(frozen=True, slots=True)
class Sized:
    """`planned` are the evaluable pairs of the last look; `alpha` is one-sided.

    `other` is the same seen from the other margin, where an equivalence is to be shown.
    """

    design: SizeDesign
    question: Question
    formula: Formula
    nuisance: Nuisance
    alpha: float
    planned: float
    other: "Sized | None" = None

    @property
    def clusters(self) -> Clusters:
        design = self.design
        return Clusters(design.pairs_per_subject, design.cv_of_pairs, design.icc)

    def plan(self) -> Plan:
        """Error rates of one look at independent pairs, and what multiplies its size."""
        ascertainment = self.design.ascertainment
        return Plan(
            self.alpha, self.design.power, ascertainment=ascertainment, clusters=self.clusters
        )

    @property
    def independent_pairs(self) -> float:
        """How many independent pairs the planned ones are worth."""
        return self.planned / self.clusters.design_effect

    def normal(self, effect: float) -> Normal:
        """Distance and variances of one pair; `UsageError` for effects the nuisance rules out."""
        return self.formula.normal(self.question, effect, self.nuisance)

    def deviate(self, effect: float, pairs: float) -> float:
        """The standard normal quantile of the power of one look at so many independent pairs."""
        if self.formula.deviate is None:
            return self.normal(effect).deviate(pairs, self.plan())
        return self.formula.deviate(self.question, effect, self.nuisance)(pairs, self.plan())

    def under(self, nuisance: Nuisance) -> "Sized":
        """The same with some nuisance values replaced."""
        other = None if self.other is None else self.other.under(nuisance)
        return replace(self, nuisance={**self.nuisance, **nuisance}, other=other)

    def with_pairs(self, independent: float) -> "Sized":
        """The same, planned with so many independent pairs."""
        other = None if self.other is None else self.other.with_pairs(independent)
        return replace(self, planned=independent * self.clusters.design_effect, other=other)

    def drifts(self, effect: float) -> tuple[float, float]:
        """Of an equivalence: `drift` as seen from either margin."""
        assert self.other is not None  # noqa: S101 - asked for of equivalences only
        return self.drift(effect), self.other.drift(effect)

    def distance(self, effect: float) -> float:
        return distance_of(self.question, self.formula, effect, self.nuisance)

    def effect(self, distance: float) -> float:
        return effect_of(self.question, self.formula, distance, self.nuisance)

    def drift(self, effect: float) -> float:
        """The mean of z at the last look under a true effect; 0 on the edge of the null.

        Beyond the edge the variance is that on the edge. `UsageError` where nothing varies.
        """
        distance = self.distance(effect)
        if distance <= EDGE * self.distance(self.design.true_effect):
            unit = math.sqrt(self.edge_variance / self.independent_pairs)
            return distance / unit
        self.normal(effect)  # refuses what cannot be
        found = self.plan().z_alpha + self.deviate(effect, self.independent_pairs)
        if not math.isfinite(found):
            raise UsageError("VARIANCE_RANGE", "Under this effect the estimate does not vary.")
        return found

    @property
    def edge_variance(self) -> float:
        """For one pair, under the possible effect nearest to the edge of the null.

        An effect as large as the margin asks for a discordance as large, which is not always there.
        """
        planned = self.distance(self.design.true_effect)
        for share in (EDGE, *NEARBY):
            effect = self.effect(share * planned)
            if possible(self, effect):
                return self.normal(effect).variance_null
        return self.normal(self.design.true_effect).variance_null

    def standard_error(self, information: float) -> float:
        """Of the distance at this share of the planned pairs: the one that z is formed with."""
        variance = self.normal(self.design.true_effect).variance_null
        return math.sqrt(variance / (information * self.independent_pairs))

    def effect_at(self, z: float, information: float) -> float:
        """The estimate that has this z."""
        return self.effect(z * self.standard_error(information))

    def z_at(self, effect: float, information: float) -> float:
        """The z of this estimate. At information 1 it is the drift that looks reckon powers with.

        They know one standard error and no formula, so it differs a little from `drift` where the
        formula has two.
        """
        return self.distance(effect) / self.standard_error(information)


def possible(sized: Sized, effect: float) -> bool:
    """Whether the nuisance values allow this effect."""
    try:
        sized.normal(effect)
        if sized.other is not None:
            sized.other.normal(effect)
    except UsageError:
        return False
    return True

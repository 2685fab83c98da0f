"""Case files about missing outcomes: which function answers which method."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.inference.base import NotEvaluable
from evaluation.inference.missing import bounds, pooling, weighting
from evaluation.inference.proportions import difference as paired
from evaluation.inference.proportions.difference import PairedCounts
from protocols.vocabulary import Direction
from tests.reference.case_inputs import answered, column, limits, subjects, table
from tests.reference.compare import Adapter, Got, Inputs, Refused

DIRECTIONS = {direction.value: direction for direction in Direction}


def direction_of(inputs: Inputs) -> Direction:
    """A case that does not say so takes higher as better."""
    word = str(inputs.get("direction", Direction.HIGHER_IS_BETTER.value))
    return DIRECTIONS[word if word in DIRECTIONS else f"{word}_is_better"]


def worst_best_tipping(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The case names the assigned pairs; the extreme ones are also reached by our own bound."""
    known = table(inputs)
    n, to_candidate, to_soc = (
        int(inputs[key])
        for key in ("unresolved_discordant", "assigned_to_candidate", "assigned_to_soc")
    )
    counts = known + PairedCounts(0, to_candidate, to_soc, 0)
    if n in (to_soc, to_candidate):
        found = answered(
            bounds.paired_bounds(known, PairedCounts(0, to_candidate, to_soc, 0), critical=1.96)
        )
        assert counts in (found.worst.counts, found.best.counts)
    test = answered(
        paired.score_test(
            counts,
            margin=float(inputs["margin"]),
            direction=direction_of(inputs),
            level=0.95,
        )
    )
    turn = 1 if direction_of(inputs) is Direction.HIGHER_IS_BETTER else -1
    return {
        "difference": test.estimate,
        "z": turn * test.statistic,
        "p_one_sided": test.p_value,
    }


def rubin(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(
        pooling.pooled(
            inputs["estimates"],
            inputs["variances"],
            n=inputs["n"],
            n_parameters=inputs["n_parameters"],
            margin=inputs["margin"],
            direction=direction_of(inputs),
            level=inputs["conf_level"],
        )
    )
    turn = 1 if direction_of(inputs) is Direction.HIGHER_IS_BETTER else -1
    return {
        "qbar": found.estimate,
        "ubar": found.within,
        "b": found.between,
        "total": found.total,
        "riv": found.relative_increase,
        "df": found.df,
        "fmi": found.fraction_missing,
        **limits("ci_", (found.low, found.high)),
        "ni_t": turn * found.statistic,
        "ni_p": found.p_value,
    }


def ipw_hajek(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Weights come from the case; a probability too close to 0 is refused among all records."""
    observed = column(inputs, "observed") == 1
    probability = column(inputs, "p_observed")
    refusal = weighting.unsupported(probability)
    if refusal is not None:
        raise Refused(refusal.code)
    difference = column(inputs, "difference")[observed]
    cluster = subjects(inputs)[observed]
    none = np.zeros(len(difference))
    found = answered(
        weighting.weighted_difference(
            difference,
            none,
            cluster,
            probability=probability[observed],
            margin=float(inputs.get("margin", 0.0)),
            direction=direction_of(inputs),
            level=float(inputs.get("conf_level", 0.95)),
        )
    )
    plain = weighting.weighted_means(difference, none, np.ones(len(difference)), cluster)
    alone = None if isinstance(plain, NotEvaluable) else plain
    return {
        "estimate": found.estimate,
        "se": found.standard_error,
        "unweighted": alone and alone.estimate,
        "unweighted_se": alone and alone.standard_error,
        "n_observed": found.n_pairs,
        "n_clusters": found.n_clusters,
    }


MISSING: dict[str, Adapter] = {
    "missing.rubins_rules": rubin,
    "missing.worst_best_tipping": worst_best_tipping,
    "missing.ipw_hajek": ipw_hajek,
}

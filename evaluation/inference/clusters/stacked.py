"""Effect of the arm from stacked rows: two rows a pair, generalized estimating equations.

The subject is the cluster, so dependence within pairs and within subjects are both covered. With
an independence working correlation and the identity link the effect is the pooled difference. The
fit is statsmodels'; data on which it prints a tiny standard error instead of failing (constant
outcomes, separated arms, one subject) are refused before it.
"""

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.clusters.wald import (
    ZERO_VARIANCE,
    against_margin,
    no_spread,
    pooled_arms,
    totals_or_refusal,
)
from evaluation.inference.refusals import NOT_FINITE
from protocols.vocabulary import Direction

if TYPE_CHECKING:
    from statsmodels.genmod import cov_struct, families

Link = Literal["identity", "log", "logit"]
Working = Literal["independence", "exchangeable"]
SMALLEST_SPREAD = 1e-150  # its square is a number yet
LARGEST_SUBJECT = 1000  # pairs; the bias-reduced form builds square matrices of twice this

METHOD = Method(
    "gee_arm_effect",
    "Marginal effect of the arm on stacked pairs by generalized estimating equations; sandwich "
    "variance with the subject as cluster, and its bias-reduced form with Student's t.",
    "Liang & Zeger 1986, Biometrika 73:13; Mancl & DeRouen 2001, Biometrics 57:126",
)
TEST = Method(
    "gee_difference",
    "Difference of means from generalized estimating equations on stacked pairs, identity link; "
    "bias-reduced sandwich variance; Student's t with K-1 degrees of freedom.",
    METHOD.citation,
)


@dataclass(frozen=True, slots=True)
class ArmEffect:
    """Candidate against standard of care on the scale of the link.

    `sandwich` is the plain robust standard error, `bias_reduced` Mancl and DeRouen's; `working`
    the estimated exchangeable correlation, None under independence.
    """

    estimate: float
    sandwich: float
    bias_reduced: float
    working: float | None
    totals: ClusterTotals


def arm_effect(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    link: Link,
    working: Working,
) -> ArmEffect | NotEvaluable:
    """Fits arm against outcome; identity takes any numbers, log and logit values 0 and 1.

    Refuses what `totals_or_refusal` refuses, an outcome that is constant, with log and logit an
    arm without events or non-events, more than 1,000 pairs in one subject, and a fit that does
    not converge.
    """
    refusal = _refusal(candidate, standard_of_care, link=link)
    if refusal is not None:
        return refusal
    totals = totals_or_refusal(candidate, standard_of_care, cluster)
    if isinstance(totals, NotEvaluable):
        return totals
    if totals.n.max() > LARGEST_SUBJECT:
        reason = f"A subject has more than {LARGEST_SUBJECT} pairs."
        return NotEvaluable("subject_too_large", reason)
    outcome, design, subject = _stacked(candidate, standard_of_care, cluster)
    from statsmodels.genmod import cov_struct  # slow to import: only where it is used
    from statsmodels.genmod.generalized_estimating_equations import GEE

    structure = cov_struct.Independence() if working == "independence" else _exchangeable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a binomial with log link warns of its domain
        model = GEE(outcome, design, groups=subject, family=_family(link), cov_struct=structure)
        # plain moments for the working correlation, so that few residuals are enough for it
        fitted = model.fit(cov_type="bias_reduced", maxiter=200, ddof_scale=0)
    plain = math.sqrt(max(float(fitted.cov_robust[1, 1]), 0.0))
    reduced = math.sqrt(max(float(fitted.cov_robust_bc[1, 1]), 0.0))
    numbers = float(fitted.params[1]), plain, reduced
    if not (fitted.converged and all(math.isfinite(number) for number in numbers)):
        return NotEvaluable("not_converged", "The estimating equations have no solution.")
    if no_spread(min(plain, reduced), totals):
        return ZERO_VARIANCE
    correlation = None if working == "independence" else float(structure.dep_params)
    return ArmEffect(*numbers, correlation, totals)


def _refusal(
    candidate: FloatArray, standard_of_care: FloatArray, *, link: Link
) -> NotEvaluable | None:
    if not (np.isfinite(candidate).all() and np.isfinite(standard_of_care).all()):
        return NOT_FINITE
    both = np.concatenate((candidate, standard_of_care))
    if both.size and float(np.ptp(both)) < SMALLEST_SPREAD:
        return NotEvaluable("constant_outcome", "Every value is the same in both arms.")
    if link == "identity":
        return None
    if not np.isin(both, (0.0, 1.0)).all():
        return NotEvaluable("values_not_binary", f"The link {link} takes values 0 and 1 only.")
    if any(arm.min(initial=1.0) == arm.max(initial=0.0) for arm in (candidate, standard_of_care)):
        reason = "An arm has no event, or events only, so its effect is infinite."
        return NotEvaluable("arms_separated", reason)
    return None


def _stacked(
    candidate: FloatArray, standard_of_care: FloatArray, cluster: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Outcome, design and subject, sorted by their contents so that row order is immaterial."""
    index, _ = cluster_index(cluster)
    outcome = np.concatenate((candidate, standard_of_care))
    arm = np.repeat([1.0, 0.0], len(candidate))
    subject = np.concatenate((index, index))
    order = np.lexsort((outcome, arm, subject))
    design = np.column_stack((np.ones(len(arm)), arm[order]))
    return outcome[order], design, subject[order]


def _exchangeable() -> "cov_struct.Exchangeable":
    from statsmodels.genmod import cov_struct

    return cov_struct.Exchangeable()


def _family(link: Link) -> "families.Family":
    from statsmodels.genmod import families

    match link:
        case "identity":
            return families.Gaussian()
        case "log":
            return families.Binomial(link=families.links.Log())
        case "logit":
            return families.Binomial()


def gee_test(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    working: Working,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Test of a difference against a margin; refuses as `arm_effect` with the identity link."""
    found = arm_effect(candidate, standard_of_care, cluster, link="identity", working=working)
    if isinstance(found, NotEvaluable):
        return found
    return against_margin(
        TEST,
        found.totals,
        found.estimate,
        found.bias_reduced,
        df=float(found.totals.n_clusters - 1),
        margin=margin,
        direction=direction,
        level=level,
        arms=pooled_arms(found.totals),
    )

"""Case files on agreement: kappa, Gwet, marginal homogeneity, mean scores, Cochran's Q."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.inference.agreement.cochran import cochran_q
from evaluation.inference.agreement.coefficients import (
    Coefficient,
    Weights,
    coefficient,
    independent_error,
)
from evaluation.inference.agreement.homogeneity import bhapkar, bowker, stuart_maxwell
from evaluation.inference.agreement.scores import mean_ranks, mean_scores
from evaluation.inference.base import NotEvaluable
from tests.reference.case_inputs import answered, column, two_sided
from tests.reference.compare import Adapter, Got, Inputs

FORMS: tuple[tuple[str, str, Coefficient, Weights], ...] = (
    ("kappa", "kappa_ase", "kappa", "unweighted"),
    ("kappa_linear", "kappa_linear_ase", "kappa", "linear"),
    ("kappa_quadratic", "kappa_quadratic_ase", "kappa", "quadratic"),
    ("gwet_ac1", "gwet_ac1_se", "gwet", "unweighted"),
    ("gwet_ac2_linear", "gwet_ac2_linear_se", "gwet", "linear"),
    ("gwet_ac2_quadratic", "gwet_ac2_quadratic_se", "gwet", "quadratic"),
)


def kappa(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Every form; one without a value is left out unless it is the plain kappa."""
    table = column(inputs, "table")
    plain = answered(coefficient(table, "kappa"))
    got: dict[str, float] = {"observed_agreement": plain.observed}
    for name, error_name, kind, weights in FORMS:
        found = answered(coefficient(table, kind, weights))
        error = independent_error(found, table)
        got[name] = found.estimate
        got[error_name] = 0.0 if isinstance(error, NotEvaluable) else error
    return got


def marginal_homogeneity(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    table = column(inputs, "table")
    got: dict[str, float] = {}
    tests = (("bowker", bowker), ("stuart_maxwell", stuart_maxwell), ("bhapkar", bhapkar))
    for name, test in tests:
        found = test(table)
        if isinstance(found, NotEvaluable):
            if name != "bhapkar" or not any(key.startswith("bowker") for key in got):
                answered(found)
            continue
        got |= {
            f"{name}_chi2": found.statistic,
            f"{name}_df": found.df,
            f"{name}_p": found.p_value,
        }
    return got


def ordinal_mean_scores(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    table, level = column(inputs, "table"), inputs["conf_level"]
    found = answered(mean_scores(table, column(inputs, "scores"), level=level))
    ranks = answered(mean_ranks(table))
    return {
        "estimate": found.estimate,
        "wald_z": found.wald_statistic,
        "wald_p": two_sided(found.wald_statistic),
        "wald_ci": found.wald_interval,
        "score_z": found.score_statistic,
        "score_p": two_sided(found.score_statistic),
        "score_ci": found.score_interval,
        "rank_tau": ranks.tau,
        "rank_tau_se": ranks.own_ridit_error,
        "rank_alpha": ranks.superiority,
    }


def several_models(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(cochran_q(np.asarray(inputs["correct"], dtype=np.float64)))
    return {"q": found.statistic, "df": found.df, "p": found.p_value}


AGREEMENT: dict[str, Adapter] = {
    "agreement.kappa_ac1": kappa,
    "multiclass.marginal_homogeneity": marginal_homogeneity,
    "ordinal.marginal_mean_scores": ordinal_mean_scores,
    "multiarm.cochran_q": several_models,
}

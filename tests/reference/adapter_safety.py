"""Cases of safety: bounds of shares and rates, net harm, severity, posterior probabilities."""

from collections.abc import Mapping
from typing import Any

from evaluation.inference.base import NotEvaluable
from evaluation.inference.safety import bounds as safety
from evaluation.inference.safety.findings import severity_findings
from evaluation.inference.safety.posterior import beta_posterior
from tests.reference.case_inputs import answered, column, limits, subjects
from tests.reference.compare import Adapter, Got, Inputs


def binomial_upper(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    events, n = int(inputs["events"]), int(inputs["n"])
    upper = safety.exact_upper(events, n, inputs["conf_level"])
    return {
        "estimate": events / n,
        "upper": upper,
        "p_below_threshold": safety.p_below(events, n, inputs["threshold"]),
    }


def poisson_upper(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    events, exposure = int(inputs["events"]), float(inputs["exposure"])
    upper = safety.poisson_upper(events, exposure, inputs["conf_level"])
    return {
        "rate": events / exposure,
        "upper": upper,
        "p_below_threshold": safety.p_rate_below(events, exposure, inputs["threshold_rate"]),
    }


def net_harm(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Without discordant harm there is no share and no test of the odds, so no key for them."""
    candidate, soc = int(inputs["cand_only"]), int(inputs["soc_only"])
    found = safety.net_discordant_harm(candidate, soc, level=0.95)
    odds = safety.p_odds_below(candidate, soc, float(inputs["odds_margin"]))
    got: dict[str, float] = {"p_excess_harm": found.p_excess}
    if not isinstance(odds, NotEvaluable):
        got["p_ni_odds_below_2"] = odds
    if found.low is not None and found.high is not None:
        got |= limits("share_ci_", (found.low, found.high))
    return got


def severity(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(
        severity_findings(
            column(inputs, "severity_candidate"),
            column(inputs, "severity_soc"),
            subjects(inputs),
            margin=float(inputs["margin"]),
            level=0.95,
        )
    ).named("severity_difference")
    assert found.statistic is not None
    return {
        "difference": found.estimate,
        "se": found.standard_error,
        "ni_t": -found.statistic,
        "df": found.df,
        "ni_p": found.p_value,
    }


def beta_binomial(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    prior = float(inputs["prior_a"]), float(inputs["prior_b"])
    limit, level = float(inputs["threshold"]), float(inputs.get("conf_level", 0.95))
    found = beta_posterior(inputs["events"], inputs["n"], prior=prior, limit=limit, level=level)
    return {
        "post_mean": found.mean,
        "prob_below_threshold": found.below,
        "cred_lower": found.low,
        "cred_upper": found.high,
    }


def discordant_beta(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Of the pairs that only one arm got right, the candidate's share exceeds one half."""
    prior = float(inputs["prior_a"]), float(inputs["prior_b"])
    won, lost = int(inputs["n10"]), int(inputs["n01"])
    found = beta_posterior(won, won + lost, prior=prior, limit=0.5, level=0.95)
    return {"prob_candidate_better": found.above}


SAFETY: dict[str, Adapter] = {
    "safety.exact_binomial_upper": binomial_upper,
    "safety.exact_poisson_upper": poisson_upper,
    "safety.net_discordant_harm": net_harm,
    "safety.severity_weighted_difference": severity,
    "bayes.beta_binomial": beta_binomial,
    "bayes.discordant_beta": discordant_beta,
}

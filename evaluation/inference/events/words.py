"""The events family's words of the protocol, and how each reads the pairs."""

from dataclasses import replace

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.events import concordance, counts, cox, kaplan_meier, rates, tables
from evaluation.inference.events.concordance import ScoredTimes
from evaluation.inference.events.cox import PairedTimes
from evaluation.inference.events.rates import PairedCountsOverTime, RateRatio
from evaluation.inference.events.ratios import LogRatio, against_margin
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError

MAYO = "Mayo score of 312 patients, Dickson et al. 1989"
COUNT_RATIO = replace(counts.METHOD, name="count_ratio_estimate")
RATE_RATIO = Method(
    "rate_ratio",
    "Ratio of event rates in a Poisson or negative binomial model with exposure as offset; "
    "variance between subjects with K/(K-1); t with K-1 degrees of freedom on the log scale.",
    rates.NEGATIVE_BINOMIAL.citation,
)
COX = Method(
    "cox",
    "Hazard ratio from the partial likelihood, with a stratum for each pair or over all times; "
    "between subjects with K/(K-1) and t with K-1 degrees of freedom over all times and where "
    "subjects come back.",
    f"{cox.STRATIFIED.citation}; {cox.MARGINAL.citation}",
)


def counted(rows: Rows, asked: Asked) -> PairedCountsOverTime:
    """Both arms' counts; the exposure is 1 for every pair where the protocol names none."""
    exposure = rows.column("exposure") if "exposure" in asked.parameters else None
    return PairedCountsOverTime.of(rows.candidate, rows.standard_of_care, rows.cluster, exposure)


def timed(rows: Rows) -> PairedTimes | NotEvaluable:
    """Both arms' times; refuses a missing sign of event."""
    events = rows.column("candidate_event"), rows.column("standard_of_care_event")
    if not all(np.isin(event, (0.0, 1.0)).all() for event in events):
        return NotEvaluable("values_not_finite", "A time does not say whether it is an event.")
    return PairedTimes(
        rows.column("candidate_time"),
        events[0] == 1,
        rows.column("standard_of_care_time"),
        events[1] == 1,
        rows.cluster,
    )


def scored(rows: Rows) -> ScoredTimes | NotEvaluable:
    """Both arms' scores and the pair's censored time; refuses a missing sign of event."""
    event = rows.column("event")
    if not np.isin(event, (0.0, 1.0)).all():
        return NotEvaluable("values_not_finite", "A time does not say whether it is an event.")
    arms = rows.candidate, rows.standard_of_care
    return ScoredTimes(*arms, rows.column("time"), event == 1, rows.cluster)


def _tested(
    found: LogRatio | NotEvaluable, word: HypothesisTest, asked: Asked
) -> Estimate | NotEvaluable:
    if isinstance(found, NotEvaluable):
        return found
    return against_margin(
        found, word.method, margin=asked.margin, direction=asked.direction, level=asked.level
    )


def _never_apart(one: tuple[FloatArray, ...], other: tuple[FloatArray, ...]) -> bool:
    """Whether the arms are copies, as a claim about them would then rest on no difference seen."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _copies(n: int) -> NotEvaluable:
    return NotEvaluable("no_discordant_pairs", f"The arms give the same value on all {n} pairs.")


def _count_ratio(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    if rows.n and _never_apart((rows.candidate,), (rows.standard_of_care,)):
        return counts.checked_counts(rows.candidate, rows.standard_of_care) or _copies(rows.n)
    return counts.count_ratio(
        rows.candidate,
        rows.standard_of_care,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def _poisson(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    found = rates.poisson_rate_ratio(counted(rows, asked))
    robust = found if isinstance(found, NotEvaluable) else found.robust
    return _tested(robust, TESTS["poisson_rate_ratio"], asked)


def _negative_binomial(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    found = rates.negative_binomial_rate_ratio(counted(rows, asked))
    robust = found if isinstance(found, NotEvaluable) else found.robust
    return _tested(robust, TESTS["negative_binomial_rate_ratio"], asked)


def _stratified(rows: Rows) -> LogRatio | NotEvaluable:
    times = timed(rows)
    if isinstance(times, NotEvaluable):
        return times
    return cox.stratified(times, clustered=rows.clustered)


def _marginal(rows: Rows) -> LogRatio | NotEvaluable:
    times = timed(rows)
    if isinstance(times, NotEvaluable):
        return times
    return cox.marginal(times)


def _cox_stratified(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    candidate, soc = (
        (rows.column(f"{arm}_time"), rows.column(f"{arm}_event"))
        for arm in ("candidate", "standard_of_care")
    )
    if rows.n and _never_apart(candidate, soc):
        return _copies(rows.n)
    return _tested(_stratified(rows), TESTS["cox_stratified_by_pair"], asked)


def _cox_marginal(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return _tested(_marginal(rows), TESTS["cox_marginal"], asked)


def _c_index_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    data = scored(rows)
    if isinstance(data, NotEvaluable):
        return data
    return concordance.c_index_difference(
        data,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        drawing=asked.drawing,
    )


def _count_ratio_estimate(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    refused = counts.checked_counts(rows.candidate, rows.standard_of_care)
    if refused is not None:
        return refused
    events = counts.Events(int(rows.candidate.sum()), int(rows.standard_of_care.sum()))
    found = counts.exact_rate_ratio(events, level=asked.level)
    if isinstance(found, NotEvaluable):
        return found
    quantities = (tables.exact_quantity("count_ratio", "ratio of counts", found),)
    return Findings(COUNT_RATIO, quantities, rows.n, rows.n_clusters)


def _exact_rate_ratio(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    refused = counts.checked_counts(rows.candidate, rows.standard_of_care)
    if refused is not None:
        return refused
    exposures = [rows.column(f"{arm}_exposure") for arm in ("candidate", "standard_of_care")]
    if not all(np.isfinite(time).all() and (time > 0).all() for time in exposures):
        return NotEvaluable("exposure_missing", "A pair has no positive exposure.")
    events = counts.Events(
        int(rows.candidate.sum()),
        int(rows.standard_of_care.sum()),
        float(exposures[0].sum()),
        float(exposures[1].sum()),
    )
    found = counts.exact_rate_ratio(events, level=asked.level)
    if isinstance(found, NotEvaluable):
        return found
    quantities = (
        tables.exact_quantity("rate_ratio", "ratio of rates", found),
        *tables.rates_of(events),
    )
    return Findings(counts.RATE_METHOD, quantities, rows.n, rows.n_clusters)


def _rate_ratio(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    data = counted(rows, asked)
    found: RateRatio | NotEvaluable
    match asked.word("model"):
        case "poisson":
            found = rates.poisson_rate_ratio(data)
        case "negative_binomial":
            found = rates.negative_binomial_rate_ratio(data)
        case word:
            raise UsageError("PARAMETER", f"There is no model named {word}.")
    if isinstance(found, NotEvaluable):
        return found
    quantities = tables.rate_quantities(found, asked.level)
    return Findings(RATE_RATIO, quantities, rows.n, rows.n_clusters, found.robust.warnings)


def _kaplan_meier(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    times = timed(rows)
    if isinstance(times, NotEvaluable):
        return times
    quantities = tables.survival_quantities(times, asked.numbers("times"), asked.level)
    if isinstance(quantities, NotEvaluable):
        return quantities
    return Findings(kaplan_meier.METHOD, quantities, rows.n, rows.n_clusters)


def _cox(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    match asked.word("model"):
        case "stratified":
            found = _stratified(rows)
        case "marginal":
            found = _marginal(rows)
        case word:
            raise UsageError("PARAMETER", f"There is no model named {word}.")
    if isinstance(found, NotEvaluable):
        return found
    title = "hazard ratio, candidate over standard of care"
    quantity = tables.ratio_quantity("hazard_ratio", title, found, asked.level)
    return Findings(COX, (quantity,), rows.n, rows.n_clusters, found.warnings)


def _concordance(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    data = scored(rows)
    if isinstance(data, NotEvaluable):
        return data
    seed, resamples = asked.drawing
    found = concordance.resampled(data, seed=seed, resamples=resamples)
    if isinstance(found, NotEvaluable):
        return found
    quantities = tables.concordance_quantities(found, asked.level)
    warnings = found.replicates[2].warnings
    return Findings(concordance.ESTIMATOR, quantities, rows.n, rows.n_clusters, warnings)


TESTS: dict[str, HypothesisTest] = {
    "count_ratio": HypothesisTest(
        counts.METHOD,
        _count_ratio,
        limits=(
            "Holds only without overdispersion inside pairs, of which it warns; takes pairs as "
            "independent. Refuses an arm without events."
        ),
        witnesses=("rate_ratio_paired_conditional", "scipy binomtest"),
        inverted=True,
    ),
    "poisson_rate_ratio": HypothesisTest(
        rates.POISSON,
        _poisson,
        limits=(
            "Needs some tens of subjects; an exposure that both arms share cancels. Refuses an arm "
            "without events and one subject."
        ),
        witnesses=("rate_ratio_gee_paired", "statsmodels GEE"),
    ),
    "negative_binomial_rate_ratio": HypothesisTest(
        rates.NEGATIVE_BINOMIAL,
        _negative_binomial,
        limits=(
            "One dispersion for both arms; the estimate leans on the model where exposures differ. "
            "Refuses an arm without events and one subject."
        ),
        witnesses=("rate_ratio_negbin_marginal", "no other dispersion is likelier"),
    ),
    "cox_stratified_by_pair": HypothesisTest(
        cox.STRATIFIED,
        _cox_stratified,
        limits=(
            "Uses only pairs whose first time is an event; proportional hazards in a pair. Refuses "
            "first events in one arm only. `direction` is that of the hazard."
        ),
        witnesses=("cox_paired_n25_efron", "statsmodels PHReg with strata"),
    ),
    "cox_marginal": HypothesisTest(
        cox.MARGINAL,
        _cox_marginal,
        limits=(
            "Proportional hazards over all pairs; ties by Breslow. Refuses separation. `direction` "
            "is that of the hazard."
        ),
        witnesses=("cox_paired_n40_ties_breslow", "statsmodels PHReg with groups"),
    ),
    "c_index_difference": HypothesisTest(
        concordance.METHOD,
        _c_index_difference,
        limits=(
            "Harrell's C depends on the censoring; normal with a resampled error, which is poor "
            "near 1. Refuses data without comparable pairs, identical arms and one subject."
        ),
        witnesses=(MAYO, "double loop over pairs; area under the ROC curve with one event time"),
    ),
}
ESTIMATORS: dict[str, Estimator] = {
    "count_ratio_estimate": Estimator(
        COUNT_RATIO,
        _count_ratio_estimate,
        limits="Conservative; holds only without overdispersion inside pairs. Refuses no event.",
        witnesses=("rate_ratio_paired_conditional", "scipy binomtest"),
    ),
    "rate_ratio": Estimator(
        RATE_RATIO,
        _rate_ratio,
        limits="As the tests of the same models. Refuses an arm without events and one subject.",
        witnesses=("rate_ratio_negbin_marginal", "no other dispersion is likelier"),
    ),
    "exact_rate_ratio": Estimator(
        counts.RATE_METHOD,
        _exact_rate_ratio,
        limits="Takes the arms as independent Poisson counts, unlike pairs. Refuses no event.",
        witnesses=("rate_ratio_exact_2_9", "scipy binomtest"),
    ),
    "kaplan_meier": Estimator(
        kaplan_meier.METHOD,
        _kaplan_meier,
        limits=(
            "Greenwood's error takes encounters as independent, the difference does not. No value "
            "beyond the follow-up."
        ),
        witnesses=("km_n25", "statsmodels SurvfuncRight"),
    ),
    "cox": Estimator(
        COX,
        _cox,
        limits="As the tests of the same models. Refuses no event and separation.",
        witnesses=("cox_paired_n40_ties_breslow", "statsmodels PHReg"),
    ),
    "concordance_index": Estimator(
        concordance.ESTIMATOR,
        _concordance,
        limits="Harrell's C depends on the censoring. Refuses data without comparable pairs.",
        witnesses=(MAYO, "double loop over pairs; area under the ROC curve with one event time"),
    ),
}

"""Hand-made results of looks, rich enough to show every kind of bad news.

`final_results` is the hard day: one endpoint passed, one inferior, one superior, one not
evaluable, a safety limit exceeded, suppressed cells, major deviations, refusals. `interim_results`
is inconclusive and not robust. `good_results` passed everything. `wide_results` has a ratio, an
equivalence and registered analyses, one of them without an answer.
"""

import json

from evaluation.results import (
    ArmCalibration,
    CompletenessResult,
    DeviationCount,
    Digests,
    HypothesisResult,
    LookResults,
    MissingPattern,
    NaturalFrequencies,
    Recommendation,
    RefusalEntry,
)
from protocols.canonical import digest_of
from tests.reports.example_analyses import analyses
from tests.reports.example_conduct import (
    curve,
    deviations,
    facts,
    flow,
    operations,
    populations,
    safety,
    subgroups,
)
from tests.reports.example_hypotheses import (
    final_hypotheses,
    good_hypotheses,
    interim_hypotheses,
)
from tests.reports.example_protocol import example
from tests.reports.example_wide import wide_hypotheses


def _results(
    *,
    final: bool,
    headline: str,
    hypotheses: tuple[HypothesisResult, ...],
    exceeded: bool,
    recommendation: tuple[str, str, str],
    deviations: tuple[DeviationCount, ...],
) -> LookResults:
    evaluable, events = (3734, 1295) if final else (1862, 641)
    accepted = evaluable + 118 + 6 + 827 + 104
    rule, word, sentence = recommendation
    return LookResults(
        schema_version="1.0",
        engine_version="0.1.0",
        facts=facts(final=final),
        digests=Digests(
            protocol=digest_of(example()),
            lock="sha256:" + "5e" * 32,
        ),
        headline=headline,
        hypotheses=hypotheses,
        safety=safety(exceeded=exceeded),
        analyses=(),
        recommendation=Recommendation(
            rule=rule,
            recommendation=word,
            sentence=sentence,
            decided_by=("Medical Director", "Data and Safety Monitoring Board"),
        ),
        frequencies=(
            NaturalFrequencies(
                endpoint="SENS",
                per=1000,
                standard_of_care_missed=127.6,
                candidate_missed=200.4 if exceeded else 134.6,
                standard_of_care_flagged=383.9,
                candidate_flagged=241.0,
            ),
        ),
        flow=flow(accepted, evaluable),
        populations=populations(evaluable, events),
        subgroups=subgroups(),
        curves=(
            curve("standard_of_care", 0.8102, (0.252, 0.632)),
            curve("candidate", 0.7987, (0.145, 0.422)),
        ),
        calibration=(
            ArmCalibration(
                arm="candidate",
                n_pairs=evaluable,
                observed=events,
                expected=events / 0.93,
                observed_over_expected=0.93,
            ),
        ),
        missing_patterns=(
            MissingPattern(
                arm="standard_of_care",
                n_answered=evaluable,
                n_unanswered=827,
                event_share_answered=0.347,
                event_share_unanswered=0.393,
                low=0.0095,
                high=0.0829,
                p_value=0.0132,
                informative=True,
                sentence="Patients without a physician's estimate died more often.",
            ),
            MissingPattern(
                arm="candidate",
                n_answered=evaluable - 32,
                n_unanswered=32,
                event_share_answered=0.346,
                event_share_unanswered=0.4375,
                low=-0.08,
                high=0.263,
                p_value=0.284,
                informative=False,
                sentence="Who lacks a candidate answer looks like chance.",
            ),
        ),
        operations=operations(accepted),
        completeness=CompletenessResult(
            accepted=accepted + 5,
            recorded=accepted,
            booked_gaps=4,
            unexplained=("3:1042",),
            gap_share=5 / (accepted + 5),
            largest_gap_share=0.001,
            within_protocol=False,
        ),
        outcome_conflicts=6,
        deviations=deviations,
        refusals=(RefusalEntry(code="LOOK_EARLY", detail="Look L2 was asked for at 61%."),),
        limits=(
            "This trial cannot show what acting on the candidate would do to patients.",
            "Deaths were seen under the standard of care, which may have averted some.",
            "One site took part.",
        ),
        protocol=example().model_dump(mode="json"),
    )


def final_results() -> LookResults:
    return _results(
        final=True,
        headline="Safety limit exceeded: Deaths that only the physician foresaw. The candidate is "
        "non-inferior in ranking patients but inferior in foreseeing deaths.",
        hypotheses=final_hypotheses(),
        exceeded=True,
        recommendation=(
            "R1",
            "keep_standard_of_care",
            "A safety limit is exceeded or deaths would be missed.",
        ),
        deviations=deviations(),
    )


def interim_results() -> LookResults:
    return _results(
        final=False,
        headline="Non-inferiority is not shown at this look (inconclusive); the trial goes on.",
        hypotheses=interim_hypotheses(),
        exceeded=False,
        recommendation=("R3", "continue", "The question is open; the trial goes on as planned."),
        deviations=deviations()[2:],
    )


def good_results() -> LookResults:
    return _results(
        final=True,
        headline="Non-inferior on both primary endpoints, but worse within the margin on deaths.",
        hypotheses=good_hypotheses(),
        exceeded=False,
        recommendation=("R2", "randomised_pilot", "Both primary endpoints passed."),
        deviations=(),
    )


def wide_results() -> LookResults:
    results = _results(
        final=True,
        headline="Non-inferior in ranking and in time at the screen, equivalent in right flags.",
        hypotheses=wide_hypotheses(),
        exceeded=False,
        recommendation=("R2", "randomised_pilot", "Both primary endpoints passed."),
        deviations=(),
    )
    return results.model_copy(update={"analyses": analyses()})


def as_bytes(results: LookResults) -> bytes:
    """The canonical bytes, as the engine writes them."""

    text = json.dumps(
        results.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode()

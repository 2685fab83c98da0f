"""Pictures in numbers: ROC curves, calibration in the large, and natural frequencies."""

from collections.abc import Sequence

import numpy as np

from evaluation.inference.arrays import exact_sum
from evaluation.inference.discrimination.placements import placements
from evaluation.inference.discrimination.roc import roc_points
from evaluation.populations import BoolArray, FloatArray, Sample
from evaluation.results import ArmCalibration, CurvePoint, NaturalFrequencies, RocCurve
from evaluation.values import flag_or_wrong, probability_of_event, risks
from protocols.schema import Arms, Endpoint
from protocols.schema.conduct import ArmPlan
from protocols.vocabulary import Arm

PER = 1000


def roc_curves(sample: Sample, arms: Arms) -> tuple[RocCurve, ...]:
    """Both arms on the evaluable pairs of `sample`; a candidate without answer ranks worst."""
    evaluable = sample.evaluable()
    candidate, standard_of_care = risks(evaluable, evaluable.outcome, arms)
    happened = evaluable.outcome == 1
    return (
        _curve(Arm.STANDARD_OF_CARE, standard_of_care, evaluable.standard_of_care_flag, happened),
        _curve(Arm.CANDIDATE, candidate, flag_or_wrong(evaluable, evaluable.outcome), happened),
    )


def _curve(arm: Arm, risk: FloatArray, flag: BoolArray, happened: BoolArray) -> RocCurve:
    n_events, n_others = int(happened.sum()), int((~happened).sum())
    if min(n_events, n_others) == 0:
        return RocCurve(
            arm=arm,
            auc=None,
            points=(),
            operating_false_positive_share=None,
            operating_true_positive_share=None,
        )
    # Only the order matters; ranks keep the worst rank finite.
    ranks = np.unique(risk, return_inverse=True)[1].astype(np.float64)
    points = roc_points(ranks, happened)
    return RocCurve(
        arm=arm,
        auc=placements(ranks, happened).area,
        points=tuple(CurvePoint(x=p.false_positive_share, y=p.true_positive_share) for p in points),
        operating_false_positive_share=int(flag[~happened].sum()) / n_others,
        operating_true_positive_share=int(flag[happened].sum()) / n_events,
    )


def calibration(sample: Sample, arms: Arms) -> tuple[ArmCalibration, ...]:
    """Events observed over expected, for arms whose output is a probability."""
    evaluable = sample.evaluable()
    answered = evaluable.take(evaluable.candidate_answered)
    of_arms = (
        (Arm.STANDARD_OF_CARE, arms.standard_of_care, evaluable, evaluable.standard_of_care_score),
        (Arm.CANDIDATE, arms.candidate, answered, answered.candidate_score),
    )
    return tuple(
        _calibration(arm, plan, part, scores)
        for arm, plan, part, scores in of_arms
        if plan.output.kind == "probability"
    )


def _calibration(arm: Arm, plan: ArmPlan, sample: Sample, scores: FloatArray) -> ArmCalibration:
    expected = exact_sum(probability_of_event(scores, plan))
    return ArmCalibration(
        arm=arm,
        n_pairs=sample.n,
        observed=sample.n_events,
        expected=expected,
        observed_over_expected=sample.n_events / expected if expected > 0 else None,
    )


def natural_frequencies(
    sample: Sample, endpoints: Sequence[Endpoint]
) -> tuple[NaturalFrequencies, ...]:
    """What the flags mean for 1,000 encounters like those of `sample`: missed events, flags.

    One entry, named after the first primary endpoint: the thresholds are the same for all.
    """
    evaluable = sample.evaluable()
    n = evaluable.n
    if n == 0 or not endpoints:
        return ()
    happened = evaluable.outcome == 1

    def per(mask: BoolArray) -> float:
        return PER * int(mask.sum()) / n

    return (
        NaturalFrequencies(
            endpoint=endpoints[0].id,
            per=PER,
            standard_of_care_missed=per(happened & ~evaluable.standard_of_care_flag),
            candidate_missed=per(happened & ~evaluable.candidate_flag),
            standard_of_care_flagged=per(evaluable.standard_of_care_flag),
            candidate_flagged=per(evaluable.candidate_flag),
        ),
    )

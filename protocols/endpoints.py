"""What an endpoint means for one encounter."""

from typing import Literal, assert_never

Measure = Literal["auc", "sensitivity", "specificity", "brier"]


def flag_is_correct(measure: Measure, flag: bool | None, outcome: bool) -> bool | None:
    """Whether an arm was right about this encounter; None where the endpoint does not say.

    It does not say outside its denominator, and of an arm that gave no answer: there the analysis
    population decides (`counts_as_failure` or `excluded`). AUC ranks encounters and the Brier
    score measures losses, so that no single encounter is right or wrong there.
    """
    if flag is None:
        return None
    match measure:
        case "sensitivity":
            return flag if outcome else None
        case "specificity":
            return None if outcome else not flag
        case "auc" | "brier":
            return None
        case _:
            assert_never(measure)

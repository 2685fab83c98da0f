"""What an endpoint means for one encounter."""

from typing import Literal, assert_never

Measure = Literal["sensitivity", "specificity", "auc"]


def flag_is_correct(measure: Measure, flag: bool | None, outcome: bool) -> bool | None:
    """Whether an arm was right about this encounter; None outside the endpoint's denominator.

    An arm without a flag gave no answer and was not right (`counts_as_failure`); populations that
    exclude such encounters leave them out before asking. AUC compares encounters with each other,
    so that no single one is right or wrong.
    """
    match measure:
        case "sensitivity":
            return flag is True if outcome else None
        case "specificity":
            return None if outcome else flag is False
        case "auc":
            return None
        case _:
            assert_never(measure)

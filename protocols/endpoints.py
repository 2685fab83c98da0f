"""What an endpoint means for one encounter."""

from protocols.methods.measures import Measure

__all__ = ["Measure", "flag_is_correct"]


def flag_is_correct(measure: Measure, flag: bool | None, outcome: bool) -> bool | None:
    """Whether an arm was right about this encounter; None where the endpoint does not say.

    It does not say outside its denominator, and of an arm that gave no answer: there the analysis
    population decides (`counts_as_failure` or `excluded`). `flagged` is "right" where the arm
    flagged: it counts flags and holds them against nothing. Of the other measures no single
    encounter's flag is right or wrong: they rank, measure losses or compare numbers.
    """
    if flag is None:
        return None
    match measure:
        case "sensitivity":
            return flag if outcome else None
        case "specificity":
            return None if outcome else not flag
        case "accuracy":
            return flag is outcome
        case "flagged":
            return flag
        case _:
            return None

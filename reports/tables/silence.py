"""What a candidate without an answer counts as, in the words of each measure."""

from protocols.methods.measures import Measure

WRONG = "counts as wrong"
WORST_RANK = "has the worst rank: below all others for an event, above all others without one"
WRONG_FLAG = "counts as the wrong flag: none for an event, one without it"
LARGEST_ERROR = "has the largest error that its registered range allows"
OF_THE_PAIR = "changes nothing: the value recorded for the pair counts"
WORST_VALUE = (
    "has the worst value of its registered range in a hypothesis, and is left out of analyses"
)
FARTHEST = "has the class farthest from the reference in a hypothesis, and is left out of analyses"
NO_ALERT = "raises no alert, whatever happened"

COUNTS_AS: dict[Measure, str] = {
    "auc": WORST_RANK,
    "pr_auc": WORST_RANK,
    "partial_auc": WORST_RANK,
    "sensitivity_at_specificity": WORST_RANK,
    "recall_at_alert_rate": NO_ALERT,
    "c_index": WORST_RANK,
    "sensitivity": WRONG,
    "specificity": WRONG,
    "accuracy": WRONG,
    "flagged": "counts as the less favourable flag",
    "within_tolerance": "counts as outside of the tolerance",
    "in_range": OF_THE_PAIR,
    "ppv": WRONG_FLAG,
    "npv": WRONG_FLAG,
    "positive_likelihood_ratio": WRONG_FLAG,
    "negative_likelihood_ratio": WRONG_FLAG,
    "brier": "has the largest loss, 1",
    "log_loss": "has the largest loss that the registered clip allows",
    "net_benefit": NO_ALERT,
    "absolute_error": LARGEST_ERROR,
    "squared_error": LARGEST_ERROR,
    "value": OF_THE_PAIR,
    "score": WORST_VALUE,
    "category": FARTHEST,
    "hazard": OF_THE_PAIR,
}

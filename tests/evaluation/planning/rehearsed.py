"""Protocols with registered scenarios for rehearsals: areas, and answers right or wrong."""

from protocols.schema import Protocol, ReEstimation
from tests.support.example_protocol import Document, example_protocol, hypothesis

VALUES = {"prevalence": 0.25, "auc_standard_of_care": 0.8, "correlation": 0.6}
ZONE = ReEstimation(
    kind="promising_zone",
    look="L1",
    cap_pairs=900,
    lower_zone=0.1,
    upper_zone=0.89,
    target_power=0.9,
    who_is_unblinded="The unblinded statistician alone.",
)


def scenario(**fields: object) -> Document:
    return {
        "id": "ideal",
        "true_effect": 0.0,
        "true_effects": {},
        "nuisance": {},
        "drift": "none",
        "jitter": 0.0,
        "missing_share": 0.0,
        "late_share": 0.0,
        "ignore_futility": False,
    } | fields


def rehearsed_protocol(
    *scenarios: Document, most: int = 100, target_se: float = 0.01, **design: object
) -> Protocol:
    """H1 on the area, planned to be simulated under these scenarios."""

    def edit(document: Document) -> None:
        _register(document, scenarios, most=most, target_se=target_se)
        document["sample_size"]["design"] = [_design(VALUES) | design]

    return example_protocol(edit)


def accuracy_protocol(
    *scenarios: Document, most: int = 100, target_se: float = 0.01, **design: object
) -> Protocol:
    """H1 on accuracy by the score test, with a quarter of the pairs discordant."""

    def edit(document: Document) -> None:
        _register(document, scenarios, most=most, target_se=target_se)
        document["endpoints"][0] |= {"measure": "accuracy", "title": "Accuracy"}
        document["hypotheses"] = [hypothesis("H1", "AUC", test="tango_score", margin=0.08)]
        document["sample_size"]["design"] = [_design({"discordance": 0.25}) | design]

    return example_protocol(edit)


def _register(
    document: Document, scenarios: tuple[Document, ...], *, most: int, target_se: float
) -> None:
    document["simulation"] = {
        "scenarios": list(scenarios),
        "correlations": [],
        "correlation_basis": None,
        "target_se": target_se,
        "most_replicates": most,
        "seed": 7,
    }


def _design(nuisance: dict[str, float]) -> Document:
    return {
        "hypothesis": "H1",
        "power": 0.9,
        "true_effect": 0.0,
        "nuisance": nuisance,
        "pairs_per_subject": 1.0,
        "cv_of_pairs": 0.0,
        "icc": 0.0,
        "ascertainment": 1.0,
    }

"""The example protocol with a further outcome of every type, for tests of what is reported."""

from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol


def _outcome(name: str, kind: str, **fields: object) -> Document:
    return {
        "name": name,
        "type": kind,
        "per_arm": False,
        "basis": "adjudicated",
        "definition": f"What {name} means.",
        "source": "Three readers.",
        "unit": "1",
        "low": None,
        "high": None,
        "levels": [],
        **fields,
    }


FURTHER = (
    _outcome("readmitted", "binary", basis="observed"),
    _outcome("dose", "number", low=0.0, high=100.0),
    _outcome("stays", "count", basis="observed", high=50.0),
    _outcome("stage", "ordinal", levels=["mild", "moderate", "severe"]),
    _outcome("relapse", "time_to_event", basis="observed", high=3650.0),
    _outcome("harm", "binary", per_arm=True),
    _outcome("ttd", "time_to_event", per_arm=True, basis="simulated"),
)


def further_protocol(conflict: str = "exclude_and_bound", *, elapsed: bool = False) -> Protocol:
    """The example with seven further outcomes; `elapsed` asks for a day to pass."""

    def edit(document: Document) -> None:
        document["further_outcomes"] = [dict(plan) for plan in FURTHER]
        document["outcome"]["conflict"] = conflict
        if elapsed:
            document["outcome"] |= {"maturity": "elapsed", "horizon_days": 1.0}
            document["outcome"]["maturity_lag_days"] = 0.0

    return example_protocol(edit)

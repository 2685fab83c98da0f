"""Edits of the minimal protocol that write further outcomes, analyses and other measures."""

from tests.protocols.documents import Edit

ESTIMATOR, INTERVAL = "paired_difference", "newcombe"
OF_DIED = "    outcome: died\n    parameters: {}\n"


def further(**fields: str) -> Edit:
    """A further outcome: an adjudicated number of the pair, its fields changed by `fields`."""
    plan = {
        "name": "dose",
        "type": "number",
        "per_arm": "false",
        "basis": "adjudicated",
        "definition": "The right dose.",
        "source": "Three readers.",
        "unit": "units",
        "low": "0",
        "high": "100",
        "levels": "[]",
        **fields,
    }
    lines = [f"{key}: {value}" for key, value in plan.items()]
    return "further_outcomes: []", "further_outcomes:\n  - " + "\n    ".join(lines)


def analysis(**fields: str) -> Edit:
    """A registered analysis, its fields changed by `fields`."""
    plan = {
        "id": "A1",
        "title": "Described",
        "endpoint": "SENS",
        "role": "supporting",
        "estimator": ESTIMATOR,
        "interval": INTERVAL,
        "level": "0.95",
        "population": "FAS",
        "parameters": "{}",
        "resampling": "null",
        **fields,
    }
    lines = [f"{key}: {value}" for key, value in plan.items()]
    return "analyses: []", "analyses:\n  - " + "\n    ".join(lines)


def measure_of_spec(measure: str, parameters: str = "{}", outcome: str = "died") -> Edit:
    """The descriptive endpoint SPEC with another measure, outcome and parameters."""
    old = "measure: specificity\n    outcome: died\n    parameters: {}"
    return old, f"measure: {measure}\n    outcome: {outcome}\n    parameters: {parameters}"


CATEGORIES: tuple[Edit, ...] = (
    ("kind: score, unit: points, low: 0, high: 20", 'kind: category, unit: "1", low: 0, high: 5'),
    (
        'kind: probability, unit: "1", low: 0.0, high: 1.0',
        'kind: category, unit: "1", low: 0, high: 2',
    ),
    further(name="stage", type="ordinal", low="null", high="null", levels="[a, b, c]"),
    measure_of_spec("category", outcome="stage"),
)

"""Edits of the minimal protocol that write spending, graphs, futility, harm and resizing."""

from tests.protocols.documents import Edit

LDOF = "{family: lan_demets_obrien_fleming, parameter: null, points: [], start: null}"


def _written(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def spending(**fields: str) -> Edit:
    """Another spending of alpha."""
    plan = {"family": "lan_demets_pocock", "parameter": "null", "points": "[]", "start": "null"}
    return f"spending: {LDOF}", f"spending: {_written(plan | fields)}"


def graph(procedure: str = "graph", **fields: str) -> tuple[Edit, ...]:
    """A procedure that shares alpha between H1 and H2."""
    shares = procedure == "graph"
    plan = {
        "alpha": "0.025",
        "weights": "{H1: 0.5, H2: 0.5}",
        "transitions": "[[H1, H2, 1], [H2, H1, 1]]" if shares else "[]",
        "local_test": "simes" if procedure in ("hochberg", "hommel") else "bonferroni",
        "justification": "Both count the same pairs." if not shares else "null",
        "look_back": "false",
    }
    return (
        ("procedure: fixed_sequence", f"procedure: {procedure}"),
        ("graph: null", f"graph: {_written(plan | fields)}"),
    )


def futility(**fields: str) -> Edit:
    """A non-binding rule for H1 at L1 on the z scale."""
    rule = {
        "hypothesis": "H1",
        "looks": "[L1]",
        "scale": "z",
        "values": "[0.2]",
        "beta": "null",
        "spending": "null",
        "true_effect": "null",
        "binding": "false",
        "binding_reason": "null",
        "when_ignored": "The board says why.",
    }
    return "futility: []", f"futility: [{_written(rule | fields)}]"


def twice(**fields: str) -> Edit:
    """The same rule written two times."""
    old, new = futility(**fields)
    rule = new.removeprefix("futility: [").removesuffix("]")
    return old, f"futility: [{rule}, {rule}]"


BETA = {
    "scale": "beta_spending",
    "values": "[]",
    "beta": "0.1",
    "spending": LDOF,
    "true_effect": "0",
}


def harm(**fields: str) -> Edit:
    """A bound for harm of H1."""
    bound = {"hypothesis": "H1", "alpha": "0.025", "spending": LDOF, "action": "pause"}
    return "harm_bounds: []", f"harm_bounds: [{_written(bound | fields)}]"


def anytime(**fields: str) -> Edit:
    """A betting rule on missed events."""
    rule = {
        "id": "late_missed",
        "title": "Missed events",
        "method": "betting",
        "event": "not candidate.flag",
        "counterpart": "null",
        "endpoint": "null",
        "among": "outcome",
        "unit": "pair",
        "order": "outcome_arrival",
        "alpha": "0.025",
        "limit": "0.3",
        "parameters": "{}",
        "burn_in": "20",
        "severity": "serious",
        "action": "pause",
    }
    return "anytime_safety: []", f"anytime_safety: [{_written(rule | fields)}]"


def group(**fields: str) -> Edit:
    """The average of the rule of `anytime()` and another."""
    merged = {
        "id": "any_harm",
        "title": "Some harm",
        "rules": "[late_missed, net_missed]",
        "merge": "average",
        "alpha": "0.01",
        "severity": "serious",
        "action": "stop",
    }
    return "anytime_groups: []", f"anytime_groups: [{_written(merged | fields)}]"


def mix(**fields: str) -> Edit:
    """A registered mix of fates."""
    rule = {
        "id": "fates",
        "title": "Fates of the askings",
        "shares": "{answered: 0.97, timed_out: 0.01, other: 0.02}",
        "weight": "200",
        "alpha": "0.01",
        "severity": "moderate",
        "action": "notify",
    }
    return "fate_mix: null", f"fate_mix: {_written(rule | fields)}"


def resizing(**fields: str) -> Edit:
    """A promising zone at L1."""
    plan = {
        "kind": "promising_zone",
        "look": "L1",
        "cap_pairs": "900",
        "lower_zone": "0.4",
        "upper_zone": "0.9",
        "target_power": "0.9",
        "who_is_unblinded": "The unblinded statistician alone.",
    }
    return "re_estimation: null", f"re_estimation: {_written(plan | fields)}"


def sized(**fields: str) -> Edit:
    """What the size of H1 was reckoned from."""
    plan = {
        "hypothesis": "H1",
        "power": "0.9",
        "true_effect": "0",
        "nuisance": "{prevalence: 0.25}",
        "pairs_per_subject": "1.2",
        "cv_of_pairs": "0.4",
        "icc": "0.1",
        "ascertainment": "0.95",
    }
    return "design: []", f"design: [{_written(plan | fields)}]"


def simulated(true_effects: str = "{}", **fields: str) -> Edit:
    """One truth that the design is tried out under."""
    scenario = {
        "id": "null_case",
        "true_effect": "-0.05",
        "true_effects": true_effects,
        "nuisance": "{}",
        "drift": "half_way",
        "jitter": "0.02",
        "missing_share": "0.05",
        "late_share": "0.1",
        "ignore_futility": "true",
    }
    plan = {
        "scenarios": f"[{_written(scenario)}]",
        "correlations": "[]",
        "correlation_basis": "null",
        "target_se": "0.001",
        "most_replicates": "100000",
        "seed": "7",
    }
    return "simulation: null", f"simulation: {_written(plan | fields)}"

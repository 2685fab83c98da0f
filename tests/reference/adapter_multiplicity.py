"""Sequential case files, groups MCP and MCPGS: multiplicity with and without looks."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evaluation.design.multiplicity.closure import Group, closed_test, intersections
from evaluation.design.multiplicity.gatekeeping import (
    Families,
    mixture_gatekeeping,
    two_sequences,
)
from evaluation.design.multiplicity.graphs import Graph, graph, shortcut, updated
from evaluation.design.multiplicity.power import graph_power, mean_of_power
from evaluation.design.multiplicity.sequential_graphs import LookedAt, Spend, sequential_graph
from evaluation.design.multiplicity.stepwise import adjusted, decided, fixed_sequence
from evaluation.design.spending import cumulative_alpha
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt

PROCEDURES = {
    "BH": "benjamini_hochberg",
    "fdr": "benjamini_hochberg",
    "BY": "benjamini_yekutieli",
}
FAMILIES = {
    "ldof": "lan_demets_obrien_fleming",
    "sfof": "lan_demets_obrien_fleming",
    "ldpocock": "lan_demets_pocock",
    "sfp": "lan_demets_pocock",
    "hsd": "hwang_shih_decani",
    "sfhsd": "hwang_shih_decani",
    "kimdemets": "kim_demets",
    "sfkd": "kim_demets",
    "exponential": "exponential",
}
JUSTIFICATION = "The case says so."


def _graph(inputs: Inputs, case: Mapping[str, Any]) -> Graph:
    return graph(inputs["weights"], _transitions(inputs, case))


def _transitions(inputs: Inputs, case: Mapping[str, Any]) -> Sequence[Sequence[float]]:
    """The edges; a case that leaves them out writes them in its source, row by row."""
    if "transitions" in inputs:
        rows: Sequence[Sequence[float]] = inputs["transitions"]
        return rows
    written = re.search(r"rbind\(((?:\s*c\([^()]*\),?)+)\)", str(case.get("source", "")))
    if written is None:
        raise NotBuilt
    return [
        [float(share) for share in row.split(",")]
        for row in re.findall(r"c\(([^()]*)\)", written.group(1))
    ]


def _decisions(found: Any) -> Got:
    return {"adjusted_p": list(found.adjusted_p), "rejected": list(found.rejected)}


def _group(entry: Mapping[str, Any], inputs: Inputs) -> Group:
    """Its own correlation, or its part of the correlation of all hypotheses."""
    members = tuple(int(j) - 1 for j in entry["members"])
    correlation = entry.get("correlation", entry.get("corr"))
    whole = inputs.get("correlation", inputs.get("corr"))
    if entry["test"] == "parametric" and correlation is None and isinstance(whole, list):
        correlation = [[whole[i][j] for j in members] for i in members]
    return Group(
        members=members,
        test=entry["test"],
        correlation=tuple(tuple(row) for row in correlation) if correlation else None,
    )


def _tested(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    here, alpha = _graph(inputs, case), float(inputs["alpha"])
    if "groups" in inputs:
        groups = [_group(entry, inputs) for entry in inputs["groups"]]
        found = closed_test(here, inputs["p"], alpha, groups=groups, justification=JUSTIFICATION)
        return _decisions(found)
    return _decisions(shortcut(here, inputs["p"], alpha))


def _updated(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    after = updated(_graph(inputs, case), [int(j) - 1 for j in inputs["delete"]])
    rows = [list(row) for row in after.transitions]
    return {"weights": list(after.weights), "transitions": rows}


def _weights(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    here = _graph(inputs, case)
    rows = [
        [*(float(j in one.members) for j in range(here.size)), *one.weights]
        for one in intersections(here)
    ]
    return {"rows": rows}


def _stepwise(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    word = str(inputs["method"])
    known = PROCEDURES.get(word, word.lower())
    if known in ("fixed_sequence", "fixed-sequence"):
        values = fixed_sequence(inputs["p"])
    else:
        values = adjusted(inputs["p"], known)
    return _decisions(decided(values, float(inputs.get("alpha", 0.05))))


def _two_sequences(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Families hold one hypothesis of each sequence: p = first 1, second 1, first 2, ..."""
    p, gamma = list(inputs["p"]), list(inputs["gamma"])
    if len(gamma) == len(p) // 2 - 1:
        gamma.append(1.0)
    component = inputs.get("component", "hochberg").lower()
    retest = bool(inputs.get("retest", True))
    first, second = two_sequences(p[0::2], p[1::2], gamma, component=component, retest=retest)
    both = [value for pair in zip(first, second, strict=True) for value in pair]
    return _decisions(decided(both, float(inputs.get("alpha", 0.025))))


def _mixture(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    def named(rows: Sequence[Sequence[float]]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(j for j, on in enumerate(row) if on) for row in rows)

    members = named(inputs["family"])
    gamma = [float(share) for share in inputs["gamma"]]
    gamma = [*gamma, 1.0][: len(members)]
    gamma[-1] = 1.0
    families = Families(members, named(inputs["serial"]), named(inputs["parallel"]), tuple(gamma))
    text = f"{case['method']} {case.get('source', '')} {inputs.get('procedure', '')}".lower()
    values = mixture_gatekeeping(
        inputs["p"],
        families,
        component=str(inputs.get("component", inputs.get("test", "hommel"))).lower(),  # type: ignore[arg-type]
        modified="modif" in text or "fmodmix" in text,
        exhaust=bool(inputs.get("exhaust", True)),
    )
    return _decisions(decided(values, float(inputs.get("alpha", 0.025))))


def _power(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    alpha = float(inputs["alpha"])
    correlation = inputs.get("correlation", "independent")
    found = graph_power(
        _graph(inputs, case),
        alpha,
        means=[mean_of_power(power, alpha) for power in inputs["marginal_power"]],
        correlation=None if isinstance(correlation, str) else correlation,
        draws=int(inputs.get("draws", 100_000)),
        seed=int(inputs.get("seed", 1)),
    )
    return {
        "local_power": [share.value for share in found.marginal],
        "expected_rejections": found.expected_rejections.value,
        "power_at_least_1": found.disjunctive.value,
        "power_all": found.conjunctive.value,
    }


def multiple(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    return _route(inputs)(inputs, case)


def _route(inputs: Inputs) -> Callable[[Inputs, Mapping[str, Any]], Got]:
    if "marginal_power" in inputs:
        return _power
    if "delete" in inputs:
        return _updated
    if "family" in inputs and "serial" in inputs:
        return _mixture
    if "gamma" in inputs:
        return _two_sequences
    if "weights" in inputs:
        return _tested if "p" in inputs else _weights
    if "method" in inputs:
        return _stepwise
    raise NotBuilt


def _spend(word: str) -> Spend:
    """'LDOF', 'HSD(-2)', 'KimDeMets(rho=3) at ...': a family with its parameter."""
    found = re.match(r"\s*(\w+)\s*(?:\(\s*(?:\w+\s*=\s*)?(-?[0-9.]+)\s*\))?", word)
    family = FAMILIES.get(found.group(1).lower()) if found else None
    if found is None or family is None:
        raise NotBuilt
    parameter = None if found.group(2) is None else float(found.group(2))
    return lambda alpha, times: cumulative_alpha(family, alpha, times, parameter=parameter)


def _column(table: Sequence[Any], j: int) -> list[float | None]:
    return [row[j] if isinstance(row, list) else row for row in table]


def _looked_at(inputs: Inputs, j: int, word: str) -> LookedAt:
    p = _column(inputs["p_by_look"], j)
    given = inputs.get("information_by_look", inputs.get("information_fractions"))
    if given is None:
        raise NotBuilt
    information = _column(given[: len(p)], j)
    most = inputs.get("max_information", 1.0)
    largest = float(most[j] if isinstance(most, list) else most)
    times = [None if here is None else min(1.0, here / largest) for here in information]
    if "spending_time" in inputs:
        times = _column(inputs["spending_time"][: len(p)], j)
    tested = [None not in one for one in zip(p, information, times, strict=True)]

    def kept(values: Sequence[float | None]) -> tuple[float | None, ...]:
        return tuple(v if on else None for v, on in zip(values, tested, strict=True))

    return LookedAt(kept(p), kept(information), kept(times), _spend(word))


def sequential(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    here = _graph(inputs, case)
    words = inputs["spending"]
    words = words if isinstance(words, list) else [str(words)] * here.size
    hypotheses = [_looked_at(inputs, j, words[j]) for j in range(here.size)]
    look_back = bool(inputs.get("look_back", False))
    found = sequential_graph(here, hypotheses, float(inputs["alpha"]), look_back=look_back)
    got: dict[str, Any] = {
        "reject_look": list(found.crossed_at),
        "declared_look": list(found.declared_at),
        "rejected": list(found.rejected),
        "weights": list(found.weights),
        "repeated_p": [list(looks) for looks in found.repeated_p],
    }
    if found.adjusted_p is not None:
        got["adjusted_p"] = list(found.adjusted_p)
    return got


MULTIPLICITY: dict[str, Adapter] = {"MCP": multiple, "MCPGS": sequential}

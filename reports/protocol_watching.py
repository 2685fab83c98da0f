"""What the protocol registers of watching and sizing a trial: looks, futility, harm, simulation."""

from collections.abc import Sequence

from protocols.plan_sentences import (
    between_looks_sentences,
    futility_sentence,
    graph_sentences,
    harm_sentence,
    monitoring_facts,
    re_estimation_sentence,
    simulation_sentences,
    size_sentence,
)
from protocols.schema import Protocol
from reports import numbers
from reports.blocks import Block, Facts, Part, Points, Text


def looks_part(plan: Protocol) -> Part:
    """How large the trial is, when it is looked at, and how alpha is spent."""
    size, monitoring = plan.sample_size, plan.monitoring
    planned = "; ".join(
        f"{look.id} at {numbers.plain_percent(look.information)}" for look in monitoring.looks
    )
    facts = Facts(
        (
            ("Evaluable pairs planned", numbers.count(size.evaluable_pairs)),
            ("Power", numbers.plain_percent(size.power)),
            ("Assumptions", size.assumptions),
            ("Calculation", size.calculation),
            ("Accrual", size.accrual),
            ("Looks", planned),
            ("Tolerance", numbers.plain_percent(monitoring.tolerance)),
            *monitoring_facts(monitoring),
        )
    )
    designs = _listed(
        "What the size was reckoned from:", [size_sentence(design) for design in size.design]
    )
    return Part("protocol-looks", "Sample size and looks", (facts, *designs))


def sharing_blocks(plan: Protocol) -> tuple[Block, ...]:
    """How one alpha is shared; nothing where each hypothesis has all of its own."""
    graph = plan.multiplicity.graph
    return () if graph is None else (Points(tuple(graph_sentences(graph))),)


def watching_parts(plan: Protocol) -> tuple[Part, ...]:
    """Rules that may end or enlarge the trial; no part where none is registered."""
    resized = plan.re_estimation
    blocks = (
        *_listed("Futility:", [futility_sentence(rule) for rule in plan.futility]),
        *_listed("Bounds for harm:", [harm_sentence(bound) for bound in plan.harm_bounds]),
        *_listed("Safety at any time:", between_looks_sentences(plan)),
        *_listed("Size:", [] if resized is None else [re_estimation_sentence(resized)]),
    )
    tried = plan.simulation
    simulated = _listed("Tried out on:", list(simulation_sentences(tried)) if tried else [])
    found = (
        Part("protocol-watching", "Futility, harm and change of size", blocks),
        Part("protocol-simulation", "Simulation", simulated),
    )
    return tuple(part for part in found if part.blocks)


def _listed(title: str, sentences: Sequence[str]) -> tuple[Block, ...]:
    return (Text(title), Points(tuple(sentences))) if sentences else ()

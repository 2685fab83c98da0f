"""The design of a protocol as one document: the content of `design.json`."""

import math
from collections.abc import Sequence

from evaluation.archive import rounded
from evaluation.plan import plan_of
from evaluation.planning.bounds import hypothesis_bounds
from evaluation.planning.designs import SHARING, Design, designs_of, local_alpha
from evaluation.planning.joint import joint_powers
from evaluation.planning.needs import Need, lacking, refused
from evaluation.planning.powers import hypothesis_power
from evaluation.planning.sized import Sized
from evaluation.planning.sizes import sizes_of
from evaluation.results.design import DesignResults, LookPlanned, Simulations
from protocols.canonical import canonical_json, digest_of
from protocols.plan_sentences import re_estimation_sentence
from protocols.schema import Protocol, Simulation

SLACK = 1e-9  # 0.07 of 100 is 7 pairs, not the 7.000000000000001 of a float


def design_of(protocol: Protocol, simulations: Simulations | None = None) -> DesignResults:
    """Everything that the protocol determines; what it does not is left out, and noted.

    Raises `DocumentError(DESIGN_INCOMPLETE)` where it contradicts itself.
    """
    designs = designs_of(protocol)
    sized = sized_of(designs)
    powers = tuple(hypothesis_power(design, size) for design, size in sized)
    identity, planned = protocol.protocol, protocol.sample_size.evaluable_pairs
    return DesignResults(
        trial=identity.id,
        acronym=identity.acronym,
        title=identity.title,
        version=identity.version,
        digest=digest_of(protocol),
        planned_pairs=planned,
        looks=_looks(protocol),
        bounds=tuple(hypothesis_bounds(design) for design in designs),
        power=powers or None,
        joint=joint_powers(protocol, sized, powers),
        sizes=sizes_of(sized, planned) if sized else None,
        simulations=simulations,
        notes=tuple(_notes(protocol, designs, simulations)),
    )


def sized_of(designs: Sequence[Design]) -> list[tuple[Design, Sized]]:
    """The designs whose hypothesis has a size design."""
    return [(design, design.sized) for design in designs if design.sized is not None]


def needing_sizes(protocol: Protocol) -> list[tuple[Design, Sized]]:
    """The same, refused (exit status 3) where there is none at all."""
    found = sized_of(designs_of(protocol))
    if found:
        return found
    message = "No hypothesis has a size design, so there is no effect to reckon power with."
    remedy = "Write out power, true_effect and nuisance values for each primary hypothesis."
    raise refused([lacking(Need.SIZE_DESIGN_MISSING, "sample_size.design", message, remedy)])


def simulation_of(protocol: Protocol) -> Simulation:
    """The registered simulation, refused (exit status 3) where there is none."""
    if protocol.simulation is not None:
        return protocol.simulation
    message = "No scenario, precision or seed is registered, so there is nothing to simulate."
    remedy = "Write out scenarios, target_se, most_replicates and seed."
    raise refused([lacking(Need.SIMULATION_MISSING, "simulation", message, remedy)])


def to_bytes(results: DesignResults) -> bytes:
    """Canonical JSON with floats at 12 significant digits: the same design, the same bytes."""
    return canonical_json(rounded(results.model_dump(mode="json")))


def _looks(protocol: Protocol) -> tuple[LookPlanned, ...]:
    planned = protocol.sample_size.evaluable_pairs
    return tuple(
        LookPlanned(
            id=look.id,
            number=number,
            information=look.information,
            pairs=math.ceil(look.information * planned - SLACK * planned),
        )
        for number, look in enumerate(protocol.monitoring.looks, start=1)
    )


def _notes(
    protocol: Protocol, designs: Sequence[Design], simulations: Simulations | None
) -> list[str]:
    """What the numbers take for granted, and what the protocol leaves open."""
    notes = [
        "Bounds are those at the planned information; a look computes its own from what it has.",
    ]
    if protocol.futility or protocol.harm_bounds:
        notes.append("Powers and expected pairs count futility and harm stops as obeyed.")
    if protocol.harm_bounds:
        notes.append("Harm is held against no effect, not against the margin.")
    if protocol.re_estimation is not None:
        said = re_estimation_sentence(protocol.re_estimation)
        which = "these numbers"
        if simulations is not None and simulations.engine == "full":
            which = "these numbers but for those of whole trials, which follow it"
        notes.append(f"The registered change of size is not part of {which}. {said}")
    notes += [
        f"{design.id} has no size design: no effects, power or size for it."
        for design in designs
        if design.sized is None
    ]
    if protocol.multiplicity.procedure in SHARING:
        notes.append(
            "Powers are at a hypothesis' first share of alpha, before any share is passed on."
        )
    plans = plan_of(protocol, protocol.monitoring.looks[-1].id).hypotheses
    waiting = [plan.hypothesis.id for plan in plans if local_alpha(protocol, plan) == 0]
    notes += [f"{code} has no alpha until another hypothesis is shown." for code in waiting]
    return notes

"""Looks, sample size and analysis populations."""

from collections.abc import Iterator
from itertools import pairwise

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.schema import Protocol
from protocols.vocabulary import Framework

SMALLEST_LOOK = 50


def looks(protocol: Protocol) -> Iterator[Finding]:
    """Looks come in order, end at all of the information and begin with enough pairs."""
    fractions = [look.information for look in protocol.monitoring.looks]
    for index, (before, after) in enumerate(pairwise(fractions), start=1):
        if after <= before:
            message = f"This look is planned at {after:g}, not after the one before ({before:g})."
            path = f"monitoring.looks[{index}].information"
            yield error(Code.LOOKS_NOT_INCREASING, path, message, "Order the looks.")
    if fractions[-1] != 1:
        message = f"The last look is planned at {fractions[-1]:g} of the information."
        path = f"monitoring.looks[{len(fractions) - 1}].information"
        yield error(Code.LAST_LOOK_NOT_FULL, path, message, "The last look has information 1.0.")
    n_first = fractions[0] * protocol.sample_size.evaluable_pairs
    if n_first < SMALLEST_LOOK:
        message = f"The first look comes at {n_first:.0f} evaluable pairs."
        remedy = f"Below {SMALLEST_LOOK} pairs the approximations of the tests are poor."
        yield warning(Code.LOOK_TOO_SMALL, "monitoring.looks[0].information", message, remedy)


def tolerance(protocol: Protocol) -> Iterator[Finding]:
    """The tolerance of a look does not reach the one before."""
    fractions = [0.0, *(look.information for look in protocol.monitoring.looks)]
    narrowest = min(after - before for before, after in pairwise(fractions))
    if protocol.monitoring.tolerance >= max(narrowest, 0):
        message = f"A tolerance of {protocol.monitoring.tolerance:g} reaches the look before."
        remedy = "Keep it well below the smallest step between looks; 0.05 is usual."
        yield error(Code.TOLERANCE_TOO_WIDE, "monitoring.tolerance", message, remedy)


def power(protocol: Protocol) -> Iterator[Finding]:
    """The power is a share worth planning for."""
    planned = protocol.sample_size.power
    if planned <= 0.5 or planned >= 1:
        message = f"A power of {planned:g} is not a plan."
        remedy = "Power is a share, usually 0.8 to 0.95."
        yield error(Code.POWER_IMPLAUSIBLE, "sample_size.power", message, remedy)
    elif planned < 0.8:
        message = f"With a power of {planned:g} a good candidate fails often."
        yield warning(Code.POWER_LOW, "sample_size.power", message, "Plan for 0.8 or more.")


def populations(protocol: Protocol) -> Iterator[Finding]:
    """One population decides, others support, and silence is not forgiven."""
    primary = [p for p in protocol.analysis_populations if p.role == "primary"]
    if len(primary) != 1:
        message = f"There are {len(primary)} primary analysis populations."
        remedy = "Exactly one population decides; the others support."
        yield error(Code.POPULATION_PRIMARY, "analysis_populations", message, remedy)
    with_margin = any(
        hypothesis.framework is not Framework.SUPERIORITY for hypothesis in protocol.hypotheses
    )
    if with_margin and len(protocol.analysis_populations) < 2:
        message = "A margin is judged in one population only."
        remedy = "Add a supporting one: that the two agree guards against a careless trial."
        yield warning(Code.POPULATION_ALONE, "analysis_populations", message, remedy)
    for index, population in enumerate(protocol.analysis_populations):
        if population.role == "primary" and population.candidate_without_answer == "excluded":
            message = f"`{population.id}` forgives the candidate every answer it did not give."
            path = f"analysis_populations[{index}].candidate_without_answer"
            remedy = "Let counts_as_failure decide and excluded support."
            yield warning(Code.PRIMARY_EXCLUDES_SILENCE, path, message, remedy)


RULES = (looks, tolerance, power, populations)

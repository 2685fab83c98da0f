"""What `equipoise design` prints: the numbers of a design as lines of text."""

from collections.abc import Sequence

from evaluation.results.design import (
    BoundAt,
    DesignResults,
    HypothesisBounds,
    HypothesisPower,
    HypothesisSize,
    Passage,
    Simulated,
    SimulatedScenario,
)

NONE = "–"
SIZE_HEAD = (
    *("hypothesis", "power", "effect", "one look", "x looks", "x clusters", "exact", "pairs"),
    *("attained", "enrolled", "subjects"),
)


def bounds_lines(found: DesignResults) -> list[str]:
    """One table of bounds and one of ends for each hypothesis."""
    lines = _head(found)
    for bounds in found.bounds:
        lines += ["", *_bounds(found, bounds)]
    return [*lines, "", *found.notes]


def power_lines(found: DesignResults) -> list[str]:
    """Power under the registered effect, over effects, over discordances, and jointly."""
    lines = _head(found)
    for power in found.power or ():
        lines += ["", *_power(power)]
    for joint in found.joint:
        lines += [
            "",
            f"All of {', '.join(joint.hypotheses)}: power {joint.independent:.4f} if independent, "
            f"at least {joint.at_least:.4f} whatever their dependence",
        ]
    return [*lines, "", *found.notes]


def size_lines(found: DesignResults) -> list[str]:
    """What each hypothesis needs, then the plan against it."""
    lines = _head(found)
    if found.sizes is None:
        return lines
    rows = [SIZE_HEAD, *(_size(size) for size in found.sizes.hypotheses)]
    methods = [f"{size.id}: {size.method}" for size in found.sizes.hypotheses]
    return [*lines, "", *_table(rows), "", *methods, "", found.sizes.sentence, *found.notes]


def simulation_lines(found: DesignResults) -> list[str]:
    """One row for each scenario and hypothesis, every share with its Monte Carlo error."""
    lines = _head(found)
    if found.simulations is None:
        return lines
    looks = [look.id for look in found.looks]
    head = ("scenario", "hypothesis", "effect", "trials", "claims (se)", "expected pairs (se)")
    rows: list[tuple[str, ...]] = [(*head, "claims by look", "stopped below by look")]
    rows += [_simulated(row) for row in found.simulations.scenarios]
    biases = [line for row in found.simulations.scenarios for line in _estimation(row)]
    ended = ["Ended early by a person."] if found.simulations.interrupted else []
    seed = f"seed {found.simulations.seed}, looks {', '.join(looks)}"
    return [*lines, seed, "", *_table(rows), "", *biases, *ended, *found.notes]


def _size(size: HypothesisSize) -> tuple[str, ...]:
    return (
        size.id,
        f"{size.power:g}",
        f"{size.true_effect:g}",
        f"{size.n_independent:.2f}",
        f"{size.inflation:.4f}",
        f"{size.design_effect:.4f}",
        f"{size.n_exact:.2f}",
        f"{size.n_pairs:,}" + (" *" if size.drives else ""),
        f"{size.attained_power:.4f}",
        f"{size.n_enrolled:,}",
        f"{size.n_subjects:,}",
    )


def _head(found: DesignResults) -> list[str]:
    looks = ", ".join(f"{look.id} at {look.information:g} ({look.pairs:,})" for look in found.looks)
    return [
        f"{found.acronym}: {found.title}",
        f"{found.planned_pairs:,} evaluable pairs; looks {looks}",
        f"protocol {found.version} {found.digest}",
    ]


def _bounds(found: DesignResults, bounds: HypothesisBounds) -> list[str]:
    effect = "" if bounds.true_effect is None else f", planned for {bounds.true_effect:g}"
    lines = [
        f"{bounds.id}: {bounds.endpoint_title}; null {bounds.null_effect:g}{effect}; "
        f"one-sided alpha {bounds.alpha:g} ({bounds.alpha_reason})",
    ]
    if bounds.reason is not None:
        lines.append(bounds.reason)
    head = ("", "look", "information", "spent", "z", "p", "effect")
    rows: list[tuple[str, ...]] = [(*head, "power: registered", "estimate", "null")]
    binding = "binding" if bounds.futility_binding else "non-binding"
    kinds = (
        ("efficacy", bounds.efficacy),
        (f"futility, {binding}", bounds.futility),
        ("harm", bounds.harm),
    )
    rows += [_bound(kind, row) for kind, held in kinds for row in held]
    lines += [*_table(rows), ""]
    return [*lines, *_passages(found, bounds)]


def _bound(kind: str, row: BoundAt) -> tuple[str, ...]:
    powers = (row.power_registered, row.power_estimate, row.power_null)
    return (
        kind,
        row.look,
        f"{row.information:g}",
        _small(row.spent),
        NONE if row.z is None else f"{row.z:.4f}",
        _small(row.p),
        NONE if row.effect is None else f"{row.effect:.4f}",
        *(NONE if power is None else f"{power:.4f}" for power in powers),
    )


def _passages(found: DesignResults, bounds: HypothesisBounds) -> list[str]:
    passages = [("null", bounds.under_null)]
    if bounds.under_effect is not None:
        passages.append(("registered effect", bounds.under_effect))
    looks = [look.id for look in found.looks]
    rows = [("under the", "claims", "expected pairs", *(f"ends at {look}" for look in looks))]
    rows += [_passage(name, passage) for name, passage in passages]
    return _table(rows)


def _passage(name: str, passage: Passage) -> tuple[str, ...]:
    ends = (f"{share:.4f}" for share in passage.stopping)
    return (
        f"{name} ({passage.effect:g})",
        f"{passage.power:.4f}",
        f"{passage.expected_pairs:,.1f}",
        *ends,
    )


def _power(power: HypothesisPower) -> list[str]:
    lines = [
        f"{power.id}: {power.endpoint_title}; power {power.power:.4f} under an effect of "
        f"{power.true_effect:g} (registered {power.registered:g}), expected pairs "
        f"{power.expected_pairs:,.1f}",
        *_table(
            [
                ("effect", "power", "expected pairs"),
                *(
                    (f"{p.effect:.4f}", f"{p.power:.4f}", f"{p.expected_pairs:,.1f}")
                    for p in power.curve[::3]
                ),
            ]
        ),
    ]
    if not power.grid:
        return lines
    head = ("discordance", *(f"effect {cell.effect:.4f}" for cell in power.grid[0]))
    rows = [head]
    for held in power.grid:
        cells = (
            NONE
            if cell.pairs is None or cell.power is None
            else f"{cell.pairs:,} ({cell.power:.3f})"
            for cell in held
        )
        rows.append((f"{held[0].discordance:.4f}", *cells))
    said = "Pairs needed, and power at the plan, if the discordance were another one:"
    return [*lines, "", said, *_table(rows)]


def _simulated(row: SimulatedScenario) -> tuple[str, ...]:
    short = "" if row.reached else " (short)"
    return (
        row.scenario,
        row.hypothesis,
        f"{row.true_effect:g}",
        f"{row.replicates:,}{short}",
        _measured(row.claims),
        f"{row.expected_pairs.value:,.1f} ({row.expected_pairs.standard_error:.1f})",
        " ".join(_measured(share) for share in row.claims_by_look),
        " ".join(_measured(share) for share in row.lower_by_look),
    )


def _estimation(row: SimulatedScenario) -> list[str]:
    found = row.estimation
    if found is None:
        return []
    return [
        f"{row.scenario} {row.hypothesis}, first {found.replicates:,} trials, in standard errors "
        f"at the last look: bias {_measured(found.bias_naive)} naive, "
        f"{_measured(found.bias_median_unbiased)} median unbiased; coverage "
        f"{_measured(found.coverage_naive)} naive, {_measured(found.coverage_repeated)} repeated, "
        f"{_measured(found.coverage_stagewise)} stage-wise"
    ]


def _measured(found: Simulated) -> str:
    return f"{found.value:.4f} ({found.standard_error:.4f})"


def _small(value: float | None) -> str:
    """Error rates may be tiny: significant digits below one in ten thousand."""
    if value is None:
        return NONE
    return f"{value:.5f}" if value >= 1e-4 or value == 0 else f"{value:.3g}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

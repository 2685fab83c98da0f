"""What `equipoise design` prints: the numbers of a design as lines of text."""

from collections.abc import Sequence

from evaluation.results.design import (
    BoundAt,
    DesignResults,
    HypothesisBounds,
    HypothesisPower,
    HypothesisSize,
    JointPower,
    Passage,
)
from evaluation.results.size_sentences import size_sentences

NONE = "–"
NO_CLAIM = "no estimate"
SIZE_HEAD = (
    *("hypothesis", "power", "effect", "one look", "x looks", "x clusters", "exact", "pairs"),
    *("attained", "enrolled", "subjects"),
)


def bounds_lines(found: DesignResults) -> list[str]:
    """One table of bounds and one of ends for each hypothesis."""
    lines = head_lines(found)
    for bounds in found.bounds:
        lines += ["", *_bounds(found, bounds)]
    return [*lines, "", *found.notes]


def power_lines(found: DesignResults) -> list[str]:
    """Power under the registered effect, over effects, over discordances, and jointly."""
    lines = head_lines(found)
    for power in found.power or ():
        lines += ["", *_power(power)]
    for joint in found.joint:
        lines += ["", *_joint(joint)]
    return [*lines, "", *found.notes]


def size_lines(found: DesignResults) -> list[str]:
    """What each hypothesis needs, then the plan against it."""
    lines = head_lines(found)
    if found.sizes is None:
        return lines
    rows = [SIZE_HEAD, *(_size(size) for size in found.sizes.hypotheses)]
    methods = [f"{size.id}: {size.method}" for size in found.sizes.hypotheses]
    said = [found.sizes.sentence, *size_sentences(found), *found.notes]
    return [*lines, "", *table(rows), "", *methods, "", *said]


def _joint(joint: JointPower) -> list[str]:
    """What is exact first, then what holds whatever the dependence."""
    which = "All" if joint.kind == "all" else "At least one"
    exact = "" if joint.exact is None else f"power {joint.exact:.4f} ({joint.exact_by}); "
    return [
        f"{which} of {', '.join(joint.hypotheses)}: {exact}from {joint.at_least:.4f} to "
        f"{joint.at_most:.4f} whatever their dependence, {joint.independent:.4f} if independent"
    ]


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


def head_lines(found: DesignResults) -> list[str]:
    """Which protocol, how large, with which looks."""
    looks = ", ".join(f"{look.id} at {look.information:g} ({look.pairs:,})" for look in found.looks)
    return [
        f"{found.acronym}: {found.title}",
        f"{found.planned_pairs:,} evaluable pairs; looks {looks}",
        f"protocol {found.version} {found.digest}",
    ]


def _bounds(found: DesignResults, bounds: HypothesisBounds) -> list[str]:
    effect = "" if bounds.true_effect is None else f", planned for {bounds.true_effect:g}"
    other = "" if bounds.null_other is None else f" and {bounds.null_other:g}"
    lines = [
        f"{bounds.id}: {bounds.endpoint_title}; null {bounds.null_effect:g}{other}{effect}; "
        f"one-sided alpha {bounds.alpha:g} ({bounds.alpha_reason})",
    ]
    if bounds.margin is not None:
        lines.append(f"margin: {bounds.margin.clinical_basis} {bounds.margin.statistical_basis}")
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
    rows += [_bound(bounds, kind, row) for kind, held in kinds for row in held]
    lines += [*table(rows), ""]
    return [*lines, *_passages(found, bounds)]


def _bound(bounds: HypothesisBounds, kind: str, row: BoundAt) -> tuple[str, ...]:
    powers = (row.power_registered, row.power_estimate, row.power_null)
    return (
        kind,
        row.look,
        f"{row.information:g}",
        _small(row.spent),
        NONE if row.z is None else f"{row.z:.4f}",
        _small(row.p),
        _effect(bounds, row),
        *(NONE if power is None else f"{power:.4f}" for power in powers),
    )


def _effect(bounds: HypothesisBounds, row: BoundAt) -> str:
    """The estimate on the bound; of an equivalence those between which it is claimed, if any."""
    if row.effect is None:
        sized = bounds.null_other is not None and bounds.true_effect is not None
        return NO_CLAIM if sized and row.z is not None else NONE
    if row.effect_other is None:
        return f"{row.effect:.4f}"
    low, high = sorted((row.effect, row.effect_other))
    return f"{low:.4f} to {high:.4f}"


def _passages(found: DesignResults, bounds: HypothesisBounds) -> list[str]:
    passages = [("null", bounds.under_null)]
    if bounds.under_effect is not None:
        passages.append(("registered effect", bounds.under_effect))
    looks = [look.id for look in found.looks]
    rows = [("under the", "claims", "expected pairs", *(f"ends at {look}" for look in looks))]
    rows += [_passage(name, passage) for name, passage in passages]
    return table(rows)


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
        *table(
            [
                ("effect", "power", "expected pairs"),
                *(
                    (f"{p.effect:.4f}", f"{p.power:.4f}", f"{p.expected_pairs:,.1f}")
                    for place, p in enumerate(power.curve)
                    if place % 3 == 0 or p.effect == power.true_effect
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
    return [*lines, "", said, *table(rows)]


def _small(value: float | None) -> str:
    """Error rates may be tiny: significant digits below one in ten thousand."""
    if value is None:
        return NONE
    return f"{value:.5f}" if value >= 1e-4 or value == 0 else f"{value:.3g}"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

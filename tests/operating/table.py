"""The README's table of operating characteristics, and where it stands."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.operating.cells import ALPHA, Measured

README = Path(__file__).resolve().parents[2] / "evaluation" / "README.md"
MARKERS = ("<!-- operating characteristics -->\n", "<!-- end of operating characteristics -->")
TITLES = {
    "shares": ("tango_score", "exact_difference", "clustered_score"),
    "means": ("paired_t", "clustered_difference_cr2"),
    "areas": ("delong_at_margin",),
}
NONE = "-"


def beyond(found: Measured) -> bool:
    """Whether alpha is exceeded by more than three Monte Carlo standard errors."""
    return found.at_margin > ALPHA + 3 * found.monte_carlo_error


def markdown(results: Iterable[Measured]) -> str:
    """Three tables; an entry is: rejected at the margin / refused / rejected without effect."""
    known = list(results)
    lines: list[str] = []
    for kind, words in TITLES.items():
        lines += [*_table(kind, [found for found in known if found.cell.word in words]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(kind: str, found: list[Measured]) -> Iterator[str]:
    columns = list(dict.fromkeys(result.cell.data for result in found))
    margins = {result.cell.data: f"{result.cell.margin:.3g}" for result in found}
    heads = [f"{name}, margin {margins[name]}" for name in columns]
    yield f"| {kind}: test | pairs | ICC | " + " | ".join(heads) + " |"
    yield "|---" * (3 + len(columns)) + "|"
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for result in found:
        cell = result.cell
        pairs = f"{cell.subjects} alone"
        if cell.sizes != "one pair":
            pairs = f"{cell.subjects} subjects, {cell.sizes}"
        key = f"`{cell.word}`", pairs, f"{cell.icc:g}"
        rows.setdefault(key, {})[cell.data] = _entry(result)
    for key, entries in rows.items():
        yield "| " + " | ".join((*key, *(entries.get(name, NONE) for name in columns))) + " |"


def _entry(found: Measured) -> str:
    rate = f"{found.at_margin:.4f}"
    rate = f"**{rate}**" if beyond(found) else rate
    return f"{rate} / {found.refused:.2f} / {found.no_effect:.2f}"


def section() -> str:
    """What the README says now."""
    _, _, rest = README.read_text("utf-8").partition(MARKERS[0])
    return rest.partition(MARKERS[1])[0]


def write(text: str) -> None:
    """Put a new table between the markers; ValueError where the README has none."""
    before, start, rest = README.read_text("utf-8").partition(MARKERS[0])
    _, end, after = rest.partition(MARKERS[1])
    if not (start and end):
        raise ValueError("evaluation/README.md has no place for operating characteristics")
    README.write_text(before + start + text + end + after, "utf-8")

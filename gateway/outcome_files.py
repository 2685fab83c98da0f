"""Outcomes from a CSV file: every line is judged for itself, every fault named with its line.

Columns: `pair_id`, or `subject` and `encounter` (and `subject_system` where requests named one);
`value`, `ascertained_at` (RFC 3339 with an offset), `name` where lines are not of the protocol's
own outcome (empty: that one), and `source` where lines differ in it. A value is true or false, a
number, or a level as plain text; one with a time or with a part for each arm is JSON text:
`{"time": 12, "event": true}`.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gateway.access import Tokeniser
from gateway.store.capture import OutcomeItem, report_outcomes
from gateway.store.engine import Store
from gateway.store.outcome_values import Plan
from gateway.strict_json import NotStrictJSONError, parse
from gateway.timestamps import microseconds
from protocols.errors import EquipoiseError, UsageError
from protocols.outcomes import outcomes_by_name
from protocols.schema import FurtherOutcome, Protocol

COLUMNS = frozenset(
    (
        "pair_id",
        "subject",
        "subject_system",
        "encounter",
        "name",
        "value",
        "ascertained_at",
        "source",
    )
)
BATCH_LINES = 500

_VALUES = {"true": True, "1": True, "false": False, "0": False}

Tell = Callable[[int], None]
"""Told how many lines have been worked off."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was not stored, and why."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReceipt:
    """What became of a file: lines by state (created, unchanged, conflict), and the refused."""

    lines: int
    states: dict[str, int]
    refused: tuple[RefusedLine, ...]


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """A CSV file and how to read it. `tokeniser` is asked for only where a line needs it."""

    path: Path
    default_source: str
    tokeniser: Callable[[], Tokeniser]
    protocol: Protocol

    def items(self) -> Iterator[tuple[int, OutcomeItem | RefusedLine]]:
        """Read line after line; the number is that of the line's end in the file."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._rows(csv.DictReader(file, restkey="", strict=True))
        except OSError as error:
            raise UsageError("FILE_UNREADABLE", f"{self.path} cannot be read") from error

    def _rows(
        self, reader: "csv.DictReader[str]"
    ) -> Iterator[tuple[int, OutcomeItem | RefusedLine]]:
        line = 0
        try:
            _check_header(self.path, reader.fieldnames or ())
            for row in reader:
                line = reader.line_num
                yield line, self._item(line, row)
        except (csv.Error, UnicodeDecodeError):
            # A value and not an exception: the lines before it are good and must be stored.
            message = "from here on the file is not CSV in UTF-8; correct it and import it again"
            yield line + 1, RefusedLine(line + 1, "CSV_BROKEN", message)

    def _item(self, line: int, row: dict[str, str]) -> OutcomeItem | RefusedLine:
        try:
            return self._parsed({name: (text or "").strip() for name, text in _cells(row)})
        except ValueError as error:
            return RefusedLine(line, "LINE_REFUSED", str(error))

    def _parsed(self, row: dict[str, str]) -> OutcomeItem:
        pair_id, subject, encounter = (row.get(n, "") for n in ("pair_id", "subject", "encounter"))
        if bool(pair_id) == bool(subject and encounter):
            raise ValueError("give either pair_id, or subject and encounter")
        name = row.get("name") or self.protocol.outcome.name
        source = row.get("source") or self.default_source
        if not source.isprintable():
            raise ValueError("the source must be text without control characters")
        tokens = None if pair_id else self.tokeniser()
        return OutcomeItem(
            pair_id=pair_id or None,
            subject=tokens.subject(subject, row.get("subject_system", "")) if tokens else None,
            encounter=tokens.encounter(encounter) if tokens else None,
            name=name,
            value=_value(row["value"], outcomes_by_name(self.protocol).get(name)),
            ascertained_at_us=microseconds(row["ascertained_at"]),
            source=source,
        )


def _value(text: str, plan: Plan | None) -> object:
    """Read a cell by the outcome's type; what is of another type is left to the store to refuse."""
    if plan is None:
        return None  # the store says that there is no such outcome
    per_arm = isinstance(plan, FurtherOutcome) and plan.per_arm
    if not per_arm and plan.type in ("ordinal", "nominal"):
        return text
    if not per_arm and plan.type == "binary":
        return _VALUES.get(text.lower())
    try:
        return parse(text.encode())
    except NotStrictJSONError:
        return None


def _cells(row: dict[str, str]) -> Iterable[tuple[str, str]]:
    if "" in row:
        raise ValueError("the line has more cells than the header")
    return row.items()


def _check_header(path: Path, names: Sequence[str]) -> None:
    unknown = sorted(set(names) - COLUMNS)
    missing = [name for name in ("value", "ascertained_at") if name not in names]
    named = "pair_id" in names or {"subject", "encounter"} <= set(names)
    if unknown or missing or not named or len(set(names)) != len(names):
        raise UsageError(
            "CSV_HEADER",
            f"{path.name}:1: the columns must be pair_id (or subject, encounter), value,"
            " ascertained_at and, if wanted, name, source and subject_system, each once",
        )


def import_outcomes(
    store: Store, trial: str, file: OutcomeFile, *, received_at_us: int, tell: Tell
) -> ImportReceipt:
    """Report every line of the file, some hundreds in one transaction."""
    states: Counter[str] = Counter()
    refused: list[RefusedLine] = []
    lines = 0
    numbered = file.items()
    while batch := list(islice(numbered, BATCH_LINES)):
        good = [(line, item) for line, item in batch if isinstance(item, OutcomeItem)]
        refused += [item for _, item in batch if isinstance(item, RefusedLine)]
        results = report_outcomes(
            store, [item for _, item in good], trial=trial, received_at_us=received_at_us
        )
        for (line, _), result in zip(good, results, strict=True):
            if isinstance(result, EquipoiseError):
                refused.append(RefusedLine(line, result.code, str(result)))
            else:
                states[result.state] += 1
        lines += len(batch)
        tell(lines)
    return ImportReceipt(lines, dict(states), tuple(sorted(refused, key=lambda one: one.line)))

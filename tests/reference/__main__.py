"""`python -m tests.reference FILE.json...`: run case files and say what differs."""

import sys
from pathlib import Path

from tests.reference.adapters import ADAPTERS
from tests.reference.compare import run_file


def main(arguments: list[str]) -> int:
    """Prints each failing case, then one line of counts; 1 when any case fails."""
    if not arguments:
        sys.stderr.write("usage: python -m tests.reference FILE.json...\n")
        return 2
    outcomes = [outcome for name in arguments for outcome in run_file(Path(name), ADAPTERS)]
    for outcome in outcomes:
        for line in outcome.lines:
            sys.stdout.write(f"{outcome.case}: {line}\n")
    counts = {
        state: sum(o.state == state for o in outcomes) for state in ("passed", "failed", "skipped")
    }
    sys.stdout.write(", ".join(f"{n} {state}" for state, n in counts.items()) + "\n")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

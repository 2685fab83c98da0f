"""`python -m tests.operating`: simulate every cell and write the table into the README."""

import sys
from concurrent.futures import ProcessPoolExecutor

from tests.operating.cells import CELLS, measured
from tests.operating.table import markdown, write

if __name__ == "__main__":
    with ProcessPoolExecutor(max_workers=2) as pool:
        table = markdown(pool.map(measured, CELLS))
    write(table)
    sys.stdout.write(table)

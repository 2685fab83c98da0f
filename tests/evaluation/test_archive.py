"""results.json: the same bytes, in every process, and back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.archive import from_bytes, rounded, to_bytes
from evaluation.errors import EvaluationError
from tests.support.simulator import Truth, example_results

ROOT = Path(__file__).resolve().parents[2]
PRINT = (
    "import hashlib; from tests.support.simulator import Truth, example_results;"
    "from evaluation.archive import to_bytes;"
    "print(hashlib.sha256(to_bytes(example_results(Truth(n=700)))).hexdigest())"
)


def _digest_in_another_process(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_two_processes_in_two_worlds_give_the_same_bytes() -> None:
    here = _digest_in_another_process(PYTHONHASHSEED="1", TZ="Asia/Tokyo", LANG="C")
    there = _digest_in_another_process(
        PYTHONHASHSEED="2", TZ="America/Lima", LANG="de_DE.UTF-8", OMP_NUM_THREADS="1"
    )
    assert here == there


def test_results_read_back_are_written_the_same() -> None:
    content = to_bytes(example_results(Truth(n=700)))
    assert to_bytes(from_bytes(content)) == content


def test_floats_keep_twelve_digits_and_lose_minus_zero() -> None:
    assert rounded([1 / 3, -0.0, 1e-20 / 3]) == [0.333333333333, 0.0, 3.33333333333e-21]
    assert str(rounded(-0.0)) == "0.0"


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(EvaluationError, match="must have been a reason"):
        rounded({"x": value})


def test_something_else_is_not_taken_for_results() -> None:
    with pytest.raises(EvaluationError) as caught:
        from_bytes(b'{"schema_version": "1.0"}')
    assert caught.value.code == "RESULTS_DAMAGED"

"""The same work in one process or in several: results come in the order of what was asked.

    with hands(2, "joblib") as hand:
        found = hand(function, [(1, 2), (3, 4)])   # [function(1, 2), function(3, 4)]

`joblib` starts processes that outlive a call; `dask` asks the workers of a cluster: the one at
`DASK_SCHEDULER_ADDRESS`, or one of its own on this machine. Ctrl-C is for the process that was
asked, not for its workers, which would lose what they have: those of joblib are born with the
signal blocked.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import joblib
from joblib.externals.loky.backend import resource_tracker

from protocols.errors import UsageError

BACKENDS = ("joblib", "dask")
ADDRESS = "DASK_SCHEDULER_ADDRESS"
T = TypeVar("T")


class Hand(Protocol):
    """`[function(*arguments) for arguments in asked]`, wherever it is done."""

    def __call__(
        self, function: Callable[..., T], asked: Sequence[tuple[Any, ...]], /
    ) -> list[T]: ...


@contextmanager
def hands(workers: int, backend: str = "joblib") -> Iterator[Hand]:
    """One worker of joblib is this process itself.

    Raises `UsageError(DASK_MISSING)` where dask is asked for and not installed.
    """
    if workers < 1:
        raise UsageError("WORKERS", f"Work asks for one worker or more, not {workers}.")
    if backend == "dask":
        with _dask(workers) as hand:
            yield hand
    elif workers == 1:
        yield _alone
    else:
        with _joblib(workers) as hand:
            yield hand


def _alone(function: Callable[..., T], asked: Sequence[tuple[Any, ...]], /) -> list[T]:
    return [function(*arguments) for arguments in asked]


@contextmanager
def _joblib(workers: int) -> Iterator[Hand]:
    with joblib.Parallel(n_jobs=workers, batch_size=1) as parallel:

        def hand(function: Callable[..., T], asked: Sequence[tuple[Any, ...]], /) -> list[T]:
            found: list[T] = parallel(joblib.delayed(_deaf)(function, *one) for one in asked)
            return found

        resource_tracker.ensure_running()  # it unblocks the signal when it starts
        with _blocked():
            hand(_nothing, [(index,) for index in range(workers)])
        yield hand


@contextmanager
def _blocked() -> Iterator[None]:
    """What is born in here never hears Ctrl-C; this process hears it when it leaves."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _deaf(function: Callable[..., T], *arguments: Any) -> T:
    """In a worker that was born with the signal unblocked all the same."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(*arguments)


def _nothing(_index: int) -> None:
    """What a worker is born with."""


@contextmanager
def _dask(workers: int) -> Iterator[Hand]:
    try:
        from distributed import Client
    except ImportError as problem:
        message = "Dask is not installed: pip install 'equipoise[dask]', or use --backend joblib."
        raise UsageError("DASK_MISSING", message) from problem
    address = os.environ.get(ADDRESS)
    own = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with _blocked():
        client = Client(address) if address else Client(**own)
    with client:

        def hand(function: Callable[..., T], asked: Sequence[tuple[Any, ...]], /) -> list[T]:
            futures = [client.submit(function, *one, pure=False) for one in asked]
            found: list[T] = client.gather(futures)
            return found

        yield hand

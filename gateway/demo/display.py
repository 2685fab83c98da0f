"""What a person sees while the demo runs: a live bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINE_EVERY = 500


class Display(Protocol):
    """Says what happens; `patients` is entered for a stretch and gives what counts answers."""

    def say(self, text: str) -> None: ...

    def patients(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]: ...


class Lines:
    """One plain line at a time, flushed, for pipes and logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    @contextmanager
    def patients(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        done = 0

        def tick(n: int) -> None:
            nonlocal done
            done += n
            if done % LINE_EVERY == 0 or done == total:
                self.say(f"  {title}: {done} of {total}")

        yield tick


class Live:
    """A progress bar that stays on the terminal when its stretch is over."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def patients(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(title, total=total)
            yield lambda n: progress.advance(task, n)


def choose_display(*, as_json: bool) -> Display:
    """Standard output belongs to the JSON when there is one; then the story goes to the side."""
    if as_json:
        return Lines(sys.stderr)
    return Live() if sys.stdout.isatty() else Lines(sys.stdout)

"""A thread that does one kind of blocking work in batches, and answers an event loop.

Whatever waits is done at once: a batch grows while the one before it is being written, so that one
fsync serves many. Handing over costs the loop one queue put; being answered, one callback for the
whole batch.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

LARGEST_BATCH = 256

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Runs `work(items)` in a thread of its own, then `on_done(items, result)` in the loop.

    `work` gets the items in the order of handing over and must not raise.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[Item]], Result],
        on_done: Callable[[list[Item], Result], None],
    ) -> None:
        self._work = work
        self._on_done = on_done
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._ended = asyncio.Event()
        self.waiting = 0
        # A daemon: a disk that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def hand_over(self, item: Item) -> None:
        """Queue one item. The caller keeps the queue bounded by looking at `waiting`."""
        self.waiting += 1
        self._queue.put(item)

    async def aclose(self, timeout_s: float) -> bool:
        """Work off what is queued and end the thread; False when it did not end in time."""
        self._queue.put(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), timeout_s)
        return self._ended.is_set()

    def _run(self) -> None:
        going = True
        while going:
            items = []
            item = self._queue.get()
            with suppress(queue.Empty):
                while item is not None:
                    items.append(item)
                    if len(items) == LARGEST_BATCH:
                        break
                    item = self._queue.get_nowait()
            going = item is not None
            if items:
                self._tell(self._finish, items, self._work(items))
        self._tell(self._ended.set)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the news
            self._loop.call_soon_threadsafe(call, *arguments)

    def _finish(self, items: list[Item], result: Result) -> None:
        self.waiting -= len(items)
        self._on_done(items, result)


async def in_thread(name: str, call: Callable[[], Result]) -> Result:
    """Run one blocking call in a daemon thread: should it hang, the process can still end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        result = call()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, done, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done


def _settle(done: "asyncio.Future[Result]", result: Result) -> None:
    if not done.done():
        done.set_result(result)

"""Same key, same request: the stored answer again. Bounded in number, bytes and age.

Only an answer with the standard of care's output is kept: after a failure, the caller's next
attempt with the same key must reach the standard of care, not the failure again.
"""

from collections import OrderedDict
from dataclasses import dataclass

from gateway.errors import IN_PROGRESS, KEY_REUSED, Problem

LARGEST_STORE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was sent, and the token of the request that it answered."""

    request_token: str
    pair_id: str
    body: bytes
    at_us: int


class IdempotencyStore:
    """Remembers keys by their tokens; the oldest answer goes first."""

    def __init__(self, *, keys: int, hours: float) -> None:
        self.most_keys = keys
        self._age_us = int(hours * 3600 * 1_000_000)
        self._running: dict[str, str] = {}
        self._answers: OrderedDict[str, StoredAnswer] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._running) + len(self._answers)

    def begin(self, token: str, request_token: str, *, now_us: int) -> StoredAnswer | None:
        """Look a key up; None means that it is new and now in progress: keep or forget it.

        Raises
        ------
        Problem
            idempotency-key-reused, or idempotency-in-progress.
        """
        self._expire(now_us)
        answer = self._answers.get(token)
        known = answer.request_token if answer else self._running.get(token)
        if known is None:
            self._running[token] = request_token
            return None
        if known != request_token:
            raise Problem(KEY_REUSED, "Send a new key with a new request.")
        if answer is None:
            raise Problem(IN_PROGRESS, "Wait for the first request's answer.", retry_after_s=1)
        return answer

    def keep(self, token: str, answer: StoredAnswer) -> None:
        """Keep a key's answer; from a journal, call in the order of time."""
        self._running.pop(token, None)
        self._drop(token)
        self._answers[token] = answer
        self._bytes += len(answer.body)
        self._expire(answer.at_us)

    def forget(self, token: str) -> None:
        """Give a key in progress free: its request failed."""
        self._running.pop(token, None)

    def _drop(self, token: str) -> None:
        answer = self._answers.pop(token, None)
        if answer is not None:
            self._bytes -= len(answer.body)

    def _expire(self, now_us: int) -> None:
        while self._answers:
            token, oldest = next(iter(self._answers.items()))
            full = len(self._answers) > self.most_keys or self._bytes > LARGEST_STORE_BYTES
            if not full and oldest.at_us >= now_us - self._age_us:
                return
            self._drop(token)

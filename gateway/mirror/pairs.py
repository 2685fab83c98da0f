"""A pair that waits for its candidate, and how asking the candidate went. Plain data."""

from dataclasses import dataclass

from protocols.vocabulary import Fate

BREAKER_OPEN = "breaker_open"
BACKLOG_LIMIT = "backlog_limit"
JOURNAL_GONE = "journal_gone"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending pair. `inputs` is None when the journal that held the bytes is gone."""

    pair_id: str
    epoch: str
    seq: int
    arrived_at_us: int
    inputs: bytes | None
    trace: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What one asking of the candidate gave.

    `fate` is answered for any whole reply of HTTP status 200: what the reply means, and whether
    it was late, is the asker's to say. `detail` is a closed word.
    """

    fate: Fate
    detail: str | None
    http_status: int | None
    duration_ms: float
    reply: bytes | None

"""The mirror's settings: the key `mirror` of the folder's `equipoise.json`.

What the trial means (deadline, late answers, share) stands in the protocol, not here.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.journal_reader import KEEP_CLOSED_S


class MirrorSettings(BaseModel):
    """How the mirror uses this machine. Unknown keys are refused; every key has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    concurrency: int = Field(default=16, ge=1, le=1000)
    """Askings of the candidate under way at one time."""
    reply_limit_bytes: int = Field(default=262_144, ge=1024, le=67_108_864)
    """A longer reply is cut here, and the pair's fate is invalid, too_large."""
    scheduling: Literal["idle", "nice"] = "idle"
    """`idle`: the system runs the mirror only when nothing else wants the processor, and takes it
    away at once (Linux; elsewhere as `nice`). With `nice` a waking gateway may wait for the end of
    the mirror's time slice, some milliseconds."""
    niceness: int = Field(default=10, ge=0, le=19)
    """Added to the process's niceness, so that the gateway goes first."""
    batch_rows: int = Field(default=1000, ge=1, le=1000)
    """Journal rows shipped in one transaction."""
    ship_ms: int = Field(default=250, ge=1, le=10_000)
    """The pause after a batch that was not full: every transaction of the trial store is a sync on
    the disk, and on one disk the gateway's journal waits behind it."""
    flush_rows: int = Field(default=200, ge=1, le=1000)
    """Observations written in one transaction ..."""
    flush_ms: int = Field(default=250, ge=1, le=10_000)
    """... or those of this time, whichever comes first."""
    idle_ms: int = Field(default=50, ge=1, le=10_000)
    """The pause between two looks for work where nothing was found."""
    retry_longest_s: float = Field(default=5.0, gt=0, le=300)
    """The longest pause between two attempts to reach a store that is down."""
    drain_s: float = Field(default=10.0, ge=0, le=600)
    """On SIGTERM: how long askings under way may take to finish."""
    backlog_limit_s: float = Field(default=86_400.0, gt=0)
    """A pair that waited longer for its asking is shed, not asked."""
    lag_deviation_s: float = Field(default=300.0, gt=0)
    """Asking a pair later than this after its arrival is a deviation, MIRROR_LAG (minor)."""
    breaker_failures: int = Field(default=20, ge=1)
    """So many failures or time-outs in a row open the breaker ..."""
    breaker_pause_s: float = Field(default=0.2, gt=0)
    """... which lets one asking through after this pause, doubled after each failed one ..."""
    breaker_longest_pause_s: float = Field(default=5.0, gt=0)
    """... up to this pause."""
    keep_closed_s: float = Field(default=float(KEEP_CLOSED_S), ge=0)
    """A journal file that is over and done with is deleted this long after its last change."""
    lost_epochs: tuple[str, ...] = ()
    """Epochs whose journal is gone for good: their pending pairs become lost_at_shutdown.

    A disk that is not mounted looks the same to the mirror, so a person has to say it.
    """

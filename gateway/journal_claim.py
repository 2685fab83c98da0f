"""Whether the process that writes a journal still lives: a lock beside the file, held for life.

The operating system drops the lock when the process dies, however it dies, so nobody has to trust
a process number. A journal without a claim file counts as living: that errs on the side of the
record.
"""

import fcntl
import os
from pathlib import Path


def claim_path(journal: Path) -> Path:
    """Name the file whose lock says that the journal's writer lives."""
    return journal.with_name(journal.name + ".claim")


class JournalClaim:
    """Held by the one process that writes a journal file."""

    def __init__(self, journal: Path) -> None:
        """Claim the journal, before its file is made.

        Raises
        ------
        OSError
            The file cannot be made, or another process holds it.
        """
        self._descriptor = os.open(
            claim_path(journal), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_claimed(journal: Path) -> bool:
    """Say whether a living process may still write to the journal."""
    try:
        descriptor = os.open(claim_path(journal), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False

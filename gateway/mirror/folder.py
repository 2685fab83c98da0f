"""The folder's one mirror: the lock that keeps a second one out, and who of the gateways lives."""

import fcntl
import os
from pathlib import Path

from protocols.errors import UsageError


class FolderLock:
    """Held for the mirror's life; the operating system drops it when the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises
        ------
        UsageError
            Another mirror holds it, or the folder cannot be written.
        """
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(
                "FOLDER",
                f"{path.name} cannot be made ({error.strerror}); let the mirror write to the"
                " trial's folder",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise UsageError(
                "MIRROR_RUNNING",
                f"another mirror works on {path.parent.name}; stop it first, or let it work",
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another mirror have the folder."""
        os.close(self._descriptor)

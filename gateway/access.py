"""Subject and encounter identifiers become tokens here, at the edge, and nowhere else.

A token is HMAC-SHA-256 under the trial's own key: without the key it cannot be recomputed from a
list of known identifiers, which a plain hash could be. It is still personal data.
"""

import hashlib
import hmac
import os
from pathlib import Path

from protocols.errors import UsageError

_KEY_BYTES = 32


class Tokeniser:
    """Turns identifiers into tokens under one trial key."""

    __slots__ = ("_encounter", "_idempotency", "_request", "_subject")

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise UsageError("SUBJECT_KEY", f"the subject key must be {_KEY_BYTES} bytes")
        # A copied, half-fed HMAC saves the key schedule on every request.
        self._subject = hmac.new(key, b"subject\0", hashlib.sha256)
        self._encounter = hmac.new(key, b"encounter\0", hashlib.sha256)
        self._idempotency = hmac.new(key, b"idempotency\0", hashlib.sha256)
        self._request = hmac.new(key, b"request\0", hashlib.sha256)

    def subject(self, value: str, system: str = "") -> str:
        """Token of a person; `system` names whose numbering the value comes from."""
        return _finish(self._subject, f"{len(system)}:{system}{value}".encode())

    def encounter(self, value: str) -> str:
        """Token of one contact."""
        return _finish(self._encounter, value.encode())

    def idempotency_key(self, value: str) -> str:
        """Token of a caller's idempotency key, which may hold an identifier."""
        return _finish(self._idempotency, value.encode())

    def request(self, body: bytes) -> str:
        """Token of a whole request body, which holds identifiers."""
        return _finish(self._request, body)


def _finish(fed: hmac.HMAC, content: bytes) -> str:
    copy = fed.copy()
    copy.update(content)
    return copy.hexdigest()


def read_subject_key(path: Path) -> bytes:
    """Read the key file (64 hexadecimal digits, readable by its owner alone).

    Raises
    ------
    UsageError
        The file is absent, not a key, or readable by others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            "SUBJECT_KEY",
            f"{path.name} is not a readable key file; restore it from a backup (registering makes"
            " one only for a trial without requests)",
        ) from error
    if mode & 0o077:
        raise UsageError("SUBJECT_KEY", f"{path.name} is readable by others; run chmod 600 on it")
    return key


def keep_from_others() -> None:
    """Let no file that this process makes be open to everybody: a journal holds whole requests.

    What the group may do stays the operator's choice.
    """
    os.umask(os.umask(0o077) | 0o007)

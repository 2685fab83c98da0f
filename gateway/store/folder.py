"""Where a trial's folder says its store is: all that a room without a server needs of it."""

import json
import os
import re
from pathlib import Path

from protocols.errors import UsageError

SETTINGS_FILE = "equipoise.json"

_RELATIVE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)([^/:].*)")


def store_url_in(folder: Path, url: str) -> str:
    """Let a relative path of a SQLite URL start in the trial's folder, so that it may be moved."""
    relative = _RELATIVE_FILE.fullmatch(url)
    return url if relative is None else f"{relative[1]}{folder.absolute() / relative[2]}"


def read_store_location(folder: Path) -> tuple[str, str]:
    """Read the trial and the URL of its store; EQUIPOISE_TRIAL and EQUIPOISE_STORE_URL override.

    Raises
    ------
    UsageError
        The folder has no settings, or they do not say.
    """
    path = folder / SETTINGS_FILE
    try:
        settings = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            "SETTINGS",
            f"{folder} holds no {path.name}; run `equipoise protocol register` into it first",
        ) from error
    except ValueError as error:
        raise UsageError("SETTINGS", f"{path.name} is not JSON; correct it") from error
    return _text(settings, "trial"), store_url_in(folder, _text(settings, "store_url"))


def _text(settings: object, name: str) -> str:
    value = os.environ.get(f"EQUIPOISE_{name.upper()}")
    if value is None and isinstance(settings, dict):
        value = settings.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError("SETTINGS", f"{SETTINGS_FILE} has no {name}; write one")
    return value

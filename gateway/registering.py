"""`protocol register --folder`: from a protocol file to a folder from which a gateway can start.

The registration in the store comes first; what is then written into the folder can be written
again by registering the same file again. The subject key is made once and never replaced.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gateway.access import keep_from_others
from gateway.settings import PROTOCOL_FILE, SETTINGS_FILE, GatewaySettings
from gateway.store.capture import register
from gateway.store.engine import open_store
from gateway.store.folder import store_url_in
from gateway.store.reads import epochs
from gateway.store.tables import Registration
from protocols.canonical import canonical_protocol
from protocols.errors import DocumentError, Finding, UsageError
from protocols.load import Checked, check, read_source
from protocols.schema import Protocol

KEY_FILE = "subject.key"
STORE_FILE = "trial.sqlite"

Setting = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What the operator says on the command line; None leaves what the folder says."""

    standard_of_care_url: str | None = None
    candidate_url: str | None = None
    store_url: str | None = None
    host: str | None = None
    port: int | None = None

    def given(self) -> dict[str, Setting]:
        """Those that were said, by the name of their setting."""
        values: dict[str, Setting | None] = {
            "standard_of_care_url": self.standard_of_care_url,
            "candidate_url": self.candidate_url,
            "store_url": self.store_url,
            "host": self.host,
            "port": self.port,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering did; `findings` are the warnings that remain."""

    registration: Registration
    protocol: Protocol
    findings: tuple[Finding, ...]


def read_document(path: Path) -> Checked:
    """Read and lint a protocol file. Raises DocumentError where there is none."""
    return check(read_source(path), name=path.name)


def register_into(
    folder: Path, checked: Checked, *, addresses: Addresses, actor: str, at_us: int
) -> Registered:
    """Register a checked document and write the folder.

    Raises
    ------
    DocumentError
        The document has findings of level error; all are in `findings`.
    UsageError
        The folder belongs to another trial or cannot be written, an address is refused, or the
        subject key of a trial with requests is gone.
    RefusedError
        AMENDMENT_REQUIRED
    """
    protocol = checked.protocol
    if protocol is None:
        n_errors = sum(finding.level == "error" for finding in checked.findings)
        raise DocumentError(
            "DOCUMENT_REFUSED",
            f"{checked.name} has {n_errors} error(s); correct each and register again",
            checked.findings,
        )
    settings = _settings(folder, protocol.protocol.id, addresses)
    try:
        registration = _write(folder, settings, checked, protocol, actor=actor, at_us=at_us)
    except OSError as error:
        raise UsageError(
            "FOLDER",
            f"{folder} cannot be written ({error.strerror}); check the path and its permissions",
        ) from error
    return Registered(registration, protocol, checked.findings)


def _write(
    folder: Path,
    settings: dict[str, object],
    checked: Checked,
    protocol: Protocol,
    *,
    actor: str,
    at_us: int,
) -> Registration:
    keep_from_others()
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / str(settings["subject_key_file"])
    store = open_store(store_url_in(folder, str(settings["store_url"])), create=True)
    try:
        if not key.exists() and any(epoch.accepted_seq for epoch in epochs(store, _id(protocol))):
            raise UsageError(
                "SUBJECT_KEY",
                f"{key.name} is gone, and requests are on record under it; restore it from a"
                " backup: another key would give the same people other tokens",
            )
        registration = register(store, protocol, checked.source, actor=actor, at_us=at_us)
    finally:
        store.close()
    _make_key(key)
    for name in ("journal_folder", "gap_folder"):
        (folder / str(settings[name])).mkdir(parents=True, exist_ok=True)
    _replace(folder / PROTOCOL_FILE, canonical_protocol(protocol))
    text = json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    _replace(folder / SETTINGS_FILE, text.encode())
    return registration


def _id(protocol: Protocol) -> str:
    return protocol.protocol.id


def _settings(folder: Path, trial: str, addresses: Addresses) -> dict[str, object]:
    """Put the operator's words over the folder's, and those over the defaults; check the whole."""
    settings: dict[str, object] = {
        "store_url": f"sqlite:///{STORE_FILE}",
        "journal_folder": "journal",
        "gap_folder": "gaps",
        "subject_key_file": KEY_FILE,
    }
    settings.update(_present(folder / SETTINGS_FILE))
    if settings.setdefault("trial", trial) != trial:
        raise UsageError(
            "FOLDER_OF_ANOTHER_TRIAL",
            f"{folder.name} belongs to trial {settings['trial']}; register into another folder",
        )
    settings.update(addresses.given())
    # The arms' addresses may follow later; the gateway does not start without them.
    whole = {"standard_of_care_url": "https://standard-of-care.invalid", **settings}
    try:
        GatewaySettings.model_validate(whole)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise UsageError("SETTINGS", f"a setting is refused: {wrong}") from None
    return settings


def _present(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        present = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("SETTINGS", f"{path.name} is not JSON; correct it") from error
    if not isinstance(present, dict):
        raise UsageError("SETTINGS", f"{path.name} must hold one JSON object; correct it")
    return present


def _make_key(path: Path) -> None:
    """Make the key under which identifiers become tokens; a second key would lose the first."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, content: bytes) -> None:
    """Write whole or not at all."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)

"""The operator's settings of one gateway: `equipoise.json` in the trial's folder, and EQUIPOISE_*.

An arm's address is the operator's, never the protocol author's: it is checked here.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.mirror.settings import MirrorSettings
from gateway.store.folder import store_url_in
from gateway.strict_json import NotStrictJSONError, parse
from protocols.canonical import from_canonical
from protocols.errors import UsageError
from protocols.schema import Protocol

SETTINGS_FILE = "equipoise.json"
PROTOCOL_FILE = "protocol.json"
ENVIRONMENT_PREFIX = "EQUIPOISE_"

Bytes = Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]


class GatewaySettings(BaseModel):
    """Every setting of the gateway; README.md says what each is for.

    `mirror` is the mirror's own section, which it checks itself (`gateway.mirror.settings`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trial: str
    store_url: str
    journal_folder: Path
    gap_folder: Path
    subject_key_file: Path
    standard_of_care_url: str
    candidate_url: str | None = None
    allow_plain_http_hosts: tuple[str, ...] = ()

    host: str = "127.0.0.1"
    port: Port = 8080
    connection_limit: Count = 2048
    backlog: Count = 2048
    keep_alive_s: Seconds = 65.0
    body_limit_bytes: Bytes = 1024 * 1024
    body_deadline_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    drain_delay_s: Seconds = 0.5
    drain_s: Seconds = 10.0

    standard_of_care_concurrency: Count = 256
    standard_of_care_reply_limit_bytes: Bytes = 1024 * 1024
    arm_keep_alive_s: Annotated[float, Field(gt=0, le=300)] = 2.0

    journal_queue_limit: Count = 10_000
    journal_rotate_rows: Count = 1_000_000
    idempotency_keys: Count = 100_000
    idempotency_hours: Annotated[float, Field(gt=0, le=24)] = 24.0

    mirror: MirrorSettings = MirrorSettings()

    @model_validator(mode="after")
    def _arm_addresses(self) -> Self:
        for name in ("standard_of_care_url", "candidate_url"):
            url = getattr(self, name)
            if url is not None:
                _check_arm_url(name, url, self.allow_plain_http_hosts)
        return self


def _check_arm_url(name: str, url: str, plain_hosts: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{name} is not a URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{name} must be an http or https URL with a host")
    if parts.username or parts.password or parts.fragment:
        raise ValueError(f"{name} must hold no credentials and no fragment")
    if parts.scheme == "http" and not _is_loopback(host) and host not in plain_hosts:
        raise ValueError(
            f"{name} must use https; plain http is for this machine, or for a host that "
            "allow_plain_http_hosts names"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(folder: Path, environ: Mapping[str, str]) -> GatewaySettings:
    """Read the settings of the trial in `folder`; relative paths in it start there.

    An environment variable EQUIPOISE_<NAME> overrides one setting; where the setting is not text,
    its value is JSON.

    Raises
    ------
    UsageError
        The file is absent or holds what is not a setting. No value is repeated in the message.
    """
    values = _read_object(folder / SETTINGS_FILE)
    for name, field in GatewaySettings.model_fields.items():
        text = environ.get(ENVIRONMENT_PREFIX + name.upper())
        if text is not None:
            values[name] = _from_environment(text, is_text=field.annotation in (str, Path))
    try:
        settings = GatewaySettings.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise UsageError("SETTINGS", f"{SETTINGS_FILE} is refused: {wrong}") from None
    paths = ("journal_folder", "gap_folder", "subject_key_file")
    return settings.model_copy(
        update={name: folder.absolute() / getattr(settings, name) for name in paths}
        | {"store_url": store_url_in(folder, settings.store_url)}
    )


def subject_key_path(folder: Path, environ: Mapping[str, str]) -> Path:
    """Say where the key of the tokens lies, for who needs no other setting."""
    named = _read_object(folder / SETTINGS_FILE).get("subject_key_file")
    found = environ.get(ENVIRONMENT_PREFIX + "SUBJECT_KEY_FILE", named)
    if not isinstance(found, str):
        raise UsageError("SETTINGS", f"{SETTINGS_FILE} has no subject_key_file; write one")
    return folder.absolute() / found


def _from_environment(text: str, *, is_text: bool) -> object:
    if is_text:
        return text
    try:
        parsed: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return parsed


def _read_object(path: Path) -> dict[str, object]:
    try:
        values = parse(path.read_bytes())
    except OSError as error:
        raise _absent(path, error) from error
    except NotStrictJSONError as error:
        wrong = "repeats a setting" if error.reason == "duplicate_key" else "is not JSON"
        raise UsageError("SETTINGS", f"{path.name} {wrong}; correct it") from error
    if not isinstance(values, dict):
        raise UsageError("SETTINGS", f"{path.name} must hold one JSON object")
    return values


def load_protocol(folder: Path, *, trial: str) -> Protocol:
    """Read the registered protocol's snapshot in `folder`.

    Raises
    ------
    UsageError
        There is none, or it is another trial's than the settings name.
    """
    path = folder / PROTOCOL_FILE
    try:
        protocol = from_canonical(path.read_text("utf-8"))
    except OSError as error:
        raise _absent(path, error) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "SETTINGS", f"{path.name} is damaged; register the same protocol again"
        ) from error
    if protocol.protocol.id != trial:
        raise UsageError(
            "SETTINGS", f"{path.name} is of another trial than {SETTINGS_FILE} names; correct one"
        )
    return protocol


def _absent(path: Path, error: OSError) -> UsageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        what = "is not in the folder; run `equipoise protocol register` first"
    else:
        what = f"cannot be read ({error.strerror}); check its permissions"
    return UsageError("SETTINGS", f"{path.name} {what}")

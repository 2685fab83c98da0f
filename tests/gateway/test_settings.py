"""Settings: every one documented, every fault named, no secret repeated."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway import errors
from gateway.journal import Cause
from gateway.settings import GatewaySettings, load_protocol, load_settings
from protocols.errors import UsageError
from tests.support.gateway import make_folder

README = (Path(__file__).resolve().parents[2] / "gateway" / "README.md").read_text("utf-8")
URL = "http://127.0.0.1:9/"


def test_every_setting_is_documented() -> None:
    undocumented = [name for name in GatewaySettings.model_fields if f"`{name}`" not in README]
    assert not undocumented


def test_every_problem_type_is_documented() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, errors.ProblemType)]
    assert [kind.slug for kind in kinds if f"`{kind.slug}`" not in README] == []


def test_every_cause_of_a_gap_is_documented() -> None:
    assert all(f"`{cause}`" in README for cause in Cause)


def test_relative_paths_start_in_the_trials_folder(tmp_path: Path) -> None:
    make_folder(tmp_path, standard_of_care_url=URL)
    assert load_settings(tmp_path, {}).journal_folder == tmp_path / "journal"


def test_the_environment_overrides_a_setting(tmp_path: Path) -> None:
    make_folder(tmp_path, standard_of_care_url=URL)
    environ = {
        "EQUIPOISE_PORT": "9123",
        "EQUIPOISE_HOST": "::1",
        "EQUIPOISE_ALLOW_PLAIN_HTTP_HOSTS": '["arm.internal"]',
        "EQUIPOISE_STANDARD_OF_CARE_URL": "http://arm.internal/score",
    }
    settings = load_settings(tmp_path, environ)
    assert (settings.port, settings.host) == (9123, "::1")
    assert settings.standard_of_care_url == "http://arm.internal/score"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://",
        "127.0.0.1:8080",
        "http://user:CANARY@127.0.0.1/",
        "http://arm.example.org/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.8/",
        "http://[::ffff:10.0.0.8]/",
        "http://2130706433/",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://[::1/",
        "http://127.0.0.1:99999/",
        "gopher://127.0.0.1/",
    ],
)
@pytest.mark.parametrize("arm", ["standard_of_care_url", "candidate_url"])
def test_an_arm_that_may_not_be_asked_is_refused_at_the_start(
    tmp_path: Path, url: str, arm: str
) -> None:
    urls: dict[str, Any] = {"standard_of_care_url": URL, arm: url}
    make_folder(tmp_path, **urls)
    with pytest.raises(UsageError) as caught:
        load_settings(tmp_path, {})
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [URL, "http://localhost:1/x?y=z", "http://[::1]:8/", "https://arm.example.org/v1"]
)
def test_an_arm_on_this_machine_or_behind_tls_may_be_asked(tmp_path: Path, url: str) -> None:
    make_folder(tmp_path, standard_of_care_url=url)
    assert load_settings(tmp_path, {}).standard_of_care_url == url


@pytest.mark.parametrize(
    ("name", "value"), [("port", 70_000), ("nonsense", 1), ("drain_s", -1), ("body_limit_bytes", 0)]
)
def test_a_setting_out_of_range_or_unknown_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    more: dict[str, Any] = {name: value}
    make_folder(tmp_path, standard_of_care_url=URL, **more)
    with pytest.raises(UsageError, match=name):
        load_settings(tmp_path, {})


def test_a_folder_without_a_registration_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="equipoise protocol register"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("equipoise.json", b'{"port": 1, "port": 2}', "repeats a setting"),
        ("equipoise.json", b"{", "is not JSON"),
        ("protocol.json", b"\xff\xfe", "register the same protocol again"),
    ],
)
def test_a_damaged_file_of_the_folder_is_said_to_be_so(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    make_folder(tmp_path, standard_of_care_url=URL)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says):
        load_protocol(tmp_path, trial=load_settings(tmp_path, {}).trial)


def test_the_protocol_must_be_that_of_the_settings(tmp_path: Path) -> None:
    make_folder(tmp_path, standard_of_care_url=URL)
    document = json.loads((tmp_path / "protocol.json").read_text())
    document["protocol"]["id"] = "another-trial"
    (tmp_path / "protocol.json").write_text(json.dumps(document))
    with pytest.raises(UsageError, match="another trial"):
        load_protocol(tmp_path, trial="example-shadow-01")

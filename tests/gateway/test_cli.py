"""The gateway's commands, run as people run them."""

import json
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from equipoise import cli
from gateway.access import Tokeniser, read_subject_key
from gateway.mirror.heartbeat import Progress, write_heartbeat
from gateway.settings import load_protocol, load_settings
from gateway.store.capture import ship
from gateway.store.engine import open_store
from gateway.store.folder import read_store_location
from gateway.store.reads import outcome_counts, refusals
from protocols.errors import EquipoiseError
from protocols.load import load
from protocols.vocabulary import OutcomeState
from tests.gateway.store.ward import batch, request

PROTOCOL = Path(__file__).resolve().parents[1] / "support/protocols/minimal.yaml"
TRIAL = "minimal-shadow"
HEADER = "pair_id,value,ascertained_at,source"
TIME = "2026-11-20T09:00:00Z"
ADDRESSES = (
    "--standard-of-care-url",
    "http://127.0.0.1:9001/score",
    "--candidate-url",
    "http://127.0.0.1:9002/score",
)


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def equipoise(*arguments: str | Path) -> Done:
    """Run one command in this process; errors end as `equipoise.main` ends them."""
    result = CliRunner().invoke(cli, [*map(str, arguments)])
    match result.exception:
        case None | SystemExit():
            return Done(result.exit_code, result.stdout, result.stderr)
        case EquipoiseError() as error:
            said = f"{result.stderr}equipoise: {error.code}: {error}\n"
            return Done(error.exit_status, result.stdout, said)
        case error:
            raise error


def registered(folder: Path) -> Path:
    done = equipoise("protocol", "register", PROTOCOL, "--folder", folder, *ADDRESSES)
    assert done.returncode == 0, done.stderr
    return folder


def with_requests(folder: Path, n: int) -> Path:
    """Ship requests as the mirror would."""
    _, url = read_store_location(registered(folder))
    store = open_store(url)
    rows = [request(seq, at_us=4_000_000_000_000_000 + seq) for seq in range(1, n + 1)]
    ship(store, replace(batch(*rows), trial=TRIAL))
    store.close()
    return folder


def test_registering_makes_a_folder_from_which_a_gateway_starts(tmp_path: Path) -> None:
    folder = registered(tmp_path / "trial")
    settings = load_settings(folder, {})
    assert settings.standard_of_care_url == "http://127.0.0.1:9001/score"
    assert load_protocol(folder, trial=settings.trial) == load(PROTOCOL)
    key = folder / "subject.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32


def test_registering_again_keeps_key_and_registration_and_takes_new_addresses(
    tmp_path: Path,
) -> None:
    folder = registered(tmp_path)
    key = (folder / "subject.key").read_text()
    again = equipoise("protocol", "register", PROTOCOL, "--folder", folder, "--port", "9", "--json")
    assert again.returncode == 0
    assert (folder / "subject.key").read_text() == key
    settings = load_settings(folder, {})
    assert (settings.port, settings.standard_of_care_url) == (9, "http://127.0.0.1:9001/score")
    first = json.loads(equipoise("status", "--folder", folder, "--json").stdout)
    assert json.loads(again.stdout)["registered_at"] == first["registered_at"]


def test_a_wrong_document_is_refused_with_every_finding_in_its_place(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        PROTOCOL.read_text()
        .replace("digest:", "digst:", 1)
        .replace("seen_by_clinician: true", "seen_by_clinician: maybe", 1)
    )
    done = equipoise("protocol", "register", wrong, "--folder", tmp_path / "trial")
    assert done.returncode == 3
    assert done.stderr.count("wrong.yaml:") >= 2
    assert not (tmp_path / "trial").exists()


def test_findings_are_there_for_machines_too(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("schema_version: '1.0'\n")
    done = equipoise("protocol", "register", wrong, "--folder", tmp_path / "trial", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert {"code", "line", "remedy"} <= set(findings[0])


def test_another_document_after_the_first_request_is_refused_and_recorded(tmp_path: Path) -> None:
    folder = with_requests(tmp_path / "trial", 1)
    before = (folder / "protocol.json").read_bytes()
    amended = tmp_path / "amended.yaml"
    amended.write_text(PROTOCOL.read_text().replace('version: "1.0.0"', 'version: "1.1.0"'))
    done = equipoise("protocol", "register", amended, "--folder", folder, "--actor", "eve")
    assert done.returncode == 4
    assert "AMENDMENT_REQUIRED" in done.stderr
    assert (folder / "protocol.json").read_bytes() == before
    store = open_store(read_store_location(folder)[1])
    assert [(row.code, row.actor) for row in refusals(store, TRIAL)] == [
        ("AMENDMENT_REQUIRED", "eve")
    ]
    store.close()


def test_a_folder_belongs_to_one_trial(tmp_path: Path) -> None:
    folder = registered(tmp_path / "trial")
    other = tmp_path / "other.yaml"
    other.write_text(PROTOCOL.read_text().replace(f"id: {TRIAL}", "id: another-shadow"))
    done = equipoise("protocol", "register", other, "--folder", folder)
    assert (done.returncode, "FOLDER_OF_ANOTHER_TRIAL" in done.stderr) == (2, True)


def test_a_plain_http_arm_elsewhere_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = equipoise(
        "protocol",
        "register",
        PROTOCOL,
        "--folder",
        tmp_path / "trial",
        "--candidate-url",
        "http://elsewhere.example/score",
    )
    assert done.returncode == 2
    assert not (tmp_path / "trial").exists()


def test_status_counts_what_came_and_what_is_owed(tmp_path: Path) -> None:
    folder = with_requests(tmp_path, 3)
    shown = json.loads(equipoise("status", "--folder", folder, "--json").stdout)
    assert (shown["accepted"], shown["recorded"], shown["pending"]) == (3, 3, 3)
    assert (shown["evaluable"], shown["next_look"]["due"]) == (0, False)
    assert shown["evaluable_needed"] == shown["next_look"]["planned"]
    told = equipoise("status", "--folder", folder).stdout
    assert "3 recorded" in told


def test_status_says_how_the_mirror_stands_and_when_it_fell_silent(tmp_path: Path) -> None:
    folder = registered(tmp_path / "trial")
    assert json.loads(equipoise("status", "--folder", folder, "--json").stdout)["mirror"] is None
    assert "never heard of" in equipoise("status", "--folder", folder).stdout
    progress = Progress(state="running", backlog=7, store_error="STORE_UNAVAILABLE")
    progress.lags_ms.append(12.0)
    write_heartbeat(folder / "mirror.json", progress)
    shown = json.loads(equipoise("status", "--folder", folder, "--json").stdout)["mirror"]
    assert (shown["state"], shown["backlog"], shown["lag_ms"]["p99"]) == ("running", 7, 12.0)
    told = equipoise("status", "--folder", folder).stdout
    assert "running, 7 waiting, lag p50 12.0 ms, p99 12.0 ms, store: STORE_UNAVAILABLE" in told
    old = json.loads((folder / "mirror.json").read_text()) | {"at_us": 1}
    (folder / "mirror.json").write_text(json.dumps(old))
    shown = json.loads(equipoise("status", "--folder", folder, "--json").stdout)["mirror"]
    assert shown["state"] == "silent"


def test_a_folder_without_a_trial_says_what_to_do(tmp_path: Path) -> None:
    done = equipoise("status", "--folder", tmp_path)
    assert done.returncode == 2
    assert "register" in done.stderr


def test_every_wrong_line_of_a_file_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    folder = with_requests(tmp_path / "trial", 3)
    lines = [
        HEADER,
        f"pair-000001,true,{TIME},registry",
        f"pair-000002,perhaps,{TIME},registry",
        f"nobody,true,{TIME},registry",
        "pair-000003,false,yesterday,registry",
        f"pair-000003,FALSE,{TIME},",
    ]
    file = tmp_path / "outcomes.csv"
    file.write_text("\n".join(lines) + "\n")
    done = equipoise("outcomes", "import", file, "--folder", folder)
    assert done.returncode == 1
    places = [line.split(": ")[0] for line in done.stderr.splitlines()]
    assert places == [f"{file}:{n}" for n in (3, 4, 5)]
    store = open_store(read_store_location(folder)[1])
    assert outcome_counts(store, TRIAL)[OutcomeState.ASCERTAINED] == 2
    store.close()


def test_importing_a_file_twice_changes_nothing(tmp_path: Path) -> None:
    folder = with_requests(tmp_path / "trial", 2)
    file = tmp_path / "outcomes.csv"
    file.write_text(f"pair_id,value,ascertained_at\npair-000001,1,{TIME}\npair-000002,0,{TIME}\n")
    first = equipoise("outcomes", "import", file, "--folder", folder, "--json")
    second = equipoise("outcomes", "import", file, "--folder", folder, "--json")
    assert json.loads(first.stdout)["states"] == {"created": 2}
    assert json.loads(second.stdout)["states"] == {"unchanged": 2}
    assert second.returncode == 0


def test_an_import_finds_subjects_under_the_key_that_the_settings_name(tmp_path: Path) -> None:
    folder = registered(tmp_path / "trial")
    (folder / "subject.key").rename(folder / "elsewhere.key")
    path = folder / "equipoise.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"subject_key_file": "elsewhere.key"})
    )
    tokens = Tokeniser(read_subject_key(folder / "elsewhere.key"))
    _, url = read_store_location(folder)
    store = open_store(url)
    row = replace(request(1), subject=tokens.subject("s"), encounter=tokens.encounter("e"))
    ship(store, replace(batch(row), trial=TRIAL))
    store.close()
    file = tmp_path / "outcomes.csv"
    file.write_text(f"subject,encounter,value,ascertained_at\ns,e,1,{TIME}\n")
    done = equipoise("outcomes", "import", file, "--folder", folder, "--json")
    assert json.loads(done.stdout)["states"] == {"created": 1}


def test_a_folder_may_be_moved(tmp_path: Path) -> None:
    with_requests(tmp_path / "trial", 3)
    moved = tmp_path / "elsewhere" / "trial"
    moved.parent.mkdir()
    (tmp_path / "trial").rename(moved)
    assert json.loads(equipoise("status", "--folder", moved, "--json").stdout)["recorded"] == 3
    assert load_settings(moved, {}).store_url == f"sqlite:///{moved / 'trial.sqlite'}"


def test_a_lost_key_is_not_replaced_once_requests_are_on_record(tmp_path: Path) -> None:
    folder = with_requests(tmp_path / "trial", 1)
    (folder / "subject.key").unlink()
    done = equipoise("protocol", "register", PROTOCOL, "--folder", folder)
    assert done.returncode == 2
    assert "restore it from a backup" in done.stderr
    assert not (folder / "subject.key").exists()


def test_a_folder_that_cannot_be_made_is_an_error_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = equipoise("protocol", "register", PROTOCOL, "--folder", tmp_path / "file" / "trial")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_nobody_else_may_open_a_trials_folder(tmp_path: Path) -> None:
    folder = registered(tmp_path / "trial")
    found = [folder, *folder.iterdir()]
    assert not [path.name for path in found if path.stat().st_mode & 0o007]


def test_accrual_is_not_closed_without_a_reason(tmp_path: Path) -> None:
    folder = registered(tmp_path)
    done = equipoise("accrual", "close", "--folder", folder, "--reason", " ")
    assert (done.returncode, "REASON" in done.stderr) == (2, True)
    assert not json.loads(equipoise("status", "--folder", folder, "--json").stdout)[
        "accrual_closed"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "pair,value,ascertained_at\n",
        "pair_id,value\n",
        "pair_id,value,value,ascertained_at\n",
        "subject,value,ascertained_at\n",
        "",
    ],
)
def test_a_file_with_another_header_is_refused_whole(tmp_path: Path, content: str) -> None:
    folder = registered(tmp_path / "trial")
    file = tmp_path / "outcomes.csv"
    file.write_text(content)
    done = equipoise("outcomes", "import", file, "--folder", folder)
    assert (done.returncode, "CSV_HEADER" in done.stderr) == (2, True)


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    folder = with_requests(tmp_path / "trial", 1)
    file = tmp_path / "outcomes.csv"
    good = f"pair_id,value,ascertained_at\npair-000001,1,{TIME}\n"
    file.write_text(good + f'"pair-000001"x,1,{TIME}\n')
    done = equipoise("outcomes", "import", file, "--folder", folder, "--json")
    found = json.loads(done.stdout)
    assert found["states"] == {"created": 1}
    assert [(one["line"], one["code"]) for one in found["refused"]] == [(3, "CSV_BROKEN")]


def test_accrual_is_closed_once_with_its_reason(tmp_path: Path) -> None:
    folder = registered(tmp_path)
    close = ("accrual", "close", "--folder", folder, "--actor", "pi", "--json", "--reason")
    first = json.loads(equipoise(*close, "plan").stdout)
    again = json.loads(equipoise(*close, "other").stdout)
    assert first == again
    assert first["reason"] == "plan"
    shown = json.loads(equipoise("status", "--folder", folder, "--json").stdout)
    assert shown["accrual_closed"] is True


def test_the_command_itself_ends_an_error_in_one_sentence_and_a_status(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "equipoise", "status", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("equipoise: SETTINGS: ")
    assert done.stderr.count("\n") == 1

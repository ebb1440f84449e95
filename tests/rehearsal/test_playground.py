"""`tap playground`: an empty emulator that tap and the AWS CLI are used against by hand, in processes of their own."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from processes import HANG, restore_signals
from stack_view import ROOT

TAP = (sys.executable, "-m", "tap")
COMMANDS = (
    "bootstrap dev --github payments/tap --repository payments/web --yes",
    "bootstrap dev --repository payments/web --yes",
    "plan dev --no-lint", "deploy dev --yes", "outputs dev", "events dev", "drift dev",
    "doctor dev", "delete dev --yes")


@dataclass
class Session:
    """What was printed where, by whom, and what was left."""

    settings: dict[str, str]
    ran: dict[str, tuple[int, str]] = field(default_factory=dict)
    code: int | None = None
    said: str = ""
    left: list[str] = field(default_factory=list)


def environment(folder: Path) -> dict[str, str]:
    """The environment of a shell that knows nothing of AWS, with a folder for temporary files."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "TMPDIR": str(folder), "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def read_settings(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The variables that the process prints for a shell, the last of which is NO_PROXY."""
    assert process.stdout is not None
    settings: dict[str, str] = {}
    for line in process.stdout:
        if found := re.fullmatch(r"export (\w+)=(\S+)\n", line):
            settings[found[1]] = found[2]
        if "NO_PROXY" in settings:
            return settings
    pytest.fail("no settings were printed")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    restore_signals()
    folder, project = tmp_path_factory.mktemp("tmp"), tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "parameters", project / "parameters")
    process = subprocess.Popen([*TAP, "playground"], env=environment(folder), text=True, cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        session = Session(read_settings(process))
        for command in COMMANDS:
            done = subprocess.run([*TAP, *command.split(), "--root", str(project)], text=True, capture_output=True,
                                  env={**environment(folder), **session.settings}, timeout=HANG, check=False, cwd=ROOT)
            session.ran[command] = done.returncode, done.stdout + done.stderr
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=HANG)
    session.code, session.said = process.returncode, said
    session.left = [path.name for path in folder.iterdir()]
    return session


def test_it_is_on_this_machine_alone(session: Session) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", session.settings["AWS_ENDPOINT_URL"])


@pytest.mark.parametrize("command", [each for each in COMMANDS if not each.startswith("doctor")])
def test_each_command_of_a_stacks_life_succeeds(session: Session, command: str) -> None:
    code, output = session.ran[command]
    assert code == 0, output


def test_bootstrap_creates_a_provider_and_a_repository_and_finds_both_again(session: Session) -> None:
    first, again = (session.ran[command][1] for command in COMMANDS[:2])
    assert "GitHubProvider" in first
    assert "Push images to: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/payments/web" in first
    assert "No changes: stack bootstrap-tap is up to date." in again
    assert "No changes: stack bootstrap-tap-repository-payments-web is up to date." in again


def test_the_plan_leads_to_the_deployment(session: Session) -> None:
    assert "To apply: tap deploy dev" in session.ran["plan dev --no-lint"][1]
    assert "Applied: stack tap-dev is up to date" in session.ran["deploy dev --yes"][1]


def test_outputs_and_events_are_those_of_the_stack(session: Session) -> None:
    assert "LoadBalancerDNS" in session.ran["outputs dev"][1]
    assert "tap-dev" in session.ran["events dev"][1]


def test_the_doctor_finds_the_bucket_and_the_role_that_bootstrap_wrote(session: Session) -> None:
    told = session.ran["doctor dev"][1]
    assert re.search(r"^ok +execution role", told, re.MULTILINE)
    assert re.search(r"^ok +artifact bucket", told, re.MULTILINE)


def test_ctrl_c_ends_it_well_and_leaves_nothing(session: Session) -> None:
    assert session.code == 0
    assert session.said.endswith("Stopped.\n")
    assert session.left == []

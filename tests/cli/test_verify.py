"""`tap verify`: what it prints, writes and exits with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from documents import document
from memory_aws import MemoryAws
from memory_tap import Tap

from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.rehearsal.checks import Check, skip

OK, STAND_IN = Check("Table", "ACTIVE", "ACTIVE"), skip("TLS 1.1", "no certificate")
WRONG = Check("Bucket <b>", "private", "public \x1b[31m")
Run = Callable[..., int]


@pytest.fixture
def run(tap: Tap) -> Run:
    """Run the command with checks that are given."""
    def command(checks: list[Check], *arguments: str) -> int:
        def verify(_cloud: Any, _env: Any, say: Callable[[str], None]) -> list[Check]:
            say("tags")
            return checks

        app = App(verify=verify, clock=lambda: 0.0,
                  cloud=lambda _env: CloudFormation(AwsClient(lambda _service: tap.aws)))
        return cli.main(["verify", "dev", *arguments, "--root", str(tap.root)], app)
    return command


def test_it_exits_with_7_only_where_a_check_fails(run: Run) -> None:
    assert run([OK, STAND_IN]) == 0
    assert run([OK, WRONG]) == 7


def test_the_table_tells_what_was_seen_expected_and_skipped(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run([OK, STAND_IN, WRONG])

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "Table ACTIVE ok" in lines
    assert "TLS 1.1 no certificate skipped" in lines
    assert "expected: private" in lines
    assert lines[-1] == "dev: 1 checks ok, 1 failed, 1 skipped."


def test_progress_is_on_standard_error_and_json_alone_on_standard_output(
        run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run([OK, STAND_IN], "--json")

    out, err = capsys.readouterr()
    told = document(out, "verify")
    assert [(each["name"], each["result"], each["seen"], each["reason"]) for each in told["checks"]] == [
        ("Table", "ok", "ACTIVE", ""), ("TLS 1.1", "skipped", "", "no certificate")]
    assert err == "  0.0 s  checking: tags\n"


def test_the_junit_file_has_a_case_for_each_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "results.xml"

    assert run([OK, STAND_IN, WRONG], "--junit", str(file)) == 7

    suite = ElementTree.parse(file).getroot()
    assert suite.attrib == {"name": "tap-dev", "tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
    ok, skipped, failed = suite
    assert ok.findtext("system-out") == "ACTIVE"
    assert skipped.find("skipped").attrib == {"message": "no certificate"}  # type: ignore[union-attr]
    assert (failed.get("name"), failed.find("failure").get("message")) == (  # type: ignore[union-attr]
        "Bucket <b>", "expected: private")
    assert failed.findtext("failure") == "public \\x1b[31m"


def test_a_junit_file_that_cannot_be_written_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([OK], "--junit", "/nowhere/results.xml") == 2
    assert "/nowhere" in capsys.readouterr().err


def test_without_a_stack_there_is_nothing_to_verify(tap: Tap) -> None:
    assert tap("verify", "dev") == 2
    assert tap.err == "tap: stack tap-dev does not exist. Create it with: tap deploy dev" f" --root {tap.root}\n"


def test_a_part_that_cannot_be_asked_fails_the_verification(tap: Tap, aws: MemoryAws) -> None:
    aws.add()
    assert tap("verify", "dev") == 7
    assert "drift" in tap.out

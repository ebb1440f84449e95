"""The sample output of the pages is what `tap` prints: each command runs here, over an account in memory.

A line of a sample stands for a line of the output. `…` stands for anything, a number for any
number, a region for any region.
"""

import io
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documentation import ROOT, Page, pages
from memory_aws import NEW, MemoryAws
from memory_service import REGION, refusal

from tap.bootstrap.template import build
from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment
from tap.deploy.template import Rendered
from tap.rehearsal.checks import Check, skip

OUTPUTS = {"CloudFrontURL": "https://d0.cloudfront.net",
           "LoadBalancerDNS": f"tap-dev-0.{REGION}.elb.amazonaws.com",
           "ArtifactBucketName": "tap-artifacts-123456789012-eu-west-1", "ExecutionRoleArn": "arn:aws:iam::1:role/e",
           "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bootstrap/b"}
# Of those of a deployed dev; tests/rehearsal tests what each check finds.
SEEN = {"VPC and subnets": "10.0.0.0/16, 9 subnets, 3 in each of 3 zones", "Healthy targets": "1 healthy",
        "Bucket, read directly": "403"}
SKIPPED = {"Application redirects HTTP": "the load balancer has no certificate"}
CHECKS = [*(Check(name, seen, seen) for name, seen in SEEN.items()), *itertools.starmap(skip, SKIPPED.items())]


class Account(MemoryAws):
    """An account without an artifact bucket and roles, which answers nothing that it is not asked for here."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if hasattr(type(self), f"do_{name}"):
            return super().__getattr__(name)
        return lambda **_request: self._refuse()

    def _refuse(self) -> Any:
        raise refusal("AccessDenied")

    def do_describe_account_limits(self) -> Any:
        return {"AccountLimits": [{"Name": "StackLimit", "Value": 2000}]}

    def do_head_bucket(self, **_request: Any) -> Any:
        raise refusal("404", "Not Found", status=404)

    def do_get_role(self, **_request: Any) -> Any:
        raise refusal("NoSuchEntity", status=404)

    def do_list_open_id_connect_providers(self) -> Any:
        return {"OpenIDConnectProviderList": []}

    def do_describe_stacks(self, StackName: str) -> Any:
        answer = super().do_describe_stacks(StackName)
        answer["Stacks"][0]["Outputs"] = [
            {"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return answer


def verify(_cloud: CloudFormation, _env: Environment, say: Callable[[str], None]) -> list[Check]:
    say("Network")
    return CHECKS


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project like this one, committed, in which somebody has then renamed the database of dev."""
    for folder in ("parameters", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "parameters/dev.env").unlink()
    for words in ("init -q", "add -A", "-c user.name=t -c user.email=t@example.com commit -qm All"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    file = tmp_path / "parameters/dev.json"
    file.write_text(file.read_text().replace('"dev",', '"dev",\n    "DatabaseName": "ledger",', 1))
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that runs a command, answers yes, and returns what it printed."""
    account = Account()
    cloud = CloudFormation(AwsClient(
        lambda _service: account, lambda _seconds: None, unique=lambda: f"{next(account.numbers)}"))
    # The account in memory deploys JSON, and of the real template more than a sample shows.
    names = {*json.loads((project / "parameters/dev.json").read_text())["Parameters"], "ContainerImage",
             "PermissionsBoundary"}
    small = {"Parameters": {name: {"Type": "String", "Default": ""} for name in names},
             "Resources": {**NEW["Resources"], "Vpc": {"Type": "AWS::EC2::VPC"}}}
    bootstrap = build().to_dict()
    in_memory: dict[str, Any] = {
        "template": lambda: Rendered(small, json.dumps(small)),
        "bootstrap": lambda: Rendered(bootstrap, json.dumps(bootstrap))}

    def command(line: str) -> str:
        wiring = {} if line.startswith(("cost", "plan --offline")) else in_memory
        app = App(cloud=lambda _env: cloud, lint=lambda *_: [], clock=lambda: 0.0, verify=verify, **wiring)
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.chdir(project)
        cli.main(line.split(), app)
        return "".join(capsys.readouterr())

    return command


def matches(sample: str, line: str) -> bool:
    sample = sample.replace("[y/N] y", "[y/N]").replace("eu-central-1", REGION).strip()
    pattern = re.escape(sample).replace("…", ".*")
    return re.search(re.sub(r"(\\ )+", r"\\s+", re.sub(r"\d+", r"\\d+", pattern)), line) is not None


# What has to happen before.
BEFORE = {
    "deploy dev --plan plan.json --parameter MaxTasks=5 --yes": ["plan dev --parameter MaxTasks=4 --save plan.json"],
    "verify dev": ["deploy dev --yes"], "delete dev": ["deploy dev --yes"]}
SAMPLES = [pytest.param(page, block.lines, id=f"{page.path}: {block.lines[0]}") for page in pages()
           for block in page.blocks if block.language == "text" and block.lines[0].startswith("$ tap ")]


@pytest.mark.parametrize(("page", "lines"), SAMPLES)
def test_each_line_of_a_sample_is_printed(
        page: Page, lines: tuple[str, ...], run: Callable[[str], str]) -> None:  # noqa: ARG001
    printed: list[str] = []
    missing: list[str] = []
    for line in lines:
        if line.startswith("$ tap "):
            command = line.removeprefix("$ tap ")
            for each in BEFORE.get(command, ()):
                run(each)
            printed = run(command).splitlines()
        elif line not in ("", "…") and not any(matches(line, each) for each in printed):
            missing.append(line)
    assert missing == [], "\n".join(printed)


@pytest.mark.parametrize("name", [*SEEN, *SKIPPED])
def test_each_check_in_a_sample_is_one_that_tap_makes(name: str) -> None:
    sources = (path.read_text(encoding="utf-8") for path in Path(ROOT, "tap/rehearsal").glob("*.py"))
    assert any(f'"{name}"' in source for source in sources)

"""The command line over a catalog in memory."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_bucket import MemoryBucket
from memory_catalog import PORTFOLIO, PRODUCT, MemoryCatalog

from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.template import Rendered, parsed

TEMPLATE: dict[str, Any] = {"Description": "An application", "Parameters": {
    "Environment": {"Type": "String"}, "Size": {"Type": "String", "Default": "1"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-03-02

### Added

- A topic.

## [1.0.0] - 2026-03-01

- The beginning.

[1.1.0]: https://example.com/1.1.0
"""


class CatalogStack(MemoryAws):
    """CloudFormation, with the catalog's stack in it, and templates as YAML."""

    def do_describe_stacks(self, StackName: str) -> Any:
        answer = super().do_describe_stacks(StackName)
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": "ProductId", "OutputValue": PRODUCT},
                                          {"OutputKey": "PortfolioId", "OutputValue": PORTFOLIO}]
        return answer

    def do_create_change_set(self, *, TemplateBody: str = "{}", **request: Any) -> Any:  # type: ignore[override]
        return super().do_create_change_set(TemplateBody=json.dumps(parsed(TemplateBody)), **request)


class Tap:
    """The command line, and what it said."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.aws, self.catalog, self.bucket = CatalogStack(), MemoryCatalog(), MemoryBucket()
        self.document: dict[str, Any] = TEMPLATE
        self.problems: list[str] = []
        self.slept = 0.0
        self.out = self.err = ""

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        assert self.slept < 3600, "it waits for ever"

    def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        services = {"servicecatalog": self.catalog, "s3": self.bucket}
        wiring = App(
            template=lambda: Rendered(self.document, json.dumps(self.document)), lint=lambda _: self.problems,
            clock=lambda: self.slept,
            cloud=lambda _env: CloudFormation(AwsClient(
                lambda service: services.get(service, self.aws), self._sleep, lambda: self.slept,
                lambda: f"{next(self.aws.numbers)}")))
        code = cli.main([*arguments, "--root", str(self.root)], wiring)
        self.out, self.err = self._capsys.readouterr()
        return code

    def write(self, file: str, content: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def change_template(self, **resources: Any) -> None:
        """Let the generator make something else, and commit that."""
        self.document = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], **resources}}
        self.write("templates/tap.yaml", json.dumps(self.document))
        self.commit()

    def commit(self) -> None:
        for command in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"]):
            subprocess.run(["git", "-C", str(self.root), *command], check=True, capture_output=True)

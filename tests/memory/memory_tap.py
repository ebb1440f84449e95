"""The command line over an account in memory."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from memory_aws import NEW, NOON, MemoryAws
from memory_service import MemoryService

from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import InputError
from tap.deploy.template import Rendered
from tap.template.registry import builder


def as_json(template: str) -> Rendered:
    """Return one of the project's templates as the account in memory reads it."""
    document = builder(template)().to_dict()
    return Rendered(document, json.dumps(document))


class Driver:
    """The command line over services in memory, and what it said."""

    def __init__(self, cloudformation: Any, root: Path, capsys: pytest.CaptureFixture[str], document: dict[str, Any],
                 **services: MemoryService) -> None:
        """Take CloudFormation, which stands for all that is not among the other services, by their names."""
        self.cloudformation, self.root, self._capsys = cloudformation, root, capsys
        self.services: dict[str, Any] = services
        self.document = document
        self.broken = False  # whether the template cannot be built
        self.problems: list[str] = []  # of the template, which lint finds
        self.lint: Callable[[Rendered, Collection[str]], list[str]] = lambda *_: self.problems
        self.slept = 0.0
        self.out = self.err = ""

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        assert self.slept < 3600, "it waits for ever"

    def _rendered(self) -> Rendered:
        if self.broken:
            raise InputError("the template cannot be built")
        return Rendered(self.document, json.dumps(self.document))

    def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        wiring = App(
            template=self._rendered, lint=self.lint,
            bootstrap=lambda: as_json("bootstrap"), repository=lambda: as_json("repository"),
            clock=lambda: self.slept, now=NOON.timestamp,
            cloud=lambda _env: CloudFormation(AwsClient(
                lambda service: self.services.get(service, self.cloudformation), self._sleep, lambda: self.slept,
                lambda: f"{next(self.cloudformation.numbers)}")))
        code = cli.main([*arguments, "--root", str(self.root)], wiring)
        self.out, self.err = self._capsys.readouterr()
        return code

    def write(self, file: str, content: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


class Tap(Driver):
    """The command line over an account in memory."""

    def __init__(self, aws: MemoryAws, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(aws, root, capsys, NEW)
        self.aws = aws

    def left(self) -> list[str]:
        """What of our own is left behind without a word."""
        change_sets = [each.name for each in self.aws.change_sets.values()
                       if each.name.startswith("tap-") and each.execution in ("AVAILABLE", "UNAVAILABLE")]
        stacks = [each.name for each in self.aws.stacks.values() if each.status == "REVIEW_IN_PROGRESS"]
        return [name for name in [*change_sets, *stacks] if name not in self.err]

"""The command line over a catalog in memory."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_bucket import MemoryBucket
from memory_catalog import PORTFOLIO, PRODUCT, MemoryCatalog
from memory_tap import Driver

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


class Tap(Driver):
    """The command line over a catalog in memory, whose stack is deployed."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.aws, self.catalog, self.bucket = MemoryAws(), MemoryCatalog(), MemoryBucket()
        super().__init__(self.aws, root, capsys, TEMPLATE, servicecatalog=self.catalog, s3=self.bucket)
        self.aws.add("catalog-tap", outputs={"ProductId": PRODUCT, "PortfolioId": PORTFOLIO})

    def change_template(self, **resources: Any) -> None:
        """Let the generator make something else, and commit that."""
        self.document = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], **resources}}
        self.write("templates/tap.yaml", json.dumps(self.document))
        self.commit()

    def commit(self) -> None:
        for command in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"]):
            subprocess.run(["git", "-C", str(self.root), *command], check=True, capture_output=True)

"""An account in memory, and the command line over it."""

import json
from pathlib import Path

import pytest
from memory_aws import OLD, MemoryAws, Stack
from memory_tap import Tap


@pytest.fixture
def aws() -> MemoryAws:
    return MemoryAws()


@pytest.fixture
def tap(signals: None, aws: MemoryAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tap:  # noqa: ARG001
    (tmp_path / "parameters").mkdir()
    policy = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
    (tmp_path / "parameters/dev.json").write_text(json.dumps({"Parameters": {}, "StackPolicy": policy}))
    return Tap(aws, tmp_path, capsys)


@pytest.fixture
def stack(aws: MemoryAws) -> Stack:
    """Return a stack that is deployed and healthy."""
    return aws.add(template=json.dumps(OLD), resources={"Table": ("AWS::DynamoDB::Table", "CREATE_COMPLETE")})

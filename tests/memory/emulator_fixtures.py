"""An emulator for the tests that go over HTTP: one MiniStack for the session, on a free port of 127.0.0.1."""

import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import HANG, free_port, running

from tap.deploy.aws import AwsClient
from tap.deploy.boto import connect
from tap.deploy.cloudformation import CloudFormation

TOPIC = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
}


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """Start MiniStack and return its URL; the folders it leaves behind are removed with it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_", "MINISTACK"))}
    with tempfile.TemporaryDirectory(prefix="tap-emulator-", ignore_cleanup_errors=True) as folder:
        settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "PERSIST_STATE": "0", "TMPDIR": folder}
        ministack = str(Path(sys.executable).with_name("ministack"))
        with running([ministack], f"{url}/_ministack/health", cwd=folder, env=keep | settings):
            yield url


@pytest.fixture(scope="session")
def shared_client(emulator: str) -> Iterator[Any]:
    """Return one CloudFormation client for all tests: making one takes half a second."""
    client = connect(
        "cloudformation",
        region="eu-west-1",
        endpoint_url=emulator,
        access_key_id="test",
        secret_access_key="test",
    )
    yield client
    client.close()


@pytest.fixture
def client(emulator: str, shared_client: Any) -> Any:
    """Return a CloudFormation client for an account in which nothing is."""
    with urllib.request.urlopen(
        urllib.request.Request(f"{emulator}/_ministack/reset", method="POST"), timeout=HANG
    ):
        return shared_client


@pytest.fixture
def cloud(client: Any) -> CloudFormation:
    return CloudFormation(AwsClient(lambda _service: client))


@pytest.fixture
def topic_template() -> str:
    return json.dumps(TOPIC)

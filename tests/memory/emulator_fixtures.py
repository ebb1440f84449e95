"""An emulator for the tests that go over HTTP: one MiniStack for the session, on a free port of 127.0.0.1."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
    with tempfile.TemporaryDirectory(prefix="tap-emulator-", ignore_cleanup_errors=True) as folder:
        yield from running(Path(folder))


def running(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keep = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "COV_", "MINISTACK"))
    }
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "PERSIST_STATE": "0",
        "TMPDIR": str(folder),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("ministack"))],
            env={**keep, **settings}, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_it_answers(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the emulator ended before it answered"
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the emulator does not answer")


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
        urllib.request.Request(f"{emulator}/_ministack/reset", method="POST"), timeout=30
    ):
        return shared_client


@pytest.fixture
def cloud(client: Any) -> CloudFormation:
    return CloudFormation(AwsClient(lambda _service: client))


@pytest.fixture
def topic_template() -> str:
    return json.dumps(TOPIC)

"""An emulator of the tests' own: MiniStack in a process on this machine."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config

Clients = Callable[..., Any]


@contextmanager
def emulator(**settings: str) -> Iterator[Clients]:
    """Yields a maker of clients, which takes a service and settings of botocore's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        own = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": home, "HOME": home}
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], cwd=home, env={"PATH": os.environ["PATH"]} | own | settings,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_it_answers(url, process)
            yield lambda service, **more: boto3.client(
                service, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="test",
                aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}, **more))
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the emulator ended before it answered"
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=5).close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail("the emulator does not answer")

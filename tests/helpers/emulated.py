"""An emulator of the tests' own: MiniStack in a process on this machine."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from processes import free_port, running

Clients = Callable[..., Any]


@contextmanager
def emulator(**settings: str) -> Iterator[Clients]:
    """Yields a maker of clients, which takes a service and settings of botocore's."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        own = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": home, "HOME": home}
        with running([sys.executable, "-m", "ministack"], f"{url}/_ministack/health", cwd=home,
                     env={"PATH": os.environ["PATH"]} | own | settings):
            yield lambda service, **more: boto3.client(
                service, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="test",
                aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}, **more))

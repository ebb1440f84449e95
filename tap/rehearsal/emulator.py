"""Start the emulator, MiniStack, in a separate process on a free port of 127.0.0.1, and stop it."""

import contextlib
import functools
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from tap.deploy.boto import connect
from tap.deploy.models import InputError, TapError

REGION = "eu-central-1"  # for environments that do not name a region
ACCOUNT = "123456789012"
_PATIENCE_SECONDS = 300  # on a busy machine, responses take long; on loopback, none is lost

Clients = Callable[[str], Any]
"""Returns the client of a service by its boto3 name."""


def require_ministack() -> None:
    """Raise InputError if MiniStack is not installed."""
    if importlib.util.find_spec("ministack") is None:
        raise InputError("a rehearsal requires the emulator: install it with pip install -e '.[rehearse]'")


@contextlib.contextmanager
def emulator(skipped: Sequence[str] = ()) -> Iterator[str]:
    """Run an empty emulator that only records resources of the skipped types; yields its endpoint, such as `http://127.0.0.1:43121`.

    Everything it writes goes into a temporary directory of its own, which is removed, as are its Lambda
    workers, when the block ends. It inherits no AWS setting and no proxy of the caller. Should the caller
    itself be killed, the emulator sees the end of its standard input and ends too.

    Raises InputError when MiniStack is not installed, TapError when it does not come up.
    """
    require_ministack()
    with tempfile.TemporaryDirectory(prefix="tap-rehearsal-", ignore_cleanup_errors=True) as home:
        log = Path(home, "emulator.log")
        with log.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603  (our own command, and names of resource types)
                [sys.executable, "-m", "tap.rehearsal.server", *skipped], env=environment(home),
                start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        try:
            yield _wait_until_ready(process, log)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def environment(home: str) -> dict[str, str]:
    """Return the emulator's whole process environment: only Python's module path comes from the caller.

    MINISTACK_HOST is the host in the ResponseURL of custom resources; a name would need a resolver.
    """
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "HOME": home,
        "TMPDIR": home,
        "S3_DATA_DIR": f"{home}/s3",
        "STATE_DIR": f"{home}/state",
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the endpoint once the emulator's process has printed it and responds."""
    assert process.stdout is not None  # noqa: S101  (Popen was given a pipe: for the type checker)
    port = process.stdout.readline().decode().strip()
    if not port:
        process.wait()
        lines = log.read_text(errors="replace").splitlines() or ["it exited without a message"]
        raise TapError(f"the emulator does not start: {lines[-1]}")
    endpoint = f"http://127.0.0.1:{port}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(f"{endpoint}/_ministack/health", timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise TapError(f"the emulator does not respond at {endpoint}: {error}") from None
    return endpoint


def clients(endpoint: str, region: str = REGION) -> Clients:
    """Return a function for cached clients of the emulator's services, which ignore the caller's AWS settings."""
    @functools.cache
    def client(service: str) -> Any:
        with no_aws_settings(os.environ):
            return connect(service, region=region, endpoint_url=endpoint,
                           access_key_id=ACCOUNT, secret_access_key="emulated",  # noqa: S106  (no secret)
                           read_seconds=_PATIENCE_SECONDS)

    return client


@contextlib.contextmanager
def no_aws_settings(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Remove AWS settings, configuration files and proxies from an environment while the block runs.

    A profile that does not exist, FIPS endpoints or a proxy would keep boto3 from the emulator, and it reads
    them even where credentials and endpoint are given.
    """
    saved = dict(environ)
    for name in saved:
        if name.startswith("AWS_") or name.upper().endswith("_PROXY"):
            del environ[name]
    environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    try:
        yield
    finally:
        environ.clear()
        environ.update(saved)

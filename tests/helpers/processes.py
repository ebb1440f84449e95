"""Processes that tests start: with the signals of a shell's foreground, and waited for however slow the machine is."""

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# Seconds after which a wait has failed. It ends what hangs; a busy machine does not reach it.
HANG = 600


def restore_signals() -> None:
    """Give the processes that are started from now on the default action of each signal that this one ignores.

    A script's `make test &` ignores SIGINT, and `nohup` SIGHUP; both are inherited. This process goes on ignoring them:
    a handler, unlike SIG_IGN, does not survive the start of another program.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once a condition holds; fails when it still does not after `HANG` seconds."""
    end = time.monotonic() + HANG
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], health: str, **options: Any) -> Iterator[None]:
    """Run a server from when it answers at the URL `health` until the end of the block."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def answers() -> bool:
        assert process.poll() is None, f"{command[0]} ended before it answered"
        try:
            urllib.request.urlopen(health, timeout=HANG).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            return False
        return True

    try:
        wait_until(answers)
        yield
    finally:
        process.terminate()
        process.wait(timeout=HANG)

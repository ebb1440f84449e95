"""An organisation in memory, and a fleet of two accounts in two regions."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_stack_sets import Tap


@pytest.fixture
def tap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Tap]:
    (tmp_path / "parameters").mkdir()
    made = Tap(tmp_path, capsys)
    made.fleet()
    handler = signal.getsignal(signal.SIGTERM)
    yield made
    signal.signal(signal.SIGTERM, handler)

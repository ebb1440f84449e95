"""An organisation in memory, and a fleet of two accounts in two regions."""

from pathlib import Path

import pytest
from memory_stack_sets import Tap


@pytest.fixture
def tap(signals: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tap:  # noqa: ARG001
    made = Tap(tmp_path, capsys)
    made.fleet()
    return made

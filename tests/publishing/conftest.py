"""A repository of its own, with a catalog in memory."""

import json
import subprocess
from pathlib import Path

import pytest
from memory_publishing import CHANGELOG, TEMPLATE, Tap


@pytest.fixture
def tap(signals: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tap:  # noqa: ARG001
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    made = Tap(tmp_path, capsys)
    made.write("CHANGELOG.md", CHANGELOG)
    made.write("templates/tap.yaml", json.dumps(TEMPLATE))
    made.write("parameters/dev.json", json.dumps({"Parameters": {"Size": "2"}, "Tags": {"Owner": "team-a"}}))
    made.write("parameters/targets.toml", '[default]\nartifact_bucket = "artifacts-{account}-{region}"\n')
    made.commit()
    return made

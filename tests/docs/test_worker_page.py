"""The page of workers and jobs: its code adds what it says to the stack."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from documentation import Page


def test_its_code_adds_a_worker_and_a_job_to_the_stack(root: Path, tmp_path: Path) -> None:
    for folder in ("tap", "lambda"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    code, = (block.text for block in Page("docs/how-to/add-a-worker-or-a-job.md").blocks if block.language == "python")
    with (tmp_path / "tap/application.py").open("a", encoding="utf-8") as file:
        file.write(code)

    titles = subprocess.run(
        [sys.executable, "-c", "from tap.stack import build; print(*build().resources)"], cwd=tmp_path, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True).stdout.split()

    assert {"MailerService", "MailerScaling", "SettlementTimer", "SettlementFailuresAlarm"} <= set(titles)

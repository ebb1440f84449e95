"""The Python of the pages works: it takes the place of tap/application.py, and the template is built with it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documentation import ROOT, pages

SNIPPETS = [pytest.param(page.path, block.text, id=page.path) for page in pages() for block in page.blocks
            if block.language == "python"]


@pytest.mark.parametrize(("page", "code"), SNIPPETS)
def test_the_template_is_built_with_the_code_of_a_page(page: str, code: str, tmp_path: Path) -> None:
    for folder in ("tap", "lambda"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "tap/application.py"
    text = module.read_text(encoding="utf-8")
    rest = text[text.index("def add_more_tasks"):]
    module.write_text(f"from tap.tasks import Tasks\n{code}\n\n{rest}", encoding="utf-8")

    build = subprocess.run(
        [sys.executable, "-c", "from tap.stack import build; print(*build().to_dict()['Resources'])"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert build.returncode == 0, f"{page}: {build.stderr}"
    assert "Receipts" in build.stdout

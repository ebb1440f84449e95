"""The Python of the pages works: its functions take the places of those of tap/application.py."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documentation import ROOT, pages

SNIPPETS = [pytest.param(page.path, block.text, id=page.path) for page in pages() for block in page.blocks
            if block.language == "python"]
PRINT = "from tap.stack import build; print(*build().to_dict()['Resources'])"


def resources(folder: Path) -> set[str]:
    build = subprocess.run([sys.executable, "-c", PRINT], cwd=folder, env={"PYTHONPATH": str(folder)},
                           capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stderr
    return set(build.stdout.split())


@pytest.fixture(scope="module")
def before() -> set[str]:
    return resources(ROOT)


@pytest.mark.parametrize(("page", "code"), SNIPPETS)
def test_the_code_of_a_page_adds_resources_to_the_template(
        page: str, code: str, tmp_path: Path, before: set[str]) -> None:  # noqa: ARG001
    for folder in ("tap", "lambda"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "tap/application.py"
    text = module.read_text(encoding="utf-8")
    for name in re.findall(r"^def (\w+)", code, re.MULTILINE):
        text = re.sub(rf"^def {name}\(.*?(?=^def |\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    module.write_text(f"{text}\n\n{code}", encoding="utf-8")

    assert resources(tmp_path) > before

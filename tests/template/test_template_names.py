"""Every template that `generate.py` knows: printed, committed, linted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from stack_view import ROOT

from tap.lint.__main__ import main
from tap.template.registry import TEMPLATES, builder, file_of, samples


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_committed_is_what_is_printed(name: str) -> None:
    run = subprocess.run([sys.executable, "generate.py", "--template", name], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout == (ROOT / file_of(name)).read_bytes()


def test_the_makefile_knows_the_same_templates() -> None:
    found = re.search(r"^TEMPLATES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found
    assert found[1].split() == [f"{name}:{Path(file_of(name)).stem}" for name in TEMPLATES]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_templates_name_builds_it(name: str) -> None:
    assert builder(name)().resources


def test_a_template_with_files_in_parameters_has_no_samples() -> None:
    assert samples("tap") == {}
    assert set(samples("bootstrap")) == {"made", "given"}


@pytest.mark.needs("cdk-preflight", "checkov")
def test_one_template_can_be_linted_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--template", "bootstrap", "--root", str(ROOT)])

    assert (code, capsys.readouterr().out) == (
        0, "tap.lint: bootstrap: 0 errors, 0 warnings (parameters: defaults, made, given)\n")

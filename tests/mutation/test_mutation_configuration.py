"""What `make mutate` is configured with: the tests of each module, and the mutants that none of them need notice."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from stack_view import ROOT

CONFIGURATION: dict[str, Any] = tomllib.loads(Path(__file__).with_name("modules.toml").read_text("utf-8"))
MODULES: dict[str, list[str]] = CONFIGURATION["modules"]
ACCEPTED: list[dict[str, str]] = CONFIGURATION.get("accepted", [])


def name_of(survivor: dict[str, str]) -> str:
    return f"{survivor['module']}: {survivor['after']}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_and_its_tests_exist(module: str) -> None:
    assert (ROOT / module).is_file()
    assert [path for path in MODULES[module] if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("path", sorted({path for tests in MODULES.values() for path in tests}))
def test_no_test_that_judges_a_mutant_compares_with_a_generated_file(path: str) -> None:
    generated = r"templates/\w+\.yaml|frozen\.json|docs/(application|architecture|costs|parameters)\."
    assert not re.search(generated, (ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("survivor", ACCEPTED, ids=name_of)
def test_a_survivor_that_is_accepted_has_a_reason_and_its_line_is_still_there(survivor: dict[str, str]) -> None:
    assert set(survivor) == {"module", "before", "after", "reason"}
    assert len(survivor["reason"].split()) > 3
    lines = (ROOT / survivor["module"]).read_text("utf-8").splitlines()
    assert survivor["before"] in map(str.strip, lines)

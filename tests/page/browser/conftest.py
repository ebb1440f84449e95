"""A headless Chromium for the tests that open pages; `make pages` runs them, `make test` does not."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser

sys.path.insert(0, str(Path(__file__).parents[1]))  # the plans and deployments of tests/page


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.skip("no Chromium is installed (Debian, Ubuntu: apt install chromium)")
    found = Browser(program, tmp_path_factory.mktemp("profile"))
    try:
        yield found
    finally:
        found.close()

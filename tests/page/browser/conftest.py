"""A headless Chromium for the tests that open pages; `make pages` runs them, `make test` does not."""

import shutil
from collections.abc import Iterator

import pytest
from chromium import Browser


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

"""What some tests run and `pip install -e '.[dev]'` does not install."""

import shutil
from importlib.util import find_spec

from tap.lint.checkov import CHECKOV, find_program


def missing_tools() -> set[str]:
    """Return the names of the tools that are not installed; tests marked `needs` with one of them are skipped."""
    installed = {CHECKOV: find_program(), "cdk-preflight": find_spec("cdk_preflight"),
                 "openssl": shutil.which("openssl")}
    return {name for name, found in installed.items() if found is None}

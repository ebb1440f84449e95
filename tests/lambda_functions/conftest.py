"""Loads the functions' source from its path: `lambda` is no name for a package."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FUNCTIONS = Path(__file__).parents[2] / "lambda"


def load(name: str) -> ModuleType:
    path = FUNCTIONS / name / "index.py"
    spec = importlib.util.spec_from_file_location(f"{name}_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def validation() -> ModuleType:
    return load("validation")


@pytest.fixture(scope="session")
def empty_bucket() -> ModuleType:
    return load("empty_bucket")


@pytest.fixture(scope="session")
def empty_bucket_source() -> str:
    return (FUNCTIONS / "empty_bucket" / "index.py").read_text(encoding="ascii")

"""Loads the functions' source from its path: `lambda` is no name for a package."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FUNCTIONS = Path(__file__).parents[2] / "lambda"
SETTINGS = ("CURRENCIES", "TYPES", "DYNAMODB_TABLE", "TTL_DAYS", "AWS_LAMBDA_FUNCTION_NAME")
# A table that no test reaches: each gives a client of its own.
TABLE = {"DYNAMODB_TABLE": "sessions", "AWS_DEFAULT_REGION": "eu-west-1"}


def load(name: str, **variables: str) -> ModuleType:
    """The function as Lambda starts it with these environment variables, and none of its others."""
    path = FUNCTIONS / name / "index.py"
    spec = importlib.util.spec_from_file_location(f"{name}_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as environment:
        for setting in SETTINGS:
            environment.delenv(setting, raising=False)
        for setting, value in variables.items():
            environment.setenv(setting, value)
        spec.loader.exec_module(module)
    return module

"""Loads the functions' source from its path: `lambda` is no name for a package."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FUNCTIONS = Path(__file__).parents[2] / "lambda"
SETTINGS = ("MAX_AMOUNT", "CURRENCIES", "TYPES", "DYNAMODB_TABLE", "TTL_DAYS")

Answer = tuple[int, dict[str, Any]]


def load(name: str) -> ModuleType:
    path = FUNCTIONS / name / "index.py"
    spec = importlib.util.spec_from_file_location(f"{name}_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """The validation as Lambda starts it with these environment variables, and none of its others."""
    def start(**variables: str) -> ModuleType:
        for name in SETTINGS:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load("validation")

    return start


@pytest.fixture(scope="session")
def validation() -> ModuleType:
    """The validation without any setting."""
    with pytest.MonkeyPatch.context() as environment:
        for name in SETTINGS:
            environment.delenv(name, raising=False)
        return load("validation")


@pytest.fixture(scope="session")
def empty_bucket() -> ModuleType:
    return load("empty_bucket")


@pytest.fixture(scope="session")
def empty_bucket_source() -> str:
    return (FUNCTIONS / "empty_bucket" / "index.py").read_text(encoding="ascii")


@pytest.fixture(scope="session")
def ask() -> Callable[..., Answer]:
    """Sends a function one transaction; its status and its body."""
    def send(function: ModuleType, transaction: Any, context: Any = None, client: Any = None) -> Answer:
        answer = function.handler({"transaction": transaction}, context, client)
        assert set(answer) == {"statusCode", "body"}
        return answer["statusCode"], json.loads(answer["body"])

    return send

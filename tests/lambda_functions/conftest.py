"""The functions, loaded, and what a caller of the validation gets."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from loading import FUNCTIONS, TABLE, load
from transactions import NOW

Answer = tuple[int, dict[str, Any]]


@pytest.fixture(scope="session")
def validation() -> ModuleType:
    """The validation without any setting."""
    return load("validation")


@pytest.fixture(scope="session")
def remembering() -> ModuleType:
    """The validation with a table, and no other setting."""
    return load("validation", **TABLE)


@pytest.fixture(scope="session")
def ask() -> Callable[..., Answer]:
    """Sends a function one transaction, and waits for its answer; its status and its body."""
    def send(function: ModuleType, transaction: Any, context: Any = None, client: Any = None) -> Answer:
        answer = function.handler({"transaction": transaction, "synchronous": True}, context, client, lambda: NOW)
        assert set(answer) == {"statusCode", "body"}
        return answer["statusCode"], json.loads(answer["body"])

    return send


@pytest.fixture(scope="session")
def empty_bucket() -> ModuleType:
    return load("empty_bucket")


@pytest.fixture(scope="session")
def empty_bucket_source() -> str:
    return (FUNCTIONS / "empty_bucket" / "index.py").read_text(encoding="ascii")

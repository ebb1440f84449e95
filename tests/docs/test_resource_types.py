"""The committed table of resource types is what the registry schemas say."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from tap.deploy import resource_types
from tap.docs.resource_types import VERSION, document

FILE = Path(resource_types.__file__).with_suffix(".json")


def test_the_committed_table_is_what_the_registry_schemas_say() -> None:
    committed = FILE.read_text("utf-8")
    if json.loads(committed)[VERSION] != version("cfn-lint"):
        pytest.skip("another release of cfn-lint is installed than the one that make lock read")
    assert committed == document(), "run: python -m tap.docs.resource_types > tap/deploy/resource_types.json"


def test_what_must_be_unique_by_hand_names_its_source() -> None:
    assert {name for name, (_, source) in resource_types.UNIQUE.items() if "https://docs.aws.amazon.com/" not in source
            } == set()

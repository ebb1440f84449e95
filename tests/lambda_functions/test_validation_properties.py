"""A thousand examples of what holds of the validation whatever it is sent; `make fuzz` tries a few hundred thousand."""

from types import ModuleType

import pytest
from jsonschema import Draft202012Validator
from properties import MEMORY, PROPERTIES, Property, hold, name_of, schema

TOTAL = 1_000


@pytest.mark.parametrize("one", PROPERTIES, ids=name_of)
def test_it_holds_that(one: Property, validation: ModuleType) -> None:
    share = one.weight / sum(other.weight for other in PROPERTIES)
    hold(one, validation, round(TOTAL * share))


def test_it_holds_that_an_id_stands_for_one_content_in_an_account(remembering: ModuleType) -> None:
    hold(MEMORY, remembering, 100)


@pytest.mark.parametrize("name", ["request", "response"])
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))

"""The JSON Schemas of docs/reference/schemas, as the tests hold what `tap` prints against them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "docs/reference/schemas"


def strict(schema: Any) -> Any:
    """Return a schema that knows every member: for us, one that is not documented is a fault."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if schema.get("type") == "object" and "properties" in schema else {}
    return {**closed, **{key: strict(value) for key, value in schema.items()}}


@cache
def validator(name: str) -> Draft202012Validator:
    """Return what validates the document of a command."""
    schemas = {file.stem: strict(json.loads(file.read_text())) for file in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values())
    return Draft202012Validator(schemas[name], registry=registry)


def document(text: str, name: str) -> Any:
    """Return the one document in a text, which is as its schema says."""
    content = json.loads(text)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
              for error in validator(name).iter_errors(content)]
    assert not errors, errors
    return content

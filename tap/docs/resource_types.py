"""Replacement behaviour of every resource type: `python -m tap.docs.resource_types`.

Writes tap/deploy/resource_types.json from the registry schemas in cfn-lint, so that `tap plan` needs neither cfn-lint
nor AWS. Schema members:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

VERSION = "cfn-lint"  # key of the cfn-lint release that the schemas come from
REGION = "us-east-1"  # has nearly every type of any region


def document() -> str:
    """Return the JSON document, one line per type. Raises ImportError if cfn-lint is not installed."""
    types: dict[str, Any] = {VERSION: version("cfn-lint")}
    types |= {name: entry for name, schema in sorted(_schemas()) if (entry := _entry(name, schema))}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in types.items())
    return f"{{\n{lines}\n}}\n"


def _schemas() -> Iterator[tuple[str, Mapping[str, Any]]]:
    import cfnlint.data.schemas as schemas

    folder = Path(schemas.__file__).parent
    for name, file in json.loads((folder / "providers" / f"{REGION}.json").read_text()).items():
        if name.startswith("AWS::"):
            yield name, json.loads((folder / "resources" / f"{file}.json").read_text())


def _entry(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    create_only = _names(schema, "createOnlyProperties")
    entry = {
        "create_only": create_only,
        "conditional": _names(schema, "conditionalCreateOnlyProperties"),
        "unique": _unique(name, schema, create_only),
        "gap": schema.get("replacementStrategy") == "delete_then_create",
    }
    return {key: value for key, value in entry.items() if value}


def _names(schema: Mapping[str, Any], member: str) -> list[str]:
    return sorted({_name(pointer) for pointer in schema.get(member, ())})


def _name(pointer: str) -> str:
    """Return a JSON pointer of a schema as a path: `/properties/Cpu/properties/Size` as `Cpu/Size`."""
    return "/".join(part for part in pointer.removeprefix("/").split("/") if part != "properties")


def _unique(name: str, schema: Mapping[str, Any], create_only: list[str]) -> list[list[str]]:
    """Return the sets of properties whose values must be unique among resources of a type.

    The primary identifier if the template sets all of it; else a name that cannot be changed: `Name`, or the type
    followed by `Name`.
    """
    identifier = [_name(pointer) for pointer in schema.get("primaryIdentifier", ())]
    if identifier and not set(identifier) & set(_names(schema, "readOnlyProperties")):
        return [identifier]
    kind = name.rpartition("::")[2]
    return [[each] for each in create_only
            if each.endswith("Name") and "/" not in each and kind.endswith(each.removesuffix("Name"))]


if __name__ == "__main__":
    print(document(), end="")

"""Change sets in the emulator: what it invents about replacements and absent resources, made as CloudFormation has it.

Imported inside the emulator's process only.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import changesets, provisioners, stacks

from tap.deploy import resource_types


def correct() -> None:
    """Put the corrected functions in the place of MiniStack's own."""
    stacks._property_recreation = _recreation
    changesets._resolve_props_for_diff = _without_absent(changesets._resolve_props_for_diff)


def _recreation(kind: str, name: str) -> str:
    """Return RequiresRecreation of a property.

    MiniStack has `Conditionally` for all properties of a type that it has no table for.
    """
    if kind in provisioners._REPLACING_PROPERTIES or not resource_types.is_known(kind):
        return str(provisioners._property_recreation(kind, name))
    if name in resource_types.create_only(kind):
        return "Always"
    unsure = (*resource_types.create_only(kind), *resource_types.conditionally_create_only(kind))
    return "Conditionally" if any(path.split("/")[0] == name for path in unsure) else "Never"


def _without_absent(original: Any) -> Any:
    """A change set has no resource whose condition is false, neither before nor after."""
    def resolve(template: Mapping[str, Any], parameters: Mapping[str, Any], *stack: str) -> dict[str, Any]:
        found: dict[str, Any] = original(template, parameters, *stack)
        conditions = changesets._evaluate_conditions(template, parameters) if found else {}
        return {section: {name: entry for name, entry in entries.items()
                          if conditions.get(entry.get("Condition"), True)} for section, entries in found.items()}

    return resolve

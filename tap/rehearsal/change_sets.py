"""Correct MiniStack's change sets, which report replacements and absent resources unlike CloudFormation.

Imported inside the emulator's process only.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import changesets, provisioners, stacks

from tap.deploy import resource_types


def correct() -> None:
    """Replace MiniStack's functions with the corrected ones."""
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
    """Omit resources whose condition is false both before and after the change."""
    def resolve(template: Mapping[str, Any], parameters: Mapping[str, Any], *stack: str) -> dict[str, Any]:
        resolved: dict[str, Any] = original(template, parameters, *stack)
        conditions = changesets._evaluate_conditions(template, parameters) if resolved else {}
        return {section: {name: entry for name, entry in entries.items()
                          if conditions.get(entry.get("Condition"), True)} for section, entries in resolved.items()}

    return resolve

"""Permissions to invoke functions."""

from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import ANYONE, service_of
from tap.wiring.values import references

PERMISSION = "AWS::Lambda::Permission"
FUNCTION = "AWS::Lambda::Function"
INVOKED = (FUNCTION, "AWS::Lambda::Alias", "AWS::Lambda::Version")


def permissions(stack: Stack, invoked: Resource, service: str) -> list[Resource]:
    """Return the permissions that allow, or may allow, a service to invoke a function, alias or version."""
    family = _family(stack, invoked)
    return [permission for permission in stack.of_type(PERMISSION)
            if service_of(permission.at("Principal")) in (service, ANYONE, None)
            and _may_name(stack, permission, family)]


def _family(stack: Stack, invoked: Resource) -> set[str]:
    """Return the ids of a function, its versions and its aliases."""
    function = stack.target(invoked.at("FunctionName"), FUNCTION) or invoked
    return {function.logical_id, *(other.logical_id for other in stack.of_type(*INVOKED[1:])
                                   if stack.target(other.at("FunctionName"), FUNCTION) is function)}


def _may_name(stack: Stack, permission: Resource, family: set[str]) -> bool:
    name = permission.at("FunctionName")
    named = {found.logical_id for found in references(name)
             if found.logical_id in stack.resources and stack.resources[found.logical_id].type in INVOKED}
    return not named or not named.isdisjoint(family)

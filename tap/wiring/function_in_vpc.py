"""E9202: function in a VPC whose role may not create network interfaces."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ROLE, ROLE_TYPES, role_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_list

FUNCTION = "AWS::Lambda::Function"


class FunctionInVpc(WiringRule):
    """A function in a VPC needs network interfaces there."""

    id = "E9202"
    shortdesc = "Function in a VPC whose role may not create network interfaces"
    description = (
        "Lambda uses the function's role to create network interfaces in the VPC and rejects the function if the role "
        "lacks a permission.")
    source_url = FACTS["function_network"]["source"]
    error = "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
    fix = "Attach AWSLambdaVPCAccessExecutionRole to the role, or allow these actions."
    types = (FUNCTION, *ROLE_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield functions in subnets whose role lacks a permission."""
        for function in stack.of_type(FUNCTION):
            role = stack.target(function.at("Role"), ROLE)
            if not role or not any(as_list(function.at("VpcConfig", "SubnetIds"))):
                continue
            allowed = role_policies(stack, role)
            missing = [action for action in FACTS["function_network"]["actions"] if not allowed.allow(action)]
            if missing:
                yield Broken(function, role, "VpcConfig",
                             f"the function is in a VPC, and its role lacks {', '.join(missing)}")

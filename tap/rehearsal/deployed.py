"""What CloudFormation is still asked for once a stack is there: its ids, parameters and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from tap.rehearsal.emulator import Clients


@dataclass(frozen=True)
class Stack:
    """What CloudFormation is still asked for: physical ids by logical id, parameters and outputs by name."""

    ids: Mapping[str, str]
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def id(self, logical_id: str) -> str:
        """The physical id of a resource. Raises LookupError where the stack has none of that name."""
        if logical_id not in self.ids:
            raise LookupError(f"resource {logical_id} does not exist in the stack")
        return self.ids[logical_id]

    def parameter(self, name: str) -> str:
        """The value of a parameter. Raises LookupError where the stack has none of that name."""
        if name not in self.parameters:
            raise LookupError(f"the stack has no parameter {name}")
        return self.parameters[name]

    def is_on(self, name: str) -> bool:
        """Whether a parameter is switched on. Raises LookupError where the stack has none of that name."""
        return self.parameter(name) == "true"

    def has_certificate(self) -> bool:
        """Whether the load balancer has a certificate: one that was given, or one that the stack issues."""
        issued = self.parameter("DomainName") and self.parameter("HostedZoneId")
        return bool(self.parameter("CertificateArn") or issued)


def read_stack(aws: Clients, name: str) -> Stack:
    """Ask CloudFormation for a stack."""
    client = aws("cloudformation")
    stack, = client.describe_stacks(StackName=name)["Stacks"]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return Stack(
        ids={resource["LogicalResourceId"]: resource["PhysicalResourceId"]
             for page in pages for resource in page["StackResourceSummaries"]},
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]},
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]})

"""Read a deployed stack from CloudFormation: its physical ids, parameters and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from tap.rehearsal.emulator import Clients


@dataclass(frozen=True)
class Stack:
    """A deployed stack: physical ids by logical id, parameters and outputs by name."""

    ids: Mapping[str, str]
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def id(self, logical_id: str) -> str:
        """Return the physical id of a resource. Raises LookupError if the stack has no such resource."""
        if logical_id not in self.ids:
            raise LookupError(f"resource {logical_id} does not exist in the stack")
        return self.ids[logical_id]

    def parameter(self, name: str) -> str:
        """Return the value of a parameter. Raises LookupError if the stack has no such parameter."""
        if name not in self.parameters:
            raise LookupError(f"the stack has no parameter {name}")
        return self.parameters[name]

    def is_on(self, name: str) -> bool:
        """Return whether a parameter is true. Raises LookupError if the stack has no such parameter."""
        return self.parameter(name) == "true"

    def has_certificate(self) -> bool:
        """Whether the load balancer has a certificate, either an existing one or one that the stack issues."""
        issued = self.parameter("DomainName") and self.parameter("HostedZoneId")
        return bool(self.parameter("CertificateArn") or issued)


def read_stack(aws: Clients, name: str) -> Stack:
    """Return a stack as CloudFormation describes it."""
    client = aws("cloudformation")
    stack, = client.describe_stacks(StackName=name)["Stacks"]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return Stack(
        ids={resource["LogicalResourceId"]: resource["PhysicalResourceId"]
             for page in pages for resource in page["StackResourceSummaries"]},
        parameters={item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]},
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})

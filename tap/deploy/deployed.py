"""The deployed stack: CloudFormation's description of it, and its template resolved with its own parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import Call
from tap.deploy.models import Environment, InputError
from tap.deploy.stacks import find_stack, pages
from tap.deploy.states import TO_BE_CREATED
from tap.deploy.template import parsed
from tap.template.resolve import MASK, Resolved, resolve


@dataclass(frozen=True)
class Deployed:
    """A deployed stack."""

    stack: Mapping[str, Any]  # API type Stack

    @property
    def stack_id(self) -> str:
        """Return the stack's ARN."""
        return str(self.stack["StackId"])

    @property
    def parameters(self) -> dict[str, str]:
        """Return the stack's parameter values by name; a NoEcho value is MASK."""
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in self.stack.get("Parameters", ())}

    @property
    def stored(self) -> dict[str, tuple[str, str]]:
        """Return name and resolved value of each SSM parameter that the stack reads, by the stack parameter's name."""
        return {entry["ParameterKey"]: (entry["ParameterValue"], entry["ResolvedValue"])
                for entry in self.stack.get("Parameters", ()) if "ResolvedValue" in entry}

    @property
    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs by name."""
        return {entry["OutputKey"]: entry["OutputValue"] for entry in self.stack.get("Outputs", ())}

    @property
    def is_protected(self) -> bool:
        """Return whether termination protection is on."""
        return bool(self.stack.get("EnableTerminationProtection"))

    @property
    def role_arn(self) -> str:
        """Return the role that CloudFormation uses by default; empty for the caller's own permissions."""
        return str(self.stack.get("RoleARN", ""))

    @property
    def rollback_triggers(self) -> list[str]:
        """Return the ARNs of the alarms that roll updates back."""
        return [str(trigger["Arn"]) for trigger in
                self.stack.get("RollbackConfiguration", {}).get("RollbackTriggers", ())]

    @property
    def topics(self) -> list[str]:
        """Return the ARNs of the topics that receive the stack's events."""
        return list(map(str, self.stack.get("NotificationARNs", ())))

    def resolved(self, call: Call, env: Environment, stage: str = "Original") -> Resolved:
        """Return the stack's template resolved with its own parameters, secrets masked.

        `stage` is Original, or Processed: macros and loops expanded. Raises TapError, and ValueError for a template
        that does not resolve.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
        """
        body = call("get_template", StackName=self.stack_id, TemplateStage=stage)["TemplateBody"]
        values = self.parameters | {name: held for name, (_, held) in self.stored.items()}
        values |= dict.fromkeys(env.values.secrets & values.keys(), MASK)
        return resolve(parsed(body), values, stack_name=env.stack_name, **location(self.stack_id))


def location(arn: str) -> dict[str, str]:
    """Return partition, region and account of an ARN, as `tap.template.resolve.resolve` takes them."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return {"partition": partition, "region": region, "account": account}


def read_deployed(call: Call, env: Environment) -> Deployed | None:
    """Return the environment's stack, None if it has never been deployed."""
    stack = find_stack(call, env.stack_name)
    return None if stack is None or stack["StackStatus"] in TO_BE_CREATED else Deployed(stack)


def physical_ids(call: Call, env: Environment) -> dict[str, str]:
    """Return the physical ids of the stack's resources by logical id. Raises InputError if there is no stack."""
    deployed = read_deployed(call, env)
    if deployed is None:
        raise InputError(f"stack {env.stack_name} does not exist. Create it with: {env.command('deploy')}")
    resources = pages(call, "list_stack_resources", "StackResourceSummaries", StackName=deployed.stack_id)
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources
            if "PhysicalResourceId" in resource}

"""Rollback alarms: named by stack outputs, with the values that they have before the update."""

from tap.deploy.aws import Call
from tap.deploy.deployed import Deployed, location
from tap.deploy.models import Environment, Refused
from tap.deploy.stacks import pages

_TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


def rollback_triggers(call: Call, env: Environment, deployed: Deployed | None) -> list[dict[str, str]] | None:
    """Return the rollback triggers (API type RollbackTrigger) that the target names; None if it has and had none.

    An empty list removes the stack's current triggers, which it would otherwise keep. An output holds an alarm's ARN or
    name. An output that does not exist yet is skipped: this update creates it. Raises Refused if an output is not an
    alarm of the stack.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackTrigger.html
    """
    outputs = deployed.outputs if deployed else {}
    wanted = [name for name in env.target.rollback_alarms if name in outputs]
    if deployed is None or not (wanted or deployed.rollback_triggers):
        return None
    resources = pages(call, "list_stack_resources", "StackResourceSummaries", StackName=deployed.stack_id)
    types = {_name(resource.get("PhysicalResourceId", "")): resource["ResourceType"]
             for resource in resources if resource["ResourceType"] in _TYPES}
    triggers = []
    for output in wanted:
        name = _name(outputs[output])
        if name not in types:
            raise Refused(f"output {output} of stack {env.stack_name} is not an alarm of the stack: correct "
                          "rollback_alarms in parameters/targets.toml")
        triggers.append({"Arn": _arn(deployed.stack_id, name), "Type": types[name]})
    return triggers


def _name(name_or_arn: str) -> str:
    return name_or_arn.partition(":alarm:")[2] or name_or_arn


def _arn(stack_id: str, name: str) -> str:
    parts = location(stack_id)
    return f"arn:{parts['partition']}:cloudwatch:{parts['region']}:{parts['account']}:alarm:{name}"

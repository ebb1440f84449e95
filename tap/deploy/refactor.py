"""Rename deployed resources with a stack refactor: no resource is created, changed or deleted.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tap.deploy import guard
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.constraints import did_you_mean
from tap.deploy.deployed import read_deployed
from tap.deploy.models import Change, ChangeSet, Detail, Environment, InputError, LeftRunning, StackFailed
from tap.deploy.plan import Plan
from tap.deploy.stacks import pages
from tap.deploy.template import parsed
from tap.deploy.waiting import watch


def renamed_template(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a template with resources, and references to them, renamed; `names` maps old to new logical ids.

    Raises InputError if an old id does not exist or a new one already does.
    """
    resources = document.get("Resources", {})
    problems = [f"{old} is not a resource of the stack{did_you_mean(old, resources)}" for old in names
                if old not in resources]
    problems += [f"{new} is already a resource of the stack" for new in names.values() if new in resources]
    problems += [f"{new} is not a logical id: letters and digits only" for new in names.values()
                 if not re.fullmatch(r"[A-Za-z0-9]{1,255}", new)]
    if problems:
        raise InputError("; ".join(problems))
    result: dict[str, Any] = _renamed(dict(document), names)
    result["Resources"] = {names.get(name, name): entry for name, entry in result["Resources"].items()}
    return result


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    result = {key: _renamed(item, names) for key, item in value.items()}
    match result:
        case {"Ref": str() as name}:
            return {"Ref": names.get(name, name)}
        case {"Fn::GetAtt": [str() as name, *rest]}:
            return {"Fn::GetAtt": [names.get(name, name), *rest]}
        case {"Fn::GetAtt": str() as name}:
            return {"Fn::GetAtt": _in_text(f"${{{name}}}", names)[2:-1]}
        case {"Fn::Sub": [str() as text, variables]}:
            own = {name: new for name, new in names.items() if name not in variables}
            return {"Fn::Sub": [_in_text(text, own), variables]}
        case {"Fn::Sub": str() as text}:
            return {"Fn::Sub": _in_text(text, names)}
    if "DependsOn" in result and "Type" in result:
        waits = result["DependsOn"]
        result["DependsOn"] = names.get(waits, waits) if isinstance(waits, str) else [
            names.get(name, name) for name in waits]
    return result


def _in_text(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)", lambda match: f"${{{names.get(match[1], match[1])}", text)


def create_refactor(cloud: CloudFormation, env: Environment, names: Mapping[str, str]) -> Plan:
    """Have CloudFormation validate new logical ids for the deployed template, and return the plan; changes nothing.

    The id of its change set is that of a stack refactor, which is never deleted. Raises InputError if there is no
    stack, or CloudFormation rejects the names.
    """
    cloud.check_account(env)
    deployed = read_deployed(cloud.aws.call, env)
    if deployed is None:
        raise InputError(f"stack {env.stack_name} does not exist. Create it with: {env.command('deploy')}")
    body = cloud.aws.call("get_template", StackName=deployed.stack_id, TemplateStage="Original")["TemplateBody"]
    renamed = renamed_template(parsed(body), names)
    text = json.dumps(renamed, indent=1)
    refactor_id = cloud.aws.call(
        "create_stack_refactor", Description=f"tap rename {env.name}",
        StackDefinitions=[{"StackName": env.stack_name, **cloud.body(env, text)}],
        ResourceMappings=[{"Source": {"StackName": env.stack_name, "LogicalResourceId": old},
                           "Destination": {"StackName": env.stack_name, "LogicalResourceId": new}}
                          for old, new in names.items()])["StackRefactorId"]
    answer = _wait(cloud, env, refactor_id, "Status", "CREATE_IN_PROGRESS")
    if answer["Status"] != "CREATE_COMPLETE":
        raise InputError(f"CloudFormation rejected the rename: {answer.get('StatusReason', answer['Status'])}")
    actions = pages(cloud.aws.call, "list_stack_refactor_actions", "StackRefactorActions", StackRefactorId=refactor_id)
    changes = tuple(_move(action, renamed["Resources"]) for action in actions if action.get("Entity") == "RESOURCE")
    content = ChangeSet(refactor_id, refactor_id, "UPDATE", deployed.stack_id, changes)
    return Plan(env, content, guard.verdicts(content))


def _move(action: Mapping[str, Any], resources: Mapping[str, Any]) -> Change:
    old, new = (action["ResourceMapping"][side]["LogicalResourceId"] for side in ("Source", "Destination"))
    return Change("Move", new, action.get("PhysicalResourceId"), resources[new]["Type"], None,
                  details=(Detail("LogicalResourceId", before=old, after=new),))


def execute_refactor(cloud: CloudFormation, env: Environment, refactor: str) -> None:
    """Execute a refactor by its id, to completion. Raises StackFailed, or LeftRunning if watching stops early."""
    cloud.aws.call("execute_stack_refactor", StackRefactorId=refactor)
    answer = _wait(cloud, env, refactor, "ExecutionStatus", "AVAILABLE", "EXECUTE_IN_PROGRESS",
                   "ROLLBACK_IN_PROGRESS")
    if answer["ExecutionStatus"] != "EXECUTE_COMPLETE":
        raise StackFailed(f"the logical ids of stack {env.stack_name} were not changed: "
                          f"{answer.get('ExecutionStatusReason', answer['ExecutionStatus'])}")


def _wait(cloud: CloudFormation, env: Environment, refactor: str, member: str, *pending: str) -> Mapping[str, Any]:
    def look() -> Mapping[str, Any] | None:
        answer: Mapping[str, Any] = cloud.aws.call("describe_stack_refactor", StackRefactorId=refactor)
        return None if answer[member] in pending else answer

    return watch(cloud.aws, look, lambda why: LeftRunning(
        f"stack refactor {refactor} of {env.stack_name} is no longer followed ({why}). Check its status with: aws "
        f"cloudformation describe-stack-refactor --stack-refactor-id {refactor}"))

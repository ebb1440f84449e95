"""Saved plans: bound to what was reviewed, so that nothing else can be executed."""

import errno
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tap.deploy import changesets
from tap.deploy.aws import AwsClient
from tap.deploy.deployed import location
from tap.deploy.files import parsed_json, read_given
from tap.deploy.models import CallFailed, ChangeSet, Environment, InputError, Refused
from tap.deploy.template import Rendered, fingerprint, parsed
from tap.deploy.whole_file import write_whole

_VERSION = 1


@dataclass(frozen=True)
class SavedPlan:
    """The content of a plan file. The parameters' hash leaves out NoEcho values, which could be guessed from it."""

    version: int
    environment: str
    account: str
    region: str
    stack: str
    stack_id: str
    type: str
    change_set: str  # its ARN
    template: str  # SHA-256 of its content
    parameters: str  # SHA-256
    changes: str  # SHA-256 of CloudFormation's list of changes


def saved_plan(env: Environment, change_set: ChangeSet, document: Mapping[str, Any]) -> SavedPlan:
    """Return the saved plan of a change set that was just created."""
    parts = location(change_set.stack_id)
    return SavedPlan(
        version=_VERSION, environment=env.name, account=parts["account"], region=parts["region"],
        stack=env.stack_name, stack_id=change_set.stack_id, type=change_set.type, change_set=change_set.id,
        template=fingerprint(document), parameters=parameters_hash(env), changes=changes_hash(change_set))


def parameters_hash(env: Environment) -> str:
    """Return the SHA-256 of the environment's parameters and settings; of secrets, only the names."""
    values = env.values
    public = {name: value for name, value in values.parameters.items() if name not in values.secrets}
    secret = sorted(values.secrets & set(values.parameters))
    return _hash([public, secret, sorted(values.previous), dict(values.tags), values.stack_policy, env.target.role_arn,
                  env.target.notification_topics])


def changes_hash(change_set: ChangeSet) -> str:
    """Return the SHA-256 of a change set's changes, without values."""
    return _hash([[change.action, change.logical_id, change.physical_id, change.replacement, change.policy_action,
                   sorted(f"{detail.path or detail.name}" for detail in change.details)]
                  for change in sorted(change_set.changes, key=lambda change: change.logical_id)])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def save(plan: SavedPlan, file: Path) -> None:
    """Write a plan file completely or not at all, readable only by its owner. Raises InputError."""
    try:
        if file.exists() and not file.is_file():
            raise OSError(errno.EINVAL, "it exists and is not a file")
        write_whole(file, json.dumps(vars(plan), indent=1) + "\n", mode=0o600)
    except OSError as error:
        raise InputError(f"the plan cannot be saved to {file}: {error.strerror or error}") from None


def load(file: Path) -> SavedPlan:
    """Read a plan file and return it. Raises InputError."""
    text = read_given(file, str(file))
    try:
        content = parsed_json(text, str(file))
    except InputError as error:
        raise InputError(f"this is not a plan from tap plan --save: {error.message}") from None
    kinds = {member.name: member.type for member in fields(SavedPlan)}
    if (not isinstance(content, dict) or {key: type(value) for key, value in content.items()} != kinds
            or content["version"] != _VERSION):
        raise InputError(f"{file} is not a plan from this version of tap plan --save: create a new one")
    return SavedPlan(**content)


def check(saved: SavedPlan, env: Environment, template: Rendered, aws: AwsClient) -> ChangeSet:
    """Return the change set of a saved plan. Raises Refused if anything has changed since the review."""
    for what, then, now in (
            ("another environment", saved.environment, env.name), ("another account", saved.account, aws.account),
            ("another region", saved.region, aws.region), ("another stack", saved.stack, env.stack_name)):
        if then != now:
            raise _refused(f"it is for {what}: {then}, not {now}")
    if saved.template != fingerprint(parsed(template.text)):
        raise _refused("the template has changed since")
    if saved.parameters != parameters_hash(env):
        raise _refused(f"parameters/{env.name}.json or the command line's values have changed since")
    try:
        status = aws.call("describe_change_set", ChangeSetName=saved.change_set)
    except CallFailed as error:
        if changesets.is_missing(error):
            raise _refused("its change set no longer exists: it was executed or deleted, or the stack was "
                           "changed") from None
        raise
    if status.get("ExecutionStatus") != "AVAILABLE":
        raise _refused(f"its change set can no longer be executed ({status.get('ExecutionStatus')}): the stack was "
                       "changed since, or it was already executed")
    if status["StackId"] != saved.stack_id:
        raise _refused("the stack was deleted and created again since")
    change_set = changesets.describe(aws, env, saved.type, saved.change_set)
    if not changesets.holds(aws.call, change_set, template.text):
        raise _refused("its change set contains another template")
    if changes_hash(change_set) != saved.changes:
        raise _refused("its change set now contains other changes")
    return change_set


def _refused(why: str) -> Refused:
    return Refused(f"refusing to execute this plan: {why}. Create a new one with tap plan --save")

"""Detect problems before a change set is created."""

from collections.abc import Mapping, Sequence
from typing import Any

from tap.deploy.aws import Call
from tap.deploy.changesets import GRANT
from tap.deploy.models import (
    CallFailed,
    Environment,
    InputError,
)
from tap.deploy.planning import resolved_for
from tap.deploy.stacks import pages
from tap.deploy.template import Rendered
from tap.template.resolve import Resolved

_NAMED = {"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName",
          "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::InstanceProfile": "InstanceProfileName"}


def capabilities(document: Mapping[str, Any]) -> set[str]:
    """Return the capabilities that a template requires.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (Capabilities)
    """
    needed = {"CAPABILITY_AUTO_EXPAND"} if document.get("Transform") else set()
    for entry in document.get("Resources", {}).values():
        if isinstance(entry, Mapping) and entry.get("Type", "").startswith("AWS::IAM::"):
            named = _NAMED.get(entry["Type"]) in entry.get("Properties", {})
            needed.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    return needed


def taken_exports(call: Call, env: Environment, wanted: Resolved) -> list[str]:
    """Return a line for each export that another stack already has."""
    names = {name: title for title, output in wanted.outputs.items()
             if isinstance(name := output.get("Export", {}).get("Name"), str)}
    if not names:
        return []
    return [f"output {names[export['Name']]} exports {export['Name']}, which stack "
            f"{export['ExportingStackId'].split('/')[1]} already exports"
            for export in pages(call, "list_exports", "Exports")
            if export["Name"] in names and export["ExportingStackId"].split("/")[1] != env.stack_name]


def check_before(call: Call, env: Environment, template: Rendered) -> None:
    """Raise InputError for problems that can be detected before a change set is created."""
    problems = [f"the template requires {name}: {GRANT}" for name in
                sorted(capabilities(template.document) - set(env.target.capabilities) - _implied(env))]
    try:
        problems += taken_exports(call, env, resolved_for(env, template.document))
    except CallFailed as error:
        if not error.code.startswith("AccessDenied"):
            raise
    except ValueError as error:
        problems.append(f"cannot resolve the template: {error}")
    refuse(env, problems)


def refuse(env: Environment, problems: Sequence[str]) -> None:
    """Raise InputError if there are problems that prevent a deployment."""
    if problems:
        raise InputError(env.masked("\n  - ".join(["the template cannot be deployed:", *problems])
                                    if len(problems) > 1 else problems[0]))


def _implied(env: Environment) -> set[str]:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html: either is sufficient.
    return {"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in env.target.capabilities else set()

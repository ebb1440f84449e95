"""Import existing resources into a stack: find the resource that each logical id stands for.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.deploy.cloudformation import CloudFormation
from tap.deploy.constraints import did_you_mean
from tap.deploy.models import CallFailed, Environment, Import, InputError
from tap.deploy.template import Rendered

# Types that exist only inside a stack, so that there is nothing to import.
_NEVER = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition")

Keys = list[list[str]]
"""The sets of properties that identify a resource, each of which is enough."""


def find_imports(cloud: CloudFormation, env: Environment, template: Rendered,
                 wanted: Mapping[str, str]) -> tuple[Import, ...]:
    """Return the resources to import; `wanted` maps a logical id to a value or `KEY:VALUE[,KEY:VALUE]`.

    Raises InputError for a resource that is not in the template, cannot be imported, or has no DeletionPolicy.
    """
    cloud.check_account(env)
    resources = template.document.get("Resources", {})
    problems = [problem for name in wanted for problem in _problems(name, resources)]
    if problems:
        raise InputError("\n  - ".join(["nothing can be imported:", *problems]) if problems[1:] else problems[0])
    known = _identifiers(cloud, env, template)
    return tuple(Import(name, resources[name]["Type"], _identifier(name, resources[name]["Type"], value, known))
                 for name, value in wanted.items())


def _problems(name: str, resources: Mapping[str, Any]) -> Iterator[str]:
    if name not in resources:
        yield f"{name} is not a resource of the template{did_you_mean(name, resources)}"
    elif resources[name]["Type"].startswith(_NEVER):
        yield f"{name} is of type {resources[name]['Type']}, which cannot be imported"
    elif "DeletionPolicy" not in resources[name]:
        # "Each resource to import must have a DeletionPolicy attribute", import-resources-considerations.
        yield f"{name} has no DeletionPolicy, without which CloudFormation imports nothing: set DeletionPolicy: Retain"


def _identifiers(cloud: CloudFormation, env: Environment, template: Rendered) -> dict[str, Keys]:
    """Return the identifier keys of each importable type in the template; empty if they cannot be read.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceIdentifierSummary.html
    """
    try:
        answer = cloud.aws.call("get_template_summary", **cloud.body(env, template.text))
    except CallFailed as error:
        if not error.code.startswith("AccessDenied"):
            raise
        return {}
    return {summary["ResourceType"]: [keys.split(",") for keys in summary["ResourceIdentifiers"]]
            for summary in answer.get("ResourceIdentifierSummaries", ())}


def _identifier(name: str, kind: str, value: str, known: Mapping[str, Keys]) -> dict[str, str]:
    if known and kind not in known:
        raise InputError(f"{name} is of type {kind}, which cannot be imported")
    choices = known.get(kind, [])
    pairs = [part.partition(":") for part in value.split(",")]
    # Keys are property names, which start with a capital: an ARN does not.
    identifier = {key: rest for key, colon, rest in pairs if colon and rest and key[:1].isupper()}
    if len(identifier) == len(pairs) and (not known or any(set(identifier) == set(keys) for keys in choices)):
        return identifier
    for keys in choices:
        if len(keys) == 1:
            return {keys[0]: value}
    forms = " or ".join(f"{name}={','.join(f'{key}:VALUE' for key in keys)}" for keys in choices)
    raise InputError(f"{name}={value} does not say which resource to import: {forms or f'{name}=KEY:VALUE'}")

"""The stack as it is deployed, resolved, for its price."""

from typing import Any

from tap.deploy.models import MASK, Environment
from tap.deploy.stacks import find_stack
from tap.deploy.template import parsed
from tap.template.resolve import Resolved, resolve


def deployed(cloud: Any, env: Environment) -> Resolved | None:
    """Return what the deployed template comes to with the stack's own parameters; None where there is no stack.

    Secrets are masked. `cloud` is `tap.deploy.cloudformation.CloudFormation`. Raises TapError, and
    ValueError for a template that does not resolve.
    """
    stack = find_stack(cloud.call, env.stack_name)
    if not stack or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    body = cloud.call("get_template", StackName=stack["StackId"], TemplateStage="Original")["TemplateBody"]
    document = parsed(body)
    values = {each["ParameterKey"]: each.get("ResolvedValue", each["ParameterValue"])
              for each in stack.get("Parameters", ())}
    values |= dict.fromkeys(env.secrets & values.keys(), MASK)
    _, partition, _, region, account, _ = stack["StackId"].split(":", 5)
    return resolve(document, values, stack_name=env.stack_name, partition=partition, region=region, account=account)

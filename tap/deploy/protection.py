"""Set a stack's policy and termination protection; loosening either requires approval."""

from collections.abc import Mapping

from tap.deploy import policies
from tap.deploy.aws import Call
from tap.deploy.deployed import Deployed
from tap.deploy.guard import STACK_POLICY, TERMINATION_PROTECTION
from tap.deploy.models import Environment, Refused
from tap.deploy.stacks import pages


def set_stack_policy(call: Call, env: Environment, stack_id: str) -> list[str]:
    """Set the environment's stack policy, if it has one; return what was done.

    Raises Refused if it would allow more than the stack's current one and that is not approved. A
    stack keeps its policy if the file has none: a policy can be replaced, but not removed.
    """
    if not env.values.stack_policy:
        return []
    old = call("get_stack_policy", StackName=stack_id).get("StackPolicyBody")
    if old and policies.same(old, env.values.stack_policy):
        return []
    if old:
        resources = pages(call, "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
        types = {resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources}
        check_stack_policy(env, old, types)
    call("set_stack_policy", StackName=stack_id, StackPolicyBody=env.values.stack_policy)
    return ["stack policy set"]


def check_stack_policy(env: Environment, old: str, types: Mapping[str, str]) -> None:
    """Raise Refused if the environment's policy allows more than `old` and that is not approved."""
    more = policies.allowed_beyond(old, env.values.stack_policy, types)
    if more and STACK_POLICY not in env.options.approved:
        raise Refused(looser(more))


def looser(more: list[str]) -> str:
    """Return the message for a stack policy that allows more than before."""
    actions = ", ".join(more[:3]) + (f" and {len(more) - 3} more" if len(more) > 3 else "")
    return f"the new stack policy would allow {actions}, which the stack's own denies: --approve {STACK_POLICY}"


def set_termination_protection(call: Call, env: Environment, deployed: Deployed) -> list[str]:
    """Turn termination protection on if the target says so, off only if that is approved by name."""
    has, wanted = deployed.is_protected, env.target.termination_protection
    if has == wanted or (has and TERMINATION_PROTECTION not in env.options.approved):
        return []
    call("update_termination_protection", StackName=deployed.stack_id, EnableTerminationProtection=wanted)
    return [f"termination protection turned {'on' if wanted else 'off'}"]

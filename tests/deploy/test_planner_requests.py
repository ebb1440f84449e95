"""What the role for planning may do is what `tap plan` asks for, over an account in memory."""

import pytest
from memory_aws import NEW, MemoryAws, Stack
from memory_service import model, refusal
from memory_tap import Tap

from tap.deploy.artifacts import PLANS
from tap.deploy.models import TEMPLATE_BODY_LIMIT
from tap.parts import policy
from tap.permissions.deployer import planner


def allowed() -> set[str]:
    """The operations of CloudFormation that the role may call."""
    statements = policy(*planner("tap-", "arn:bucket", "arn:role", PLANS, "variables/"))["Statement"]
    actions = {action for each in statements for action in (
        each["Action"] if isinstance(each["Action"], list) else [each["Action"]])}
    return {action.partition(":")[2] for action in actions if action.startswith("cloudformation:")}


def asked(aws: MemoryAws) -> set[str]:
    """The operations of CloudFormation that were called."""
    _, names = model("cloudformation")
    return {names[call] for call in aws.calls if call in names}


def test_a_plan_of_a_stack_asks_for_nothing_that_the_role_may_not(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    assert tap("plan", "dev") == 0
    assert stack.status == "CREATE_COMPLETE"

    assert {"CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet"} <= asked(aws) <= allowed()


def test_a_plan_that_is_saved_does_not_either_not_even_a_first_one(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev", "--save", str(tap.root / "plan.json")) == 0

    assert {"CreateChangeSet", "DescribeChangeSet"} <= asked(aws) <= allowed()


def test_only_a_first_plan_that_is_not_kept_has_an_empty_stack_to_delete(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev") == 0

    assert asked(aws) - allowed() == {"DeleteStack"}


def test_each_thing_is_asked_once(tap: Tap, aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001
    assert tap("plan", "dev") == 0

    assert aws.calls == [
        "describe_stacks", "list_change_sets", "create_change_set", "describe_change_set", "get_template",
        "get_template", "get_stack_policy", "delete_change_set"]


@pytest.mark.parametrize(("command", "apart"), [("plan", True), ("deploy", False)])
def test_a_large_template_of_a_plan_goes_where_the_role_may_write(
        tap: Tap, aws: MemoryAws, command: str, apart: bool) -> None:
    aws.meta.partition = "aws"
    tap.document = {**NEW, "Metadata": {"Padding": "x" * TEMPLATE_BODY_LIMIT}}
    with (tap.root / "parameters/targets.toml").open("a") as targets:
        targets.write('\n[default]\nartifact_bucket = "artifacts"\n')
    aws.__dict__.update(do_head_bucket=lambda **_request: {}, do_head_object=None, do_put_object=None)
    aws.always = {"head_object": refusal("404", "Not Found"), "put_object": refusal("AccessDenied", "Access Denied")}

    assert tap(command, "dev") == 2
    assert [request["Key"].startswith(PLANS) for name, request in aws.requests if name == "put_object"] == [apart]

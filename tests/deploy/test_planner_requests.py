"""What the role for planning may do is what `tap plan` asks for, over an account in memory."""

from memory_aws import MemoryAws, Stack, model
from memory_tap import Tap

from tap.parts import policy
from tap.permissions.deployer import planner


def allowed() -> set[str]:
    """The operations of CloudFormation that the role may call."""
    statements = policy(*planner("tap-", "arn:bucket", "arn:role"))["Statement"]
    actions = {action for each in statements for action in (
        each["Action"] if isinstance(each["Action"], list) else [each["Action"]])}
    return {action.partition(":")[2] for action in actions if action.startswith("cloudformation:")}


def asked(aws: MemoryAws) -> set[str]:
    """The operations of CloudFormation that were called."""
    _, names = model()
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

"""A stack's events: where an operation begins, page by page, and what an earlier one still reports."""

import json
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID, Recorder, changed, event
from memory_aws import NEW, NOON, MemoryAws
from memory_service import refusal

from tap.deploy.aws import AwsClient
from tap.deploy.models import CallFailed
from tap.deploy.stacks import all_events, current_operation, find_stack, follow, known_events, masked, pages

ME = "AWS::CloudFormation::Stack"


def entry(number: int, logical_id: str, status: str, **more: Any) -> dict[str, Any]:
    kind = ME if logical_id == "tap-dev" else "AWS::SNS::Topic"
    return {"EventId": f"e{number}", "StackId": STACK_ID, "Timestamp": NOON, "LogicalResourceId": logical_id,
            "PhysicalResourceId": STACK_ID if kind == ME else "topic", "ResourceType": kind, "ResourceStatus": status,
            **more}


class Events:
    """Pages of events, the newest first."""

    def __init__(self, *of_pages: list[dict[str, Any]]) -> None:
        self.pages, self.asked = of_pages, 0

    def __call__(self, method: str, StackName: str, NextToken: str = "0") -> Any:
        assert (method, StackName) == ("describe_stack_events", STACK_ID)
        self.asked += 1
        more = {"NextToken": f"{int(NextToken) + 1}"} if int(NextToken) + 1 < len(self.pages) else {}
        return {"StackEvents": self.pages[int(NextToken)], **more}


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE", "IMPORT"])
def test_an_operation_begins_where_the_stack_itself_began_it(operation: str) -> None:
    call = Events([entry(4, "Topic", f"{operation}_COMPLETE"), entry(3, "Topic", f"{operation}_IN_PROGRESS")],
                  [entry(2, "tap-dev", f"{operation}_IN_PROGRESS"), entry(1, "tap-dev", "CREATE_COMPLETE")],
                  [entry(0, "tap-dev", "CREATE_IN_PROGRESS")])

    events, known = current_operation(call, STACK_ID)

    assert [each.event_id for each in events] == ["e2", "e3", "e4"]
    assert known == {"e1", "e2", "e3", "e4"}
    assert call.asked == 2


def test_a_resource_that_is_created_begins_no_operation() -> None:
    call = Events([entry(2, "Topic", "CREATE_IN_PROGRESS")], [entry(1, "Other", "CREATE_IN_PROGRESS")])

    events, known = current_operation(call, STACK_ID)

    assert [each.event_id for each in events] == ["e1", "e2"]
    assert known == {"e1", "e2"}


@pytest.mark.parametrize(("most", "found"), [(1, ["e3", "e4"]), (2, ["e1", "e2", "e3", "e4"]),
                                             (3, ["e0", "e1", "e2", "e3", "e4"]), (9, ["e0", "e1", "e2", "e3", "e4"])])
def test_the_latest_events_are_those_of_so_many_pages_oldest_first(most: int, found: list[str]) -> None:
    call = Events(*([entry(number, "A", "x") for number in numbers] for numbers in ((4, 3), (2, 1), (0,))))
    assert [each.event_id for each in all_events(call, STACK_ID, most)] == found


def test_an_event_has_all_that_cloudformation_says_of_it() -> None:
    found, = all_events(Events([entry(7, "Topic", "CREATE_FAILED", ResourceStatusReason="no", ClientRequestToken="t")]),
                        STACK_ID, 1)
    assert (found.event_id, found.stack_id, found.timestamp, found.logical_id) == ("e7", STACK_ID, NOON, "Topic")
    assert (found.physical_id, found.resource_type, found.status) == ("topic", "AWS::SNS::Topic", "CREATE_FAILED")
    assert (found.reason, found.token, found.is_stack) == ("no", "t", False)


def test_a_list_comes_in_pages() -> None:
    def call(_method: str, **request: str) -> dict[str, Any]:
        return {"Items": [{"n": 2}]} if "NextToken" in request else {"Items": [{"n": 1}], "NextToken": "more"}

    assert pages(call, "list", "Items", StackName="x") == [{"n": 1}, {"n": 2}]
    assert pages(call, "list", "Others") == []


def test_a_secret_in_an_events_reason_is_masked() -> None:
    env = changed(DEV, parameters={"Password": "swordfish"}, secrets=frozenset({"Password"}))
    assert "swordfish" not in str(masked(env, event("Topic", "CREATE_FAILED", "wrong: swordfish")).reason)
    assert masked(env, event("Topic", "CREATE_COMPLETE")).reason is None


def test_only_a_stack_that_does_not_exist_is_none() -> None:
    aws = MemoryAws()
    call = AwsClient(lambda _service: aws).call
    assert find_stack(call, "tap-dev") is None
    stack = aws.add()
    found = find_stack(call, stack.stack_id)
    assert found is not None
    assert found["StackName"] == "tap-dev"
    aws.always["describe_stacks"] = refusal("ValidationError", "is not valid")
    with pytest.raises(CallFailed, match="is not valid"):
        find_stack(call, "tap-dev")


def test_events_of_an_earlier_operation_are_left_out_and_the_stack_at_rest_ends_it() -> None:
    aws = MemoryAws()
    stack = aws.add(template=json.dumps(NEW))
    client = AwsClient(lambda _service: aws, sleep=lambda _seconds: None)
    known = known_events(client.call, stack.stack_id)
    assert known == {each["EventId"] for each in stack.events}
    stack.token = "before"
    stack.script = [("Late", "AWS::SNS::Topic", "CREATE_COMPLETE", "")]
    aws.finish(stack)
    stack.token = "now"
    stack.script = list(aws._work(stack, "UPDATE", {"Topic": "AWS::SNS::Topic"}))
    recorder = Recorder()

    history = follow(client, DEV, stack.stack_id, known, "now", recorder)

    assert [(each.logical_id, each.status) for each in history] == [
        ("tap-dev", "UPDATE_IN_PROGRESS"), ("Topic", "UPDATE_IN_PROGRESS"), ("Topic", "UPDATE_COMPLETE"),
        ("tap-dev", "UPDATE_COMPLETE")]
    assert recorder.events == history

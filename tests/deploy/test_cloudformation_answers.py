"""What the emulator never answers: answers given here are checked against the API's own model."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from deploy_fakes import DEV, STACK_ID, Recorder, cloud_of, pending, planned

from tap.deploy import states
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import (
    CallFailed,
    ChangeSet,
    InputError,
    LeftRunning,
    NeedsRecovery,
    NotSignedIn,
    StackFailed,
    TapError,
)

PLAN = ChangeSet(
    "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/tap-1/1", "tap-1", "UPDATE", STACK_ID
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    client = boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    yield client
    client.close()


@pytest.fixture
def stub(aws: Any) -> Iterator[Stubber]:
    with Stubber(aws) as stubber:
        yield stubber


@pytest.fixture
def cloud(aws: Any, pauses: list[float]) -> CloudFormation:
    return cloud_of(aws, pauses.append, lambda: "1")


@pytest.fixture
def pauses() -> list[float]:
    return []


def stack(status: str) -> dict[str, Any]:
    return {
        "Stacks": [{"StackName": "tap-dev", "StackId": STACK_ID, "CreationTime": NOON, "StackStatus": status}]
    }


def described(status: str, reason: str = "", changes: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "ChangeSetId": PLAN.id,
        "StackId": STACK_ID,
        "Status": status,
        "StatusReason": reason,
        "Changes": [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": f"Topic{number}",
                    "PhysicalResourceId": "topic",
                    "ResourceType": "AWS::SNS::Topic",
                    "Replacement": "Conditional",
                    "Scope": ["Properties", "Tags"],
                    "PolicyAction": "ReplaceAndRetain",
                },
            }
            for number in range(changes)
        ],
        **more,
    }


def events(*told: tuple[str, str], token: str | None = "1", start: int = 0) -> list[dict[str, Any]]:
    """Return events as the API does, the newest first; `told` is logical id and status, oldest first."""
    made = [
        {
            "EventId": f"{start + number}",
            "StackId": STACK_ID,
            "StackName": "tap-dev",
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": STACK_ID if logical_id == "tap-dev" else logical_id,
            "ResourceType": "AWS::SNS::Topic",
            "ResourceStatus": status,
            "Timestamp": NOON + timedelta(seconds=start + number),
            **({"ClientRequestToken": token} if token else {}),
        }
        for number, (logical_id, status) in enumerate(told)
    ]
    return made[::-1]


def expect_plan(stub: Stubber, *described: dict[str, Any]) -> None:
    """Expect what a plan asks for: `described` are the answers about the change set, the last of which is whole."""
    stub.add_response("describe_stacks", stack("UPDATE_COMPLETE"))
    stub.add_response("list_change_sets", {"Summaries": []})
    stub.add_response("create_change_set", {})
    for answer in described:
        stub.add_response("describe_change_set", answer)
    if described and described[-1]["Status"] == "CREATE_COMPLETE":
        stub.add_response("get_template", {"TemplateBody": "{}"})


def apply(cloud: CloudFormation, seen: Recorder | None = None) -> None:
    with pending(cloud, PLAN, DEV) as change:
        change.apply(seen or Recorder())


def expect_start(stub: Stubber) -> None:
    stub.add_response(
        "describe_stack_events", {"StackEvents": events(("tap-dev", "CREATE_COMPLETE"), token="old")}
    )
    stub.add_response("execute_change_set", {})


def test_a_change_set_of_several_pages_is_described_whole(cloud: CloudFormation, stub: Stubber) -> None:
    expect_plan(stub, described("CREATE_COMPLETE", changes=3, NextToken="2"), described("CREATE_COMPLETE", changes=2))

    assert len(planned(cloud, DEV, "{}").changes) == 5


def test_a_change_says_all_that_the_api_says(cloud: CloudFormation, stub: Stubber) -> None:
    expect_plan(stub, described("CREATE_COMPLETE", changes=1))

    (change,) = planned(cloud, DEV, "{}").changes
    assert (change.action, change.replacement, change.policy_action) == (
        "Modify",
        "Conditional",
        "ReplaceAndRetain",
    )
    assert change.scope == ("Properties", "Tags")


def test_a_change_set_is_waited_for(cloud: CloudFormation, stub: Stubber, pauses: list[float]) -> None:
    expect_plan(stub, described("CREATE_PENDING"), described("CREATE_IN_PROGRESS"),
                described("CREATE_COMPLETE", changes=1))

    planned(cloud, DEV, "{}")
    assert pauses == [0.1, 0.2]


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information.",
        "No updates are to be performed.",
    ],
)
def test_both_wordings_of_no_changes_are_an_empty_plan(
    cloud: CloudFormation, stub: Stubber, reason: str
) -> None:
    expect_plan(stub, described("FAILED", reason))

    assert planned(cloud, DEV, "{}").empty


def test_a_change_set_of_outputs_alone_is_not_empty(cloud: CloudFormation, stub: Stubber) -> None:
    expect_plan(stub, described("CREATE_COMPLETE"))

    assert not planned(cloud, DEV, "{}").empty


def test_a_failed_change_set_gives_its_reason_and_is_deleted(cloud: CloudFormation, stub: Stubber) -> None:
    expect_plan(stub, described("FAILED", "Export a is\n taken"))
    stub.add_response("delete_change_set", {}, {"StackName": "tap-dev", "ChangeSetName": "tap-1"})

    with pytest.raises(
        InputError, match=r"^CloudFormation cannot create a change set for stack tap-dev: Export a is taken$"
    ):
        planned(cloud, DEV, "{}")
    stub.assert_no_pending_responses()


def test_a_change_set_still_being_computed_is_deleted_when_it_can_be(
    cloud: CloudFormation, stub: Stubber, pauses: list[float]
) -> None:
    stub.add_client_error("delete_change_set", "InvalidChangeSetStatus")
    stub.add_response("delete_change_set", {})

    with pending(cloud, PLAN, DEV):
        pass
    assert pauses == [0.1]


@pytest.mark.parametrize(
    ("status", "error", "command"),
    [
        ("ROLLBACK_FAILED", NeedsRecovery, "tap recover dev"),
        ("DELETE_FAILED", NeedsRecovery, "tap recover dev"),
        ("CREATE_FAILED", NeedsRecovery, "tap recover dev"),
        ("UPDATE_FAILED", NeedsRecovery, "tap recover dev"),
        ("UPDATE_ROLLBACK_FAILED", NeedsRecovery, "tap recover dev"),
        ("UPDATE_IN_PROGRESS", LeftRunning, "tap watch dev"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", LeftRunning, "tap watch dev"),
        ("DELETE_IN_PROGRESS", LeftRunning, "tap watch dev"),
    ],
)
def test_a_stack_that_takes_no_change_set_names_the_next_command(
    cloud: CloudFormation, stub: Stubber, status: str, error: type[TapError], command: str
) -> None:
    stub.add_response("describe_stacks", stack(status))

    with pytest.raises(error, match=rf"{status}.*{command}"):
        planned(cloud, DEV, "{}")


def test_every_status_that_cloudformation_knows_is_judged(aws: Any) -> None:
    judged = {
        status: states.obstacle(DEV, status)
        for status in aws.meta.service_model.shape_for("StackStatus").enum
    }

    assert {status for status, obstacle in judged.items() if obstacle is None} == {
        "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE", "DELETE_COMPLETE", "REVIEW_IN_PROGRESS",
    }  # fmt: skip
    busy = {status for status, obstacle in judged.items() if isinstance(obstacle, LeftRunning)}
    assert busy == {status for status in judged if status.endswith("_IN_PROGRESS")} - {"REVIEW_IN_PROGRESS"}


def test_a_rollback_of_three_hundred_events_hides_nothing(cloud: CloudFormation, stub: Stubber) -> None:
    told = [("tap-dev", "UPDATE_IN_PROGRESS"), ("Root", "CREATE_FAILED")]
    told += [(f"Topic{number}", "DELETE_COMPLETE") for number in range(297)]
    told += [("tap-dev", "UPDATE_ROLLBACK_COMPLETE")]
    page = events(*told, start=10)
    old = events(("tap-dev", "CREATE_COMPLETE"), token="old")
    expect_start(stub)
    stub.add_response("describe_stack_events", {"StackEvents": page[:100], "NextToken": "2"})
    stub.add_response("describe_stack_events", {"StackEvents": page[100:200], "NextToken": "3"})
    stub.add_response("describe_stack_events", {"StackEvents": page[200:] + old})
    seen = Recorder()

    with pytest.raises(StackFailed, match=r"Root .* CREATE_FAILED"):
        apply(cloud, seen)
    assert [(event.logical_id, event.status) for event in seen.events] == told


def test_what_an_earlier_operation_reports_late_does_not_end_the_watch(
    cloud: CloudFormation, stub: Stubber
) -> None:
    expect_start(stub)
    late = events(("tap-dev", "UPDATE_COMPLETE"), token="old", start=1)
    own = events(("tap-dev", "UPDATE_IN_PROGRESS"), ("tap-dev", "UPDATE_COMPLETE"), start=2)
    stub.add_response("describe_stack_events", {"StackEvents": late})
    stub.add_response("describe_stack_events", {"StackEvents": own + late})
    seen = Recorder()

    apply(cloud, seen)
    assert [event.token for event in seen.events] == ["1", "1"]


def test_events_without_a_token_are_followed_too(cloud: CloudFormation, stub: Stubber) -> None:
    expect_start(stub)
    own = events(("tap-dev", "UPDATE_COMPLETE"), token=None, start=2)
    stub.add_response("describe_stack_events", {"StackEvents": own})

    apply(cloud)
    stub.assert_no_pending_responses()


def test_a_failed_rollback_needs_recovery(cloud: CloudFormation, stub: Stubber) -> None:
    expect_start(stub)
    own = events(("Topic", "UPDATE_FAILED"), ("tap-dev", "UPDATE_ROLLBACK_FAILED"), start=2)
    stub.add_response("describe_stack_events", {"StackEvents": own})

    with pytest.raises(NeedsRecovery, match=r"Topic .* UPDATE_FAILED.*tap recover dev"):
        apply(cloud)


def test_a_change_set_that_somebody_overtook_is_deleted_and_says_so(
    cloud: CloudFormation, stub: Stubber
) -> None:
    stub.add_response("describe_stack_events", {"StackEvents": []})
    stub.add_client_error("execute_change_set", "InvalidChangeSetStatus")
    stub.add_response("describe_change_set", {"ExecutionStatus": "OBSOLETE"})
    stub.add_response("delete_change_set", {})

    with pytest.raises(TapError, match=r"changed by another process"):
        apply(cloud)
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "InvalidClientTokenId",
                                  "InvalidSignatureException", "SignatureDoesNotMatch"])
def test_credentials_that_aws_rejects_say_how_to_renew_them(
    cloud: CloudFormation, stub: Stubber, code: str
) -> None:
    stub.add_client_error("describe_stacks", code)

    with pytest.raises(NotSignedIn, match=rf"{code}.*aws sso login") as caught:
        planned(cloud, DEV, "{}")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("code", "message"), [
    ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ("SignatureDoesNotMatch", "Signature expired: 20260301T110000Z is now earlier than 20260301T114500Z"),
    ("InvalidSignatureException", "Signature not yet current: 20260301T130000Z is still later than 20260301T121500Z"),
])  # fmt: skip
def test_a_clock_that_is_wrong_is_called_so(cloud: CloudFormation, stub: Stubber, code: str, message: str) -> None:
    stub.add_client_error("describe_stacks", code, message)

    with pytest.raises(NotSignedIn, match=rf"^this machine's clock is out of sync with AWS \({code}: {message}\): "):
        planned(cloud, DEV, "{}")


def test_a_refused_call_is_one_line_that_names_it(cloud: CloudFormation, stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "AccessDenied", "User x is not\nauthorized")

    with pytest.raises(CallFailed, match=r"^AWS does not allow DescribeStacks: User x is not authorized$"):
        cloud.outputs(DEV)


def test_a_refusal_without_a_reason_is_called_so(cloud: CloudFormation, stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "400", "", 400)

    with pytest.raises(CallFailed, match=r"rejected DescribeStacks \(400\): no reason given$"):
        cloud.aws.call("describe_stacks", StackName="x")

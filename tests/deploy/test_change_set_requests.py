"""What a change set asks CloudFormation for, and which errors count as done."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from deploy_fakes import DEV, changed
from memory_aws import MemoryAws
from memory_service import refusal

from tap.deploy import changesets
from tap.deploy.aws import AwsClient
from tap.deploy.changesets import create
from tap.deploy.models import CallFailed, Environment, Import, InputError

ROLE = "arn:aws:iam::123456789012:role/execution"
ALARM = {"Arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a", "Type": "AWS::CloudWatch::Alarm"}


def request(env: Environment = DEV, kind: str = "UPDATE", **more: Any) -> dict[str, Any]:
    sent: list[dict[str, Any]] = []

    def call(method: str, **members: Any) -> Any:
        assert method == "create_change_set"
        sent.append(members)
        return {}

    create(call, env, {"TemplateBody": "{}"}, kind, "tap-1", **more)
    found, = sent
    return found


def test_a_plain_change_set_asks_for_no_more_than_it_needs() -> None:
    assert request() == {
        "StackName": "tap-dev", "ChangeSetName": "tap-1", "ChangeSetType": "UPDATE", "ClientToken": "tap-1",
        "Description": "tap: environment dev", "TemplateBody": "{}", "Parameters": [], "Tags": [],
        "Capabilities": list(DEV.target.capabilities)}


def test_parameters_and_tags_are_those_of_the_environment() -> None:
    env = changed(DEV, parameters={"Size": "2"}, previous=frozenset({"B", "A"}), tags={"Team": "payments"})
    found = request(env)
    assert found["Parameters"] == [
        {"ParameterKey": "Size", "ParameterValue": "2"}, {"ParameterKey": "A", "UsePreviousValue": True},
        {"ParameterKey": "B", "UsePreviousValue": True}]
    assert found["Tags"] == [{"Key": "Team", "Value": "payments"}]


@pytest.mark.parametrize(("fields", "kind", "member", "value"), [
    ({"role_arn": ROLE}, "UPDATE", "RoleARN", ROLE),
    ({"notification_topics": ()}, "UPDATE", "NotificationARNs", []),
    ({"on_failure": "DELETE"}, "CREATE", "OnStackFailure", "DELETE"),
    ({"on_failure": "DELETE"}, "UPDATE", "OnStackFailure", None),
    ({"on_failure": "DO_NOTHING"}, "UPDATE", "OnStackFailure", "DO_NOTHING"),
    ({"drift": True}, "UPDATE", "DeploymentMode", "REVERT_DRIFT"), ({"drift": True}, "CREATE", "DeploymentMode", None),
    ({}, "UPDATE", "DeploymentMode", None), ({"mode": "EXPRESS"}, "UPDATE", "DeploymentConfig", {"Mode": "EXPRESS"})])
def test_what_the_target_and_the_options_ask_for(
        fields: dict[str, Any], kind: str, member: str, value: Any) -> None:
    assert request(changed(DEV, **fields), kind).get(member) == value


@pytest.mark.parametrize(("kind", "drift", "asked"), [
    ("UPDATE", False, True), ("CREATE", False, True), ("IMPORT", False, None), ("UPDATE", True, None)])
def test_nested_stacks_are_looked_into_where_cloudformation_does_that(kind: str, drift: bool, asked: Any) -> None:
    assert request(changed(DEV, drift=drift), kind, nested=True).get("IncludeNestedStacks") == asked
    assert "IncludeNestedStacks" not in request(kind=kind)


def test_alarms_roll_back_and_are_watched_for_as_long_as_the_target_says() -> None:
    env = changed(DEV, monitoring_minutes=7)
    assert request(env, triggers=[ALARM])["RollbackConfiguration"] == {
        "RollbackTriggers": [ALARM], "MonitoringTimeInMinutes": 7}
    assert request(env, triggers=[])["RollbackConfiguration"] == {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
    assert "RollbackConfiguration" not in request(env)


@pytest.mark.parametrize("code", ["ChangeSetNotFound", "ChangeSetNotFoundException"])
def test_a_change_set_that_does_not_exist_is_deleted_already(code: str) -> None:
    aws = MemoryAws()
    aws.add()
    aws.always["delete_change_set"] = refusal(code)
    changesets.delete(AwsClient(lambda _service: aws, lambda _seconds: None), DEV, "UPDATE", "tap-1")


def test_so_is_one_of_a_stack_that_does_not_exist_and_another_refusal_is_an_error() -> None:
    aws = MemoryAws()
    client = AwsClient(lambda _service: aws, lambda _seconds: None)
    aws.always["delete_change_set"] = refusal("ValidationError", "Stack [tap-dev] does not exist")
    changesets.delete(client, DEV, "UPDATE", "tap-1")
    aws.always["delete_change_set"] = refusal("AccessDenied", "you may not")
    with pytest.raises(CallFailed, match="you may not"):
        changesets.delete(client, DEV, "UPDATE", "tap-1")
    aws.always["delete_change_set"] = ReadTimeoutError(endpoint_url="http://aws")
    with pytest.raises(CallFailed):
        changesets.delete(client, DEV, "UPDATE", "tap-1")


def test_what_is_wrong_with_properties_is_told_from_the_events() -> None:
    aws = MemoryAws()
    wrong = {"EventType": "VALIDATION_ERROR", "LogicalResourceId": "Topic", "ValidationPath": "/Properties/Name",
             "ValidationStatusReason": "too long"}
    aws.__dict__["do_describe_events"] = lambda **_request: {"OperationEvents": [
        wrong, {**wrong, "ValidationStatusReason": "only a warning", "ValidationFailureMode": "WARN"},
        {**wrong, "EventType": "STACK_EVENT", "ValidationStatusReason": "another event"}]}
    client = AwsClient(lambda _service: aws, lambda _seconds: None)
    create(client.call, DEV, {"TemplateBody": "{}"}, "CREATE", "tap-1")
    change_set, = aws.change_sets.values()
    change_set.status, change_set.reason = "FAILED", "Properties validation failed"
    with pytest.raises(InputError) as caught:
        changesets.describe(client, DEV, "CREATE", "tap-1")
    assert caught.value.message.endswith("Properties validation failed\n  - Topic /Properties/Name: too long")


def test_only_change_sets_that_can_be_executed_are_pending_and_only_our_failed_ones_go() -> None:
    aws = MemoryAws()
    stack = aws.add()
    client = AwsClient(lambda _service: aws, lambda _seconds: None)
    for name in ("tap-failed", "tap-mine", "theirs", "theirs-failed", "tap-kept"):
        create(client.call, DEV, {"TemplateBody": '{"Resources": {}}'}, "CREATE", name)
    for change_set in aws.change_sets.values():
        failed = change_set.name.endswith("failed")
        change_set.status = "FAILED" if failed else "CREATE_COMPLETE"
        change_set.execution = "UNAVAILABLE" if failed else "AVAILABLE"
    kept = next(arn for arn, each in aws.change_sets.items() if each.name == "tap-kept")

    assert changesets.sweep(client.call, stack.stack_id, kept) == ["tap-mine", "theirs"]
    assert [each.name for each in aws.change_sets.values()] == ["tap-mine", "theirs", "theirs-failed", "tap-kept"]


def test_what_is_imported_is_named_by_type_logical_id_and_identifier() -> None:
    env = changed(DEV, imports=(Import("Assets", "AWS::S3::Bucket", {"BucketName": "assets"}),), import_existing=True)
    found = request(env, "IMPORT")
    assert found["ResourcesToImport"] == [{
        "ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Assets",
        "ResourceIdentifier": {"BucketName": "assets"}}]
    assert found["ImportExistingResources"] is True

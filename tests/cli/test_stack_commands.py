"""The commands that look at a stack, get it unstuck, or delete it."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from deploy_fakes import DEV, event
from memory_aws import NEW, OLD, TABLE, TOPIC, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

from tap.deploy.aws import AwsClient
from tap.deploy.diagnosis import diagnose
from tap.deploy.models import CallFailed, StackEvent, Target
from tap.deploy.targets import read_target


def test_the_status_of_several_environments_is_a_table(tap: Tap, stack: Stack) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")
    stack.protected = True

    assert tap("status", "dev", "prod") == 0
    assert [line.split() for line in tap.out.splitlines()[1:]] == [
        ["dev", "tap-dev", "CREATE_COMPLETE", "2026-03-01", "12:00:00+00:00", "yes"],
        ["prod", "tap-prod", "none", "no"]]


def test_the_status_names_change_sets_that_wait(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.do_create_change_set(stack.name, "theirs", "UPDATE", json.dumps(NEW), [])

    assert tap("status", "dev") == 0
    assert "dev: change set theirs is waiting to be executed" in tap.out


def test_an_environment_with_placeholders_can_be_looked_at(tap: Tap) -> None:
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {"Wrong": "REPLACE-IT"}}')

    assert tap("status", "dev", "--json") == 0
    assert json.loads(tap.out)["status"] == "none"


def test_events_are_those_of_the_latest_operation_or_all(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_FAILED"):
        aws._event(stack, stack.name, "AWS::CloudFormation::Stack", status)

    assert tap("events", "dev") == 0
    assert [line.split()[1] for line in tap.out.splitlines()] == ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"]
    tap("events", "dev", "--all", "--json")
    assert len(json.loads(tap.out)["events"]) == 5
    tap("events", "dev", "--failed")
    assert [line.split()[1] for line in tap.out.splitlines()] == ["UPDATE_FAILED"]


@pytest.mark.parametrize("command", ["events", "drift", "outputs", "watch"])
def test_without_a_stack_the_command_that_makes_it_is_told(tap: Tap, command: str) -> None:
    assert tap(command, "dev") == 2
    assert "stack tap-dev does not exist. Create it with: tap deploy dev" in tap.err


@pytest.mark.usefixtures("stack")
def test_that_there_are_no_outputs_is_said_to_people(tap: Tap) -> None:
    assert tap("outputs", "dev") == 0
    assert (tap.out, tap.err) == ("", "tap: stack tap-dev has no outputs\n")


def drifted(aws: MemoryAws, *drifts: dict[str, Any], status: str = "DETECTION_COMPLETE") -> None:
    answers = [{"DetectionStatus": "DETECTION_IN_PROGRESS"}, {"DetectionStatus": status}]
    aws.__dict__.update(
        do_detect_stack_drift=lambda StackName: {"StackDriftDetectionId": "1"},  # noqa: ARG005  (AWS's name)
        do_describe_stack_drift_detection_status=lambda StackDriftDetectionId: answers.pop(0),  # noqa: ARG005
        do_describe_stack_resource_drifts=lambda **_request: {"StackResourceDrifts": list(drifts)})


def drift(kind: str, path: str) -> dict[str, Any]:
    return {"LogicalResourceId": "Thing", "ResourceType": kind, "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [{"PropertyPath": path, "ExpectedValue": "1", "ActualValue": "2",
                                     "DifferenceType": "NOT_EQUAL"}]}


@pytest.mark.usefixtures("stack")
def test_drift_is_told_path_by_path_and_fails(tap: Tap, aws: MemoryAws) -> None:
    drifted(aws, drift("AWS::SNS::Topic", "/DisplayName"))

    assert tap("drift", "dev") == 1
    assert tap.out == "Thing  SNS::Topic  /DisplayName: 1 → 2\n"


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(("kind", "path", "why"), [
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "/Actions/0/ForwardConfig/TargetGroups/0/Weight",
     "ECS shifts traffic"),
    ("AWS::ECS::Service", "/DesiredCount", "auto scaling sets it")])
def test_drift_that_a_service_causes_itself_is_expected(
        tap: Tap, aws: MemoryAws, kind: str, path: str, why: str) -> None:
    drifted(aws, drift(kind, path))

    assert tap("drift", "dev") == 0
    assert f"(expected: {why}" in tap.out


@pytest.mark.usefixtures("stack")
def test_drift_that_cannot_be_told_is_an_error(tap: Tap, aws: MemoryAws) -> None:
    drifted(aws, status="DETECTION_FAILED")

    assert tap("drift", "dev") == 1
    assert "cannot detect drift" in tap.err


def test_two_environments_are_compared_without_asking_aws(tap: Tap, aws: MemoryAws) -> None:
    tap.document = {
        "Parameters": {"Size": {"Type": "Number", "Default": "1"}, "Environment": {"Type": "String"}},
        "Resources": {"Topic": {**TOPIC, "Properties": {"DisplayName": {"Ref": "Size"}}}}}
    (tap.root / "parameters/prod.json").write_text('{"Parameters": {"Size": "2"}}')

    assert tap("diff", "dev", "prod", "--json") == 0
    told = json.loads(tap.out)
    assert told["parameters"] == [{"name": "Size", "dev": "1", "prod": "2"},
                                  {"name": "Environment", "dev": "dev", "prod": "prod"}]
    assert told["resources"] == [{"path": "Topic.Properties.DisplayName", "dev": "1", "prod": "2"}]
    assert aws.calls == []


def test_a_deletion_says_what_is_lost_kept_and_costs_before_it_asks(
        tap: Tap, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    stack.template = json.dumps({"Resources": {
        "Table": TABLE, "Topic": TOPIC, "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain"},
        "Cluster": {"Type": "AWS::RDS::DBCluster"}}})
    kinds = {"Table": "AWS::DynamoDB::Table", "Topic": "AWS::SNS::Topic", "Key": "AWS::KMS::Key",
             "Cluster": "AWS::RDS::DBCluster"}
    stack.resources = {name: (kind, "CREATE_COMPLETE") for name, kind in kinds.items()}

    assert tap("delete", "dev") == 3
    assert tap.out.splitlines()[:5] == [
        "permanently deleted: Table", "deleted after a final snapshot: Cluster", "kept in the account: Key",
        "keeps costing: Key: 1 USD a month, Cluster: by the GB of its snapshot", "also deleted: 1 other resource"]
    assert stack.status == "CREATE_COMPLETE"


LOOP = {"Transform": "AWS::LanguageExtensions",
        "Resources": {"Fn::ForEach::Tables": ["Name", ["A", "B"], {"Table${Name}": TABLE}]}}


@pytest.mark.parametrize("template", [LOOP, {"Resources": {"TableA": "no map"}}, {"Resources": ["no map"]}])
def test_a_stack_whose_template_cannot_be_evaluated_is_deleted_by_cloudformations_list(
        tap: Tap, aws: MemoryAws, stack: Stack, template: Any) -> None:
    stack.template = json.dumps(template)
    stack.resources = {"TableA": ("AWS::DynamoDB::Table", "CREATE_COMPLETE")}

    assert tap("delete", "dev", "--yes") == 0
    assert "warning: the deployed template cannot be read" in tap.out
    assert "permanently deleted: TableA" in tap.out
    assert aws.stacks == {}


def test_a_plan_from_a_loop_has_cloudformations_changes_and_a_warning(tap: Tap, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {"Table": TABLE}, "Outputs": LOOP["Resources"]})

    assert tap("plan", "dev") == 0
    assert "not compared with the new one: only CloudFormation evaluates Fn::ForEach::Tables" in " ".join(
        tap.out.split())


def balancer(protected: str) -> dict[str, Any]:
    attribute = {"Key": "deletion_protection.enabled", "Value": protected}
    return {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"LoadBalancerAttributes": [attribute]}}


@pytest.mark.parametrize(("told", "resource"), [
    ("has DeletionProtectionEnabled: turn it off with a deployment first",
     {**TABLE, "Properties": {"DeletionProtectionEnabled": True}}),
    ("has deletion_protection.enabled: turn it off with a deployment first", balancer("true")),
    ("is not empty", {"Type": "AWS::S3::Bucket"})])
def test_what_blocks_a_deletion_is_said_before_it_fails(
        tap: Tap, aws: MemoryAws, stack: Stack, told: str, resource: dict[str, Any]) -> None:
    stack.template = json.dumps({"Resources": {"Thing": resource}})
    stack.resources = {"Thing": (resource["Type"], "CREATE_COMPLETE")}
    aws.__dict__["do_list_object_versions"] = lambda **_request: {"Versions": [{}]}

    assert tap("delete", "dev", "--yes") == 4
    assert f"Thing {told}" in tap.err
    assert "delete_stack" not in aws.calls


def test_a_load_balancer_without_protection_blocks_nothing(tap: Tap, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {"Thing": balancer("false")}})
    stack.resources = {"Thing": ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CREATE_COMPLETE")}

    assert tap("delete", "dev", "--yes") == 0


def test_deleting_no_stack_is_success(tap: Tap) -> None:
    assert tap("delete", "dev", "--yes") == 0


def test_the_doctor_says_what_is_missing_and_how_to_make_it(tap: Tap, aws: MemoryAws) -> None:
    def missing(**_request: Any) -> Any:
        raise refusal("NoSuchEntity")

    aws.meta.partition = "aws"
    aws.__dict__.update(do_describe_account_limits=lambda: {"AccountLimits": [{"Name": "StackLimit", "Value": 2000}]},
                        do_get_role=missing, do_get_service_quota=lambda **_request: {"Quota": {"Value": 5.0}})

    assert tap("doctor", "dev") == 1
    create = "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    assert f"does not exist. Create it with: {create}\n" in tap.out
    told = " ".join(tap.out.split())
    assert "ok account 123456789012" in told
    assert "ok quota of VPCs 5, of which a stack uses up to 1" in told


def test_the_doctor_examines_what_the_parameters_name(tap: Tap, aws: MemoryAws) -> None:
    def unknown(**_request: Any) -> Any:
        raise refusal("AccessDenied")

    aws.meta.partition = "aws"
    aws.__dict__.update(do_describe_account_limits=unknown, do_get_role=unknown, do_get_service_quota=unknown,
                        do_list_cost_allocation_tags=unknown)
    tap.document = {"Parameters": {"MonthlyBudget": {"Type": "Number"}}, "Resources": {}}
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {"MonthlyBudget": "100"}}')

    tap("doctor", "dev")

    assert "cost allocation tag" in tap.out


def test_the_doctors_commands_name_the_region_and_not_the_endpoint(tap: Tap, aws: MemoryAws) -> None:
    def missing(**_request: Any) -> Any:
        raise refusal("NoSuchBucket")

    aws.meta.partition = "aws"
    aws.meta.endpoint_url = "http://127.0.0.1:4566"
    aws.__dict__.update(do_describe_account_limits=missing, do_get_role=missing, do_get_service_quota=missing,
                        do_head_bucket=missing)
    (tap.root / "parameters/targets.toml").write_text('[dev]\nartifact_bucket = "templates"\n')

    assert tap("doctor", "dev") == 1
    assert f"eu-west-1 at {aws.meta.endpoint_url}\n" in tap.out
    assert "or aws s3 mb s3://templates --region eu-west-1\n" in tap.out


class Services:
    """Answers of several services, by method; what is not there is refused."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def call(self, method: str, **_request: Any) -> Any:
        if method not in self.answers:
            raise CallFailed("no", "InvalidAction")
        return self.answers[method]

    def service(self, _service: str) -> Any:
        return self.call


def diagnosis(services: Services, failure: StackEvent) -> list[str]:
    return list(diagnose(cast(AwsClient, services), DEV, failure))


SERVICE = replace(event("Service", "CREATE_FAILED", "not stable", "AWS::ECS::Service"),
                  physical_id="arn:aws:ecs:eu-west-1:1:service/cluster/web")


def test_a_service_that_does_not_come_up_tells_why_its_task_stopped_and_its_last_lines() -> None:
    services = Services(
        describe_services={"services": [{"events": [{"message": "unable to place"}]}]},
        list_tasks={"taskArns": ["arn:t"]},
        describe_tasks={"tasks": [{
            "taskArn": "arn:aws:ecs:eu-west-1:1:task/cluster/abc", "taskDefinitionArn": "d",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "web", "exitCode": 1, "reason": "OutOfMemory"}]}]},
        describe_task_definition={"taskDefinition": {"containerDefinitions": [{"name": "web", "logConfiguration": {
            "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}}}]}},
        get_log_events={"events": [{"message": "no database\n"}]})

    assert diagnosis(services, SERVICE) == [
        "ECS: unable to place", "task stopped: Essential container in task exited",
        "container web: exit code 1, OutOfMemory", "log: no database"]


def test_a_custom_resource_tells_the_last_lines_of_its_functions_log() -> None:
    made = event("Thing", "CREATE_FAILED", "failed", "Custom::Thing")
    services = Services(
        get_template={"TemplateBody": "Resources:\n  Thing:\n    Properties:\n      ServiceToken: !GetAtt F.Arn\n"},
        describe_stack_resource={"StackResourceDetail": {"PhysicalResourceId": "f-1"}},
        get_function_configuration={"FunctionName": "f-1", "LoggingConfig": {"LogGroup": "g"}},
        describe_log_streams={"logStreams": [{"logStreamName": "s"}]},
        get_log_events={"events": [{"message": "KeyError: 'x'"}]})

    assert diagnosis(services, made) == ["log: KeyError: 'x'"]


def test_a_validation_error_is_told_with_its_path_and_a_hook_with_its_reason() -> None:
    services = Services(describe_events={"OperationEvents": [
        {"LogicalResourceId": "Topic", "ValidationPath": "/Resources/Topic/Properties/Name",
         "ValidationStatusReason": "too long"},
        {"LogicalResourceId": "Topic", "HookType": "My::Hook", "HookStatus": "HOOK_COMPLETE_FAILED",
         "HookStatusReason": "not encrypted"},
        {"LogicalResourceId": "Other", "ValidationStatusReason": "not asked for"}]})

    assert diagnosis(services, event("Topic", "CREATE_FAILED")) == [
        "/Resources/Topic/Properties/Name: too long", "hook My::Hook (HOOK_COMPLETE_FAILED): not encrypted"]


def test_where_nobody_knows_more_nothing_is_said() -> None:
    assert diagnosis(Services(), SERVICE) == []


def test_what_a_failure_is_diagnosed_as_comes_after_its_reason(tap: Tap, aws: MemoryAws) -> None:
    tap.document = NEW
    aws.failing.add("Topic")
    aws.__dict__["do_describe_events"] = lambda **_request: {"OperationEvents": [
        {"LogicalResourceId": "Topic", "HookType": "H", "HookStatus": "HOOK_FAILED", "HookStatusReason": "why"}]}

    assert tap("deploy", "dev", "--yes") == 1
    first, second = tap.err.splitlines()
    assert "Topic (AWS::SNS::Topic) CREATE_FAILED: no capacity" in first
    assert first.endswith(f"tap recover dev --root {tap.root}")
    assert second == "tap: hook H (HOOK_FAILED): why"


@pytest.mark.parametrize(("setting", "told"), [
    ('accounts = ["12"]', 'accounts "12" must be an account id of twelve digits'),
    ('accounts = "123456789012"', "accounts must be a list of strings"),
    ("accounts = [1]", "accounts must be a list of strings"),
    ('role_arn = "deploy"', "must be the ARN of an IAM role"),
    ('artifact_bucket = "My Bucket"', "must be the name of a bucket"),
    ('on_failure = "SHRUG"', "must be one of ROLLBACK, DELETE, DO_NOTHING"),
    ('mode = "FAST"', "must be one of STANDARD, EXPRESS"),
    ("monitoring_minutes = 181", "must be a whole number from 0 to 180"),
    ("monitoring_minutes = true", "must be a whole number"),
    ('rollback_alarms = ["a", "b", "c", "d", "e", "f"]', "may have up to 5 items"),
    ('capabilities = ["CAPABILITY_ALL"]', 'capabilities "CAPABILITY_ALL" must be one of CAPABILITY_IAM'),
])  # fmt: skip
def test_a_target_that_cannot_be_is_one_line(tap: Tap, aws: MemoryAws, setting: str, told: str) -> None:
    (tap.root / "parameters/targets.toml").write_text(f"[dev]\n{setting}\n")

    assert tap("deploy", "dev", "--yes") == 2
    assert told in tap.err
    assert (len(tap.err.splitlines()), aws.calls) == (1, [])


def test_a_target_says_all_it_knows(tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/targets.toml").write_text(
        '[default]\nmonitoring_minutes = 5\n[dev]\naccounts = ["123456789012"]\nrollback_alarms = ["Health"]\n')
    assert read_target(tmp_path, "dev", ["dev"]) == Target(
        "tap-dev", monitoring_minutes=5, accounts=("123456789012",), rollback_alarms=("Health",))


@pytest.mark.parametrize(("key", "value"), [
    ("accounts", "123456789012"), ("rollback_alarms", "Health"), ("capabilities", "CAPABILITY_IAM")])
def test_an_empty_list_lifts_what_all_environments_have(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/targets.toml").write_text(f'[default]\n{key} = ["{value}"]\n[dev]\n{key} = []\n')
    assert getattr(read_target(tmp_path, "dev", ["dev"]), key) == ()


ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:health"


@pytest.mark.parametrize("value", ["health", ALARM])
@pytest.mark.parametrize("kind", ["AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm"])
def test_the_stacks_own_alarm_rolls_an_update_back(
        tap: Tap, aws: MemoryAws, stack: Stack, value: str, kind: str) -> None:
    (tap.root / "parameters/targets.toml").write_text(
        '[dev]\nrollback_alarms = ["ServiceHealthAlarm"]\nmonitoring_minutes = 7\n')
    outputs(aws, stack, value, kind)

    assert tap("plan", "dev") == 0
    assert dict(aws.requests)["create_change_set"]["RollbackConfiguration"] == {
        "RollbackTriggers": [{"Arn": ALARM, "Type": kind}], "MonitoringTimeInMinutes": 7}


def outputs(aws: MemoryAws, stack: Stack, value: str, kind: str) -> None:
    plain = aws.do_describe_stacks

    def with_output(StackName: str) -> Any:
        answer = plain(StackName)
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": "ServiceHealthAlarm", "OutputValue": value}]
        return answer

    aws.__dict__["do_describe_stacks"] = with_output
    aws.__dict__["do_list_stack_resources"] = lambda StackName: {"StackResourceSummaries": [  # noqa: ARG005
        {"LogicalResourceId": "Alarm", "PhysicalResourceId": value, "ResourceType": kind,
         "ResourceStatus": "CREATE_COMPLETE"}]}
    stack.template = json.dumps(OLD)


def test_an_alarm_that_is_not_the_stacks_is_refused(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    (tap.root / "parameters/targets.toml").write_text('[dev]\nrollback_alarms = ["ServiceHealthAlarm"]\n')
    outputs(aws, stack, "somebody-elses", "AWS::SNS::Topic")

    assert tap("plan", "dev") == 4
    assert "is not an alarm of the stack" in tap.err


def test_a_first_creation_has_no_alarm_yet(tap: Tap, aws: MemoryAws) -> None:
    (tap.root / "parameters/targets.toml").write_text('[dev]\nrollback_alarms = ["ServiceHealthAlarm"]\n')

    assert tap("plan", "dev") == 0
    assert "RollbackConfiguration" not in dict(aws.requests)["create_change_set"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_completed(shell: str) -> None:
    from click.shell_completion import get_completion_class

    from tap.cli.main import tap

    found = get_completion_class(shell)
    assert found is not None
    made = found(tap, {}, "tap", "_TAP_COMPLETE")
    assert [each.value for each in made.get_completions([], "de")] == ["delete", "deploy"]
    assert [each.value for each in made.get_completions(["deploy"], "st")] == ["staging"]


def test_a_closed_standard_input_is_no(tap: Tap, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert tap("delete", "dev") == 3
    assert stack.status == "CREATE_COMPLETE"


def test_a_bucket_that_a_custom_resource_empties_does_not_block(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Emptier": {"Type": "Custom::Empty", "Properties": {"Bucket": {"Ref": "Bucket"}}}}})
    stack.resources = {name: (kind, "CREATE_COMPLETE")
                       for name, kind in (("Bucket", "AWS::S3::Bucket"), ("Emptier", "Custom::Empty"))}
    aws.__dict__["do_list_object_versions"] = lambda **_request: {"Versions": [{}]}

    assert tap("delete", "dev", "--yes") == 0
    assert "emptied first, including all versions: Bucket" in tap.out


def test_an_output_that_another_stack_imports_blocks(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    plain = aws.do_describe_stacks

    def with_export(StackName: str) -> Any:
        answer = plain(StackName)
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": "Url", "OutputValue": "u", "ExportName": "url"}]
        return answer

    aws.__dict__.update(do_describe_stacks=with_export,
                        do_list_imports=lambda ExportName: {"Imports": ["other"]})  # noqa: ARG005
    assert tap("delete", "dev", "--yes") == 4
    assert "output Url is imported by other" in tap.err
    assert stack.status == "CREATE_COMPLETE"


def test_two_environments_are_compared_on_lines_that_fit(tap: Tap) -> None:
    tap.document = {
        "Parameters": {"Size": {"Type": "Number", "Default": "1"}, "Pin": {"Type": "String", "NoEcho": True}},
        "Conditions": {"IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "2"]}},
        "Resources": {"Topic": {**TOPIC, "Properties": {"DisplayName": {"Ref": "Size"}}},
                      "Spare": {**TOPIC, "Condition": "IsLarge"}}}
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {"Pin": "1111"}}')
    (tap.root / "parameters/prod.json").write_text('{"Parameters": {"Size": "2", "Pin": "2222"}}')

    assert tap("diff", "dev", "prod") == 0
    lines = [line.split() for line in tap.out.splitlines()]
    assert ["Size", "1", "2"] in lines
    assert lines[-3:] == [["Topic"], ["DisplayName:", "1", "→", "2"], ["Only", "in", "prod:", "Spare"]]
    assert "1111" not in tap.out
    assert max(map(len, tap.out.splitlines())) <= 80


def test_environments_that_do_not_differ_are_said_not_to(tap: Tap) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")
    (tap.root / "parameters/dev.json").write_text("{}")

    assert tap("diff", "dev", "prod") == 0
    assert tap.out == "dev and prod differ only in their names.\n"


def test_a_deployment_as_json_is_json_and_nothing_else(tap: Tap, stack: Stack) -> None:
    assert tap("deploy", "dev", "--yes", "--json") == 0
    told = json.loads(tap.out)
    assert {name: told[name] for name in ("environment", "stack", "outcome", "verdict", "outputs")} == {
        "environment": "dev", "stack": stack.name, "outcome": "applied", "verdict": "safe", "outputs": {}}
    assert [each["logical_id"] for each in told["changes"]] == ["Topic"]


def test_early_validation_is_told_with_its_path(tap: Tap, aws: MemoryAws) -> None:
    plain = aws.do_describe_change_set

    def failed(**request: Any) -> Any:
        return {**plain(**request), "Status": "FAILED", "StatusReason": "AWS::EarlyValidation::PropertyValidation"}

    aws.__dict__.update(do_describe_change_set=failed, do_describe_events=lambda **_request: {"OperationEvents": [
        {"EventType": "VALIDATION_ERROR", "LogicalResourceId": "Topic", "ValidationPath": "/Resources/Topic/Properties",
         "ValidationStatusReason": "unknown property Nmae", "ValidationFailureMode": "FAIL"},
        {"EventType": "VALIDATION_ERROR", "ValidationStatusReason": "a mere warning", "ValidationFailureMode": "WARN"},
        {"EventType": "STACK_EVENT", "ValidationStatusReason": "something else"}]})

    assert tap("plan", "dev") == 2
    assert tap.err.splitlines() == [
        "tap: CloudFormation cannot create a change set for stack tap-dev: "
        "AWS::EarlyValidation::PropertyValidation",
        "  - Topic /Resources/Topic/Properties: unknown property Nmae"]
    assert aws.stacks == {}

"""Taking resources that exist into a stack."""

import json
from typing import Any

import pytest
from memory_aws import TABLE, TOPIC, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

KEPT = {**TOPIC, "DeletionPolicy": "Retain"}
STAGE = {"Type": "AWS::ApiGateway::Stage", "DeletionPolicy": "Retain"}


@pytest.fixture(autouse=True)
def account(aws: MemoryAws, tap: Tap) -> None:
    aws.identifiers = {"AWS::SNS::Topic": ["TopicArn"], "AWS::ApiGateway::Stage": ["RestApiId,StageName"],
                       "AWS::DynamoDB::Table": ["TableName"]}
    tap.document = {"Resources": {"Table": TABLE, "Topic": KEPT, "Stage": STAGE}}


def imported(aws: MemoryAws) -> list[dict[str, Any]]:
    request = dict(aws.requests)["create_change_set"]
    assert request["ChangeSetType"] == "IMPORT"
    return list(request["ResourcesToImport"])


@pytest.mark.parametrize("value", ["arn:aws:sns:eu-west-1:1:t", "TopicArn:arn:aws:sns:eu-west-1:1:t"])
def test_a_resource_is_taken_into_a_stack_by_what_aws_knows_it_by(
        tap: Tap, aws: MemoryAws, stack: Stack, value: str) -> None:
    assert tap("import", "dev", f"Topic={value}", "--yes") == 0
    assert imported(aws) == [{"ResourceType": "AWS::SNS::Topic", "LogicalResourceId": "Topic",
                              "ResourceIdentifier": {"TopicArn": "arn:aws:sns:eu-west-1:1:t"}}]
    assert "Import Topic SNS::Topic safe: imported unchanged" in " ".join(tap.out.split())
    assert stack.status == "IMPORT_COMPLETE"


@pytest.mark.usefixtures("stack")
def test_a_resource_with_two_keys_is_named_by_both(tap: Tap, aws: MemoryAws) -> None:
    assert tap("import", "dev", "Stage=RestApiId:a1,StageName:prod", "--yes") == 0
    assert imported(aws)[0]["ResourceIdentifier"] == {"RestApiId": "a1", "StageName": "prod"}


def test_a_stack_may_begin_with_an_import(tap: Tap, aws: MemoryAws) -> None:
    assert tap("import", "dev", "Topic=arn", "--yes") == 0
    assert aws.stacks["tap-dev"].status == "IMPORT_COMPLETE"


def test_an_import_that_is_declined_leaves_nothing(tap: Tap, aws: MemoryAws) -> None:
    assert tap("import", "dev", "Topic=arn") == 3
    assert (aws.stacks, tap.left()) == ({}, [])


@pytest.mark.parametrize(("given", "told"), [
    ("Topik=x", "Topik is not a resource of the template: did you mean Topic?"),
    ("Table=x", "Table has no DeletionPolicy, without which CloudFormation imports nothing"),
    ("Custom=x", "Custom is of type Custom::Thing, which cannot be imported"),
    ("Alarm=x", "Alarm is of type AWS::CloudWatch::Alarm, which cannot be imported"),
    ("Stage=prod", "Stage=prod does not say which resource to import: Stage=RestApiId:VALUE,StageName:VALUE"),
    ("Topic", "an import is LOGICALID=VALUE, as in tap import dev AssetsBucket=my-bucket")])
@pytest.mark.usefixtures("stack")
def test_what_cannot_be_imported_is_refused_before_a_change_set_is_created(
        tap: Tap, aws: MemoryAws, given: str, told: str) -> None:
    tap.document["Resources"] |= {"Custom": {"Type": "Custom::Thing", "DeletionPolicy": "Retain"},
                                  "Alarm": {"Type": "AWS::CloudWatch::Alarm", "DeletionPolicy": "Retain"}}

    assert tap("import", "dev", given, "--yes") == 2
    assert told in tap.err
    assert "create_change_set" not in aws.calls


@pytest.mark.usefixtures("stack")
def test_without_cloudformations_list_of_keys_the_key_is_given(tap: Tap, aws: MemoryAws) -> None:
    aws.always["get_template_summary"] = refusal("AccessDenied")

    for value in ("plain", "arn:aws:sns:eu-west-1:123456789012:plain"):
        assert tap("import", "dev", f"Topic={value}", "--yes") == 2
        assert f"Topic={value} does not say which resource to import: Topic=KEY:VALUE" in tap.err
    assert tap("import", "dev", "Topic=TopicArn:arn", "--yes") == 0


def test_what_an_import_puts_at_risk_is_said(tap: Tap, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {"Topic": KEPT, "Stage": STAGE}})
    tap.document["Resources"]["Table"] = {**TABLE, "DeletionPolicy": "Delete"}

    assert tap("import", "dev", "Table=accounts", "--yes") == 0
    assert "disruptive: from then on it is deleted, with what it holds" in " ".join(tap.out.split())


def test_cloudformations_refusal_of_other_changes_is_told(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.always["create_change_set"] = refusal(
        "ValidationError", "You have modified resources [Table] in your template that are not being imported.")

    assert tap("import", "dev", "Topic=arn", "--yes") == 2
    assert "You have modified resources [Table]" in tap.err
    assert stack.status == "CREATE_COMPLETE"


@pytest.mark.parametrize("command", [["plan", "dev"], ["deploy", "dev", "--yes"]])
@pytest.mark.usefixtures("stack")
def test_what_exists_under_a_name_of_the_template_is_taken_over_by_a_deployment(
        tap: Tap, aws: MemoryAws, command: list[str]) -> None:
    aws.existing = {"Topic": "arn:existing"}

    assert tap(*command, "--import-existing") == 0
    assert "Import  Topic  SNS::Topic" in tap.out
    assert dict(aws.requests)["create_change_set"]["ImportExistingResources"] is True
    assert command[0] == "deploy" or f"tap deploy dev --root {tap.root} --import-existing" in tap.out


@pytest.mark.usefixtures("stack")
def test_nothing_is_taken_over_unasked(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev") == 0
    assert "ImportExistingResources" not in dict(aws.requests)["create_change_set"]

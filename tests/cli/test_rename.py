"""`tap rename`: new logical ids by a stack refactor."""

import io
import json
import sys
from typing import Any

import pytest
from memory_aws import MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

from tap.deploy.refactor import renamed_template

TEMPLATE = {"Resources": {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "DependsOn": "Vpc", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::GetAtt": ["Vpc", "CidrBlock"]},
        "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "Vpc ${Vpc} ${Vpc.CidrBlock} ${VpcOther}"}}]}}}}


@pytest.fixture
def deployed(aws: MemoryAws) -> Stack:
    return aws.add(template=json.dumps(TEMPLATE), resources={"Vpc": ("AWS::EC2::VPC", "CREATE_COMPLETE")})


def test_a_rename_is_shown_executed_and_leads_to_a_plan(tap: Tap, deployed: Stack) -> None:
    assert tap("rename", "dev", "Vpc=Network", "--yes") == 0
    assert [line.rstrip() for line in tap.out.splitlines()] == [
        "Move  Network  EC2::VPC", "      safe: gets a new logical id", "      LogicalResourceId: Vpc → Network", "",
        "1 change: 1 Move.", f"Renamed. Compare with the template: tap plan dev --root {tap.root}"]
    assert list(json.loads(deployed.template)["Resources"]) == ["Network", "Subnet"]


def test_everything_that_refers_to_a_resource_follows_its_new_logical_id() -> None:
    subnet = renamed_template(TEMPLATE, {"Vpc": "Network"})["Resources"]["Subnet"]
    assert subnet == {"Type": "AWS::EC2::Subnet", "DependsOn": "Network", "Properties": {
        "VpcId": {"Ref": "Network"}, "CidrBlock": {"Fn::GetAtt": ["Network", "CidrBlock"]},
        "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "Vpc ${Network} ${Network.CidrBlock} ${VpcOther}"}}]}}


def test_a_variable_of_fn_sub_keeps_its_name() -> None:
    template = {"Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {
        "Text": {"Fn::Sub": ["${Vpc}", {"Vpc": "x"}]}}}}}
    renamed = renamed_template(template, {"Vpc": "Network"})
    assert renamed["Resources"]["Network"]["Properties"]["Text"] == {"Fn::Sub": ["${Vpc}", {"Vpc": "x"}]}


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(("rename", "problem"), [
    ("Vcp=Network", "Vcp is not a resource of the stack: did you mean Vpc?"),
    ("Vpc=Subnet", "Subnet is already a resource of the stack"),
    ("Vpc=Net-work", "Net-work is not a logical id: letters and digits only"),
    ("Vpc", "a rename is OLD=NEW, as in tap rename dev Vpc=Network")])
def test_a_wrong_rename_is_exit_code_2_and_sends_nothing(aws: MemoryAws, tap: Tap, rename: str, problem: str) -> None:
    assert tap("rename", "dev", rename, "--yes") == 2
    assert problem in tap.err
    assert "create_stack_refactor" not in aws.calls


@pytest.mark.usefixtures("deployed")
def test_what_cloudformation_refuses_is_told_with_its_reason(aws: MemoryAws, tap: Tap) -> None:
    aws.refactor_refusal = "Resource type AWS::EC2::VPC is not supported"
    assert tap("rename", "dev", "Vpc=Network", "--yes") == 2
    assert tap.err == "tap: CloudFormation rejected the rename: Resource type AWS::EC2::VPC is not supported\n"


@pytest.mark.usefixtures("deployed")
def test_without_an_answer_nothing_is_renamed(aws: MemoryAws, tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert tap("rename", "dev", "Vpc=Network") == 3
    assert "execute_stack_refactor" not in aws.calls


@pytest.mark.usefixtures("deployed")
def test_a_refactor_that_fails_is_exit_code_1(aws: MemoryAws, tap: Tap) -> None:
    aws.refactor_execution = "ROLLBACK_COMPLETE"
    assert tap("rename", "dev", "Vpc=Network", "--yes") == 1
    assert "were not changed: ROLLBACK_COMPLETE" in tap.err


@pytest.mark.usefixtures("deployed")
def test_a_refactor_that_cannot_be_watched_any_more_is_left_running(aws: MemoryAws, tap: Tap) -> None:
    aws.faults["describe_stack_refactor"] = [("", None), ("before", refusal("AccessDenied"))]  # type: ignore[list-item]
    assert tap("rename", "dev", "Vpc=Network", "--yes") == 5


def test_a_stack_that_does_not_exist_names_the_command_that_creates_it(tap: Tap) -> None:
    assert tap("rename", "dev", "Vpc=Network", "--yes") == 2
    assert tap.err == f"tap: stack tap-dev does not exist. Create it with: tap deploy dev --root {tap.root}\n"


def test_a_template_without_resources_has_nothing_to_rename() -> None:
    empty: dict[str, Any] = {"Resources": {}}
    with pytest.raises(Exception, match="Vpc is not a resource of the stack"):
        renamed_template(empty, {"Vpc": "Network"})

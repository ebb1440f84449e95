"""How bad a change can be; what is not known counts as destructive."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import cfnlint
import pytest
from deploy_fakes import STACK_ID
from hypothesis import given
from hypothesis import strategies as st
from looping import some

from tap.deploy.guard import INTERRUPTING, STATEFUL, Grade, check, holds_data, judge, unapproved, verdicts
from tap.deploy.models import Change, ChangeSet, Detail, Refused
from tap.stack import build

TABLE, TOPIC = "AWS::DynamoDB::Table", "AWS::SNS::Topic"
SAFE, DISRUPTIVE, DESTRUCTIVE, _ = Grade


def change(action: str, resource_type: str = TABLE, **more: Any) -> Change:
    physical_id = None if action == "Add" else "thing-1"
    return Change(action, "Thing", physical_id, resource_type, **{"replacement": None, **more})


def modify(resource_type: str = TABLE, replacement: str | None = "False", *recreations: str, **more: Any) -> Change:
    details = tuple(Detail("Properties", "Name", requires_recreation=each) for each in recreations)
    return change("Modify", resource_type, replacement=replacement, scope=("Properties",), details=details, **more)


@pytest.mark.parametrize(("what", "grade"), [
    (change("Add"), SAFE),
    (change("Import"), SAFE),
    (change("SyncWithActual"), SAFE),
    (change("Remove"), DESTRUCTIVE),
    (change("Remove", policy_action="Delete"), DESTRUCTIVE),
    (change("Remove", policy_action="Snapshot"), DESTRUCTIVE),
    (change("Remove", policy_action="Retain"), DISRUPTIVE),
    (change("Remove", TOPIC), DISRUPTIVE),
    (change("Dynamic"), DESTRUCTIVE),
    (change("Dynamic", TOPIC), DISRUPTIVE),
    (modify(), SAFE),
    (replace(modify(), physical_id=None), DESTRUCTIVE),
    (modify(TABLE, "False", "Never"), SAFE),
    (modify(TABLE, "False", "Never", "Always"), DESTRUCTIVE),
    (modify(TABLE, "Conditional"), DESTRUCTIVE),
    (modify(TABLE, "True", policy_action="ReplaceAndRetain"), DESTRUCTIVE),
    (modify(TOPIC, "True"), DISRUPTIVE),
    (modify(TOPIC, "Conditional"), DISRUPTIVE),
    (modify(TABLE, None), DESTRUCTIVE),
    (change("Modify", scope=("Tags",)), SAFE),
    (change("Modify", replacement="False", scope=("DeletionPolicy",)), DISRUPTIVE),
])  # fmt: skip
def test_each_kind_of_change_has_its_grade(what: Change, grade: Grade) -> None:
    assert judge(what).grade is grade


@pytest.mark.parametrize("strange", [
    change("Explode", TOPIC),
    change("Remove", TOPIC, policy_action="Shred"),
    modify(TOPIC, "Perhaps"),
    modify(TOPIC, "False", "Sometimes"),
    modify(TOPIC, "False", policy_action="ReplaceAndShred"),
])  # fmt: skip
def test_a_value_that_is_not_known_is_destructive_and_said(strange: Change) -> None:
    assert judge(strange).grade is DESTRUCTIVE
    assert judge(strange).reason.startswith("tap does not know the ")


ACTIONS = {"Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"}
REPLACEMENTS = {"True", "False", "Conditional"}


@given(st.text().filter(lambda text: text not in ACTIONS), st.text().filter(lambda text: text not in REPLACEMENTS),
       st.none() | st.text(), st.lists(st.text()))
def test_nothing_strange_is_less_than_destructive(
        action: str, replacement: str, policy_action: str | None, recreations: list[str]) -> None:
    details = tuple(Detail("Properties", requires_recreation=each) for each in recreations)
    made = change(action, TOPIC, replacement=replacement, policy_action=policy_action, details=details)
    assert judge(made).grade is DESTRUCTIVE
    as_modification = replace(made, action="Modify", scope=("Properties",))
    assert judge(as_modification).grade is DESTRUCTIVE


def test_every_value_of_the_api_is_known() -> None:
    model = boto3.client("cloudformation", region_name="eu-west-1").meta.service_model
    for action in some(model.shape_for("ChangeAction").enum):
        assert "does not know" not in judge(change(action, replacement="False")).reason
    for policy_action in some(model.shape_for("PolicyAction").enum):
        action = "Modify" if policy_action.startswith("Replace") else "Remove"
        found = judge(change(action, replacement="True" if action == "Modify" else None, policy_action=policy_action))
        assert "does not know" not in found.reason
    for replacement in some(model.shape_for("Replacement").enum):
        assert "does not know" not in judge(modify(TOPIC, replacement)).reason
    for recreation in some(model.shape_for("RequiresRecreation").enum):
        assert "does not know" not in judge(modify(TOPIC, "True", recreation)).reason


@pytest.mark.parametrize("property_", sorted(INTERRUPTING))
def test_what_interrupts_is_disruptive(property_: tuple[str, str]) -> None:
    resource_type, name = property_
    made = change("Modify", resource_type, replacement="False", scope=("Properties",),
                  details=(Detail("Properties", name, requires_recreation="Never"),))
    assert (judge(made).grade, judge(made).reason) == (DISRUPTIVE, f"{name} interrupts it")


def test_every_type_that_cfn_lint_calls_stateful_holds_data() -> None:
    file = Path(cfnlint.__file__).parent / "data/AdditionalSpecs/StatefulResources.json"
    assert set(json.loads(file.read_text())["ResourceTypes"]) <= STATEFUL


@pytest.mark.parametrize("resource_type", ["Custom::Anything", "Vendor::Service::Thing", "AWS::New::Thing"])
def test_a_type_that_is_not_known_holds_data(resource_type: str) -> None:
    assert holds_data(resource_type)


def test_the_types_of_the_template_that_hold_data_are_these() -> None:
    types = {resource["Type"] for resource in build().to_dict()["Resources"].values()}
    held = {each for each in types if holds_data(each) and each in STATEFUL}
    assert held >= {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance",
                    "AWS::S3::Bucket", "AWS::Logs::LogGroup"}


def plan(*changes: Change) -> ChangeSet:
    return ChangeSet("id", "name", "UPDATE", STACK_ID, changes)


def test_only_destructive_changes_need_approval() -> None:
    changes = plan(replace(modify(TABLE, "True"), logical_id="Table"), replace(modify(TOPIC, "True"), logical_id="T"))
    assert list(unapproved(verdicts(changes), [])) == ["Table"]


def test_each_destructive_change_is_approved_by_its_own_name() -> None:
    changes = plan(replace(change("Remove"), logical_id="A"), replace(change("Remove"), logical_id="B"))
    with pytest.raises(Refused, match=r"^destructive: B: deleted; it holds data\. To approve: --approve B$"):
        check(verdicts(changes), ["A", "table"])
    check(verdicts(changes), ["A", "B"])

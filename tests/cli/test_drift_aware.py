"""Plans that compare with the resources as they are, and bring back what has drifted."""

import json
from typing import Any

import pytest
from memory_aws import MemoryAws, Stack
from memory_tap import Tap


def drifted(kind: str = "AWS::SNS::Topic", name: str = "DisplayName", status: str = "MODIFIED") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "Path": f"/Properties/{name}", "RequiresRecreation": "Never",
              "BeforeValue": "by hand", "AfterValue": "as written",
              "Drift": {"PreviousValue": "as deployed", "ActualValue": "by hand"}}
    return {"Type": "Resource", "ResourceChange": {
        "Action": "Modify", "LogicalResourceId": "Drifted", "PhysicalResourceId": "d-1", "ResourceType": kind,
        "Replacement": "False", "Scope": ["Properties"], "ResourceDriftStatus": status,
        "Details": [{"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}]}}


@pytest.fixture(autouse=True)
def account(aws: MemoryAws) -> None:
    aws.drifted = [drifted()]


@pytest.mark.usefixtures("stack")
def test_a_plan_with_drift_shows_what_a_resource_has_was_given_and_will_have(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev", "--drift") == 0
    assert dict(aws.requests)["create_change_set"]["DeploymentMode"] == "REVERT_DRIFT"
    told = " ".join(tap.out.split())
    assert "Drifted SNS::Topic, drifted: modified" in told
    assert "DisplayName: by hand → as written (the template, drift: deployed as as deployed)" in told
    assert f"To apply: tap deploy dev --root {tap.root} --drift" in tap.out


@pytest.mark.usefixtures("stack")
def test_a_plan_without_drift_does_not_ask_for_it(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev") == 0
    assert "DeploymentMode" not in dict(aws.requests)["create_change_set"]
    assert "Drifted" not in tap.out


def test_a_new_stack_has_no_drift(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev", "--drift") == 0
    assert "DeploymentMode" not in dict(aws.requests)["create_change_set"]


@pytest.mark.usefixtures("stack")
def test_drift_is_in_the_json(tap: Tap) -> None:
    assert tap("plan", "dev", "--drift", "--json") == 0
    assert [change["drift"] for change in json.loads(tap.out)["changes"]] == [None, "MODIFIED"]


@pytest.mark.usefixtures("stack")
def test_drift_that_a_service_causes_is_not_brought_back_unsaid(tap: Tap, aws: MemoryAws) -> None:
    aws.drifted = [drifted("AWS::ECS::Service", "DesiredCount")]

    assert tap("plan", "dev", "--drift") == 0
    assert "DesiredCount differs because auto scaling sets it: this sets it back" in " ".join(tap.out.split())


def test_what_has_drifted_is_brought_back(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    assert tap("deploy", "dev", "--drift", "--yes") == 0
    assert stack.status == "UPDATE_COMPLETE"
    assert len(aws.executed) == 1


@pytest.mark.parametrize("option", [["--drift"], ["--import-existing"], ["--keep", "Size"]])
def test_what_only_aws_can_tell_is_not_planned_offline(tap: Tap, option: list[str]) -> None:
    assert tap("plan", "dev", "--offline", *option) == 2
    assert "cannot be combined with --offline" in tap.err


@pytest.mark.usefixtures("stack")
def test_a_saved_plan_has_its_drift_already(tap: Tap, aws: MemoryAws) -> None:
    file = str(tap.root / "plan.json")
    assert tap("plan", "dev", "--drift", "--save", file) == 0
    assert f"tap deploy dev --root {tap.root} --plan {file}\n" in tap.out

    assert tap("deploy", "dev", "--plan", file, "--drift", "--yes") == 2
    assert tap("deploy", "dev", "--plan", file, "--yes") == 0
    assert len(aws.executed) == 1

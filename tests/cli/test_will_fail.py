"""What `tap` does with an update that CloudFormation would fail."""

import json
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_service import refusal
from memory_tap import Tap

IN_PLACE = {"Replacement": "False", "PhysicalResourceId": "cluster-1"}


def role(path: str, name: str = "payments") -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "Path": path}}


def database(version: str) -> dict[str, Any]:
    return {"Type": "AWS::RDS::DBCluster", "Properties": {"EngineVersion": version}}


def exporting(name: str) -> dict[str, Any]:
    return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {"Vpc": {"Value": "vpc-1", "Export": {"Name": name}}}}


@pytest.fixture
def update(aws: MemoryAws, tap: Tap) -> Any:
    """Return a function that puts one template in place and plans another one."""

    def put(before: dict[str, Any], after: dict[str, Any], **changed: dict[str, Any]) -> None:
        resources = {name: (entry["Type"], "CREATE_COMPLETE") for name, entry in before["Resources"].items()}
        aws.add(template=json.dumps(before), resources=resources)
        aws.changed.update(changed)
        tap.document = after
        (tap.root / "parameters/targets.toml").write_text('[default]\ncapabilities = ["CAPABILITY_NAMED_IAM"]\n')

    return put


def test_a_replacement_that_collides_with_its_original_is_refused_with_the_way_out(
        aws: MemoryAws, tap: Tap, update: Any) -> None:
    update({"Resources": {"Role": role("/a/")}}, {"Resources": {"Role": role("/b/")}}, Role={"Replacement": "True"})
    assert tap("deploy", "dev", "--yes") == 4
    assert tap.err == (
        "tap: will fail: Role: its replacement is created first, with the same RoleName as the original: change "
        "RoleName as well, or remove it in one deployment and add it in the next. To approve: --approve Role\n")
    assert aws.executed == []


def test_who_knows_better_approves_it_by_name(aws: MemoryAws, tap: Tap, update: Any) -> None:
    update({"Resources": {"Role": role("/a/")}}, {"Resources": {"Role": role("/b/")}}, Role={"Replacement": "True"})
    assert tap("deploy", "dev", "--yes", "--approve", "Role") == 0
    assert len(aws.executed) == 1


def test_what_cloudformation_changes_in_place_does_not_collide(tap: Tap, update: Any) -> None:
    update({"Resources": {"Role": role("/a/")}}, {"Resources": {"Role": role("/b/")}}, Role={"Replacement": "False"})
    assert tap("plan", "dev", "--json") == 0
    assert json.loads(tap.out)["verdict"] == "safe"


def test_a_renamed_resource_names_the_command_with_the_environment(tap: Tap, update: Any) -> None:
    update({"Resources": {"Old": role("/")}}, {"Resources": {"New": role("/")}})
    assert tap("plan", "dev", "--json") == 0
    reasons = {each["logical_id"]: each["reason"] for each in json.loads(tap.out)["changes"]}
    assert reasons["New"].endswith("the resource has a new logical id: tap rename dev Old=New")


def test_the_version_that_runs_counts_and_not_the_deployed_templates(aws: MemoryAws, tap: Tap, update: Any) -> None:
    update({"Resources": {"Cluster": database("16.3")}}, {"Resources": {"Cluster": database("16.4")}},
           Cluster=IN_PLACE)
    aws.engine_version = "16.6"
    assert tap("plan", "dev", "--json") == 0
    change, = json.loads(tap.out)["changes"]
    assert (change["verdict"], change["reason"].partition(":")[0]) == (
        "will fail", "engine version 16.4 is lower than the running version 16.6; engines cannot be downgraded")


def test_a_major_upgrade_has_to_be_approved(tap: Tap, update: Any) -> None:
    update({"Resources": {"Cluster": database("16.3")}}, {"Resources": {"Cluster": database("17.1")}},
           Cluster=IN_PLACE)
    assert tap("deploy", "dev", "--yes") == 4
    assert "cannot be undone" in tap.err


def test_a_version_that_may_not_be_read_is_a_warning(aws: MemoryAws, tap: Tap, update: Any) -> None:
    update({"Resources": {"Cluster": database("16.3")}}, {"Resources": {"Cluster": database("16.4")}},
           Cluster=IN_PLACE)
    aws.always["describe_db_clusters"] = refusal("AccessDenied")
    assert tap("plan", "dev", "--json") == 0
    warning, = json.loads(tap.out)["warnings"]
    assert warning.startswith("the version that Cluster runs cannot be read: ")


def test_an_export_that_changes_while_others_import_it_names_them(aws: MemoryAws, tap: Tap, update: Any) -> None:
    update(exporting("vpc"), exporting("network"))
    aws.imports = {"vpc": ["billing", "reports"]}
    assert tap("plan", "dev", "--json") == 0
    assert json.loads(tap.out)["needs_approval"] == ["Vpc"]
    assert tap("deploy", "dev", "--yes") == 4
    assert "Vpc: billing, reports import vpc, which changes" in tap.err


def test_an_export_that_nobody_imports_may_change(tap: Tap, update: Any) -> None:
    update(exporting("vpc"), exporting("network"))
    assert tap("plan", "dev", "--json") == 0
    assert json.loads(tap.out)["needs_approval"] == []

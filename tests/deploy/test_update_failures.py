"""Which updates CloudFormation fails, told from two templates alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from tap.deploy.failures import Failure, failures, is_major
from tap.deploy.replacements import update
from tap.deploy.resource_types import ENGINE_VERSIONS
from tap.template.resolve import resolve

Resources = Mapping[str, Mapping[str, Any]]
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
OTHER_VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}}


def subnet(cidr: str = "10.0.0.0/24", vpc: str = "Vpc", zone: str = "a") -> dict[str, Any]:
    return {"Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": vpc}, "CidrBlock": cidr, "AvailabilityZone": zone}}


def role(name: str | None = "payments", path: str = "/") -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"Path": path, **({"RoleName": name} if name else {})}}


def cluster(version: str) -> dict[str, Any]:
    return {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql", "EngineVersion": version}}


def failing(before: Resources, after: Resources, live: Mapping[str, str] | None = None) -> dict[str, Failure]:
    return failures(update(resolve({"Resources": before}, {}), resolve({"Resources": after}, {})), live)


def test_a_replacement_that_keeps_its_name_fails() -> None:
    found = failing({"Role": role(path="/a/")}, {"Role": role(path="/b/")})
    assert found["Role"].reason == "its replacement is created first, with the same RoleName as the original"


def test_a_replacement_with_another_name_works() -> None:
    assert failing({"Role": role("a", "/a/")}, {"Role": role("b", "/b/")}) == {}


def test_a_replacement_without_a_name_works() -> None:
    assert failing({"Role": role(None, "/a/")}, {"Role": role(None, "/b/")}) == {}


def test_a_replaced_subnet_with_the_same_range_fails() -> None:
    assert "Subnet" in failing({"Vpc": VPC, "Subnet": subnet(zone="a")}, {"Vpc": VPC, "Subnet": subnet(zone="b")})


def test_the_same_range_in_a_vpc_that_is_replaced_works() -> None:
    assert failing({"Vpc": VPC, "Subnet": subnet()}, {"Vpc": OTHER_VPC, "Subnet": subnet()}) == {}


def test_a_range_that_a_removed_subnet_has_until_cleanup_fails() -> None:
    found = failing({"Vpc": VPC, "Old": subnet(zone="a")}, {"Vpc": VPC, "New": subnet(zone="b")})
    assert found["New"].reason == "Old, which is removed last, has the same VpcId and CidrBlock"


def test_a_range_that_another_subnet_has_only_before_the_update_fails() -> None:
    found = failing({"Vpc": VPC, "A": subnet()}, {"Vpc": VPC, "A": subnet("10.0.1.0/24"), "B": subnet()})
    assert "until the update's clean-up" in found["B"].reason


def test_a_type_that_is_deleted_before_it_is_created_may_keep_what_is_unique() -> None:
    def association(table: str) -> Resources:
        return {"Routing": {"Type": "AWS::EC2::SubnetRouteTableAssociation",
                            "Properties": {"SubnetId": "subnet-1", "RouteTableId": table}}}

    assert failing(association("rtb-1"), association("rtb-2")) == {}


def test_a_renamed_resource_is_told_by_the_command_that_moves_it() -> None:
    found = failing({"Old": role()}, {"New": role()})
    assert found["New"].way_out == "the resource has a new logical id: tap rename ENV Old=New"


def test_what_follows_from_a_renamed_resource_is_told_by_the_same_command() -> None:
    found = failing({"Vpc": VPC, "Subnet": subnet()}, {"Network": VPC, "Subnet": subnet(vpc="Network")})
    assert found == {}  # the range is another VPC's
    gateway = {"Type": "AWS::EC2::NatGateway", "Properties": {"AllocationId": "eipalloc-1",
                                                              "SubnetId": {"Ref": "Subnet"}}}
    found = failing({"Vpc": VPC, "Subnet": subnet(), "Nat": gateway},
                    {"Network": VPC, "Subnet": subnet(vpc="Network"), "Nat": gateway})
    assert found["Nat"].way_out == "the resource has a new logical id: tap rename ENV Vpc=Network"


def test_a_subnet_group_cannot_move_to_another_vpc() -> None:
    group = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [{"Ref": "Subnet"}]}}
    found = failing({"Vpc": VPC, "Subnet": subnet(), "Group": group},
                    {"Vpc": OTHER_VPC, "Subnet": subnet(), "Group": group})
    assert found["Group"].reason == "it cannot move to the VPC of Subnet"


def test_a_subnet_group_may_get_a_replaced_subnet_of_its_own_vpc() -> None:
    group = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [{"Ref": "Subnet"}]}}
    assert failing({"Vpc": VPC, "Subnet": subnet(), "Group": group},
                   {"Vpc": VPC, "Subnet": subnet("10.0.1.0/24"), "Group": group}) == {}


EXISTING = dict.fromkeys(("PublicSubnetIds", "PrivateSubnetIds", "DatabaseSubnetIds"), ",".join(
    f"subnet-0000000{zone}" for zone in "123"))
OWN: dict[str, str] = {}
ONE, TWO = ({"VpcId": f"vpc-0000000{number}", **EXISTING} for number in "12")


def changed_parameters(
        template: Mapping[str, Any], before: dict[str, str], after: dict[str, str]) -> dict[str, Failure]:
    return failures(update(resolve(template, {"Environment": "test", **before}),
                           resolve(template, {"Environment": "test", **after})))


@pytest.mark.parametrize(("before", "after"), [(OWN, ONE), (ONE, OWN), (ONE, TWO)])
def test_our_own_stack_cannot_move_to_another_vpc(
        template: Mapping[str, Any], before: dict[str, str], after: dict[str, str]) -> None:
    found = changed_parameters(template, before, after)
    assert {"LoadBalancer", "DatabaseCluster"} <= set(found)
    assert found["LoadBalancer"].way_out == "create a new environment and move data and traffic there"


def test_our_own_stack_may_get_other_subnets_of_its_vpc(template: Mapping[str, Any]) -> None:
    others = {name: value.replace("0000000", "0000001") for name, value in EXISTING.items()}
    assert changed_parameters(template, ONE, {**ONE, **others}) == {}


def test_what_is_in_a_vpc_that_is_removed_cannot_stay() -> None:
    group = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [{"Ref": "Subnet"}]}}
    existing = {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": ["subnet-1"]}}
    found = failing({"Vpc": VPC, "Subnet": subnet(), "Group": group}, {"Group": existing})
    assert found["Group"].reason == "it cannot leave the VPC of Subnet, which is removed"


@pytest.mark.parametrize(("running", "wanted", "fails"), [
    ("16.4", "16.3", True), ("16.4", "15.8", True), ("16.4", "16.5", False), ("16.4", "17.1", False),
    ("16.4", "16", False), ("9.6.1", "10.1", False)])
def test_an_engine_version_lower_than_the_running_one_fails(running: str, wanted: str, fails: bool) -> None:
    assert ("Cluster" in failing({"Cluster": cluster(running)}, {"Cluster": cluster(wanted)})) is fails


def test_a_version_between_the_templates_and_the_running_one_fails() -> None:
    before, after = {"Cluster": cluster("16.3")}, {"Cluster": cluster("16.4")}
    assert failing(before, after) == {}
    assert "the running version 16.6" in failing(before, after, {"Cluster": "16.6"})["Cluster"].reason


@pytest.mark.parametrize(("running", "wanted", "major"), [
    ("16.4", "17.1", True), ("16.4", "16.6", False), ("9.6.1", "9.7.1", True), ("9.6.1", "9.6.2", False),
    ("OpenSearch_2.11", "OpenSearch_3.1", True)])
def test_a_major_upgrade_changes_the_first_number_or_before_10_the_second(
        running: str, wanted: str, major: bool) -> None:
    assert is_major(running, wanted) is major


def test_every_engine_names_the_page_that_rules_downgrades_out() -> None:
    assert all(source.startswith("https://docs.aws.amazon.com/") for _, source in ENGINE_VERSIONS.values())

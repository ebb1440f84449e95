"""E9411."""

import pytest

SECOND = "CidrBlock: 10.0.1.0/24, AvailabilityZone: !Select [0, !GetAZs '']"


def test_subnets_in_one_zone_are_found(found_in_example):
    [message] = found_in_example("E9411")
    assert message.startswith("E9411 `Balancer` → `SubnetA`: all its subnets are in one Availability Zone.")


def test_subnets_by_mapping_are_judged_as_well(found_in_example):
    mapped = "{SubnetMappings: [{SubnetId: !Ref SubnetA}, {SubnetId: !Ref SubnetB}]}"
    assert len(found_in_example("E9411", ("{Subnets: [!Ref SubnetA, !Ref SubnetB]}", mapped))) == 1


@pytest.mark.parametrize("change", [
    (SECOND, "CidrBlock: 10.0.1.0/24"), (SECOND, SECOND.replace("[0,", "[1,")),
    ("{Subnets: [!Ref SubnetA, !Ref SubnetB]}", "{Subnets: [!Ref SubnetA, !ImportValue subnet]}"),
    ("{Subnets: [", "{Type: network, Subnets: [")])
def test_other_zones_other_balancers_and_subnets_from_elsewhere_are_not_found(found_in_example, change):
    assert found_in_example("E9411", change) == []

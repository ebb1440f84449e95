"""E9402."""

import pytest

FINDING = (
    "E9402 `SubnetGroup` → `SubnetA`: all its subnets are in one Availability Zone. "
    "Add a subnet in another Availability Zone.")
ZONE_B = "AvailabilityZone: !Select [1, !GetAZs '']"
# The load balancer needs two zones as well: it is elsewhere.
ELSEWHERE = "      Subnets: [!Ref SubnetA, !Ref SubnetB]\n", "      Subnets: !ImportValue subnets\n"
SUBNETS = "Two zones, SubnetIds: [!Ref SubnetA, !Ref SubnetB]"


@pytest.mark.parametrize("change", [
    (ZONE_B, "AvailabilityZone: !Select [0, !GetAZs '']"),
    (ZONE_B, "AvailabilityZone: us-east-1a"),
    (SUBNETS, "One zone, SubnetIds: [!Ref SubnetA]"),
])
def test_subnets_in_one_zone_are_found(found, change):
    assert found(change, ELSEWHERE) == [FINDING]


def test_the_same_parameter_is_the_same_zone(found):
    assert found((ZONE_B, "AvailabilityZone: !Ref Image"), ELSEWHERE,
                 ("AvailabilityZone: !Select [0, !GetAZs '']", "AvailabilityZone: !Ref Image")) == [FINDING]


@pytest.mark.parametrize("change", [
    (f", {ZONE_B}", ""),
    (ZONE_B, "AvailabilityZone: !Ref Image"),
    (SUBNETS, "Some zones, SubnetIds: [!Ref SubnetA, !ImportValue subnet]"),
    (SUBNETS, "Some zones, SubnetIds: !Split [',', !ImportValue subnets]"),
])
def test_zones_and_subnets_that_are_not_known_are_not_found(found, change):
    assert found(change) == []


def test_a_subnet_group_on_an_outpost_has_one_zone(found):
    zone = "AvailabilityZone: !Select [1, !GetAZs '']"
    outpost = "AvailabilityZone: !Select [0, !GetAZs ''], OutpostArn: !ImportValue outpost"
    assert len(found((zone, "AvailabilityZone: !Select [0, !GetAZs '']"), ELSEWHERE)) == 1
    assert found((zone, outpost), ELSEWHERE) == []

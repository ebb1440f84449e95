"""I9504."""

import pytest

ROUTE = "DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway"


def test_a_function_whose_only_way_out_is_an_internet_gateway_is_found(found_in_example):
    [message] = found_in_example("I9504")
    assert message.startswith("I9504 `Function` → `Subnet`: the subnet's only route leads to an internet gateway.")


@pytest.mark.parametrize("change", [
    (ROUTE, ROUTE.replace("GatewayId: !Ref Gateway", "NatGatewayId: !ImportValue nat")),
    (ROUTE, ROUTE.replace("!Ref Gateway", "!ImportValue gateway")),
    ("SubnetIds: [!Ref Subnet]", "SubnetIds: [!ImportValue subnet]"),
    ("SubnetId: !Ref Subnet", "SubnetId: !ImportValue other")])
def test_another_way_out_or_one_that_is_not_known_is_not_found(found_in_example, change):
    assert found_in_example("I9504", change) == []

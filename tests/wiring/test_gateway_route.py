"""E9405."""

import pytest

DEPENDS_ON = "    DependsOn: Attachment\n"


def test_a_route_that_does_not_wait_for_the_attachment_of_its_gateway_is_found(found):
    assert found((DEPENDS_ON, "")) == [
        "E9405 `Route` → `Attachment`: the route does not wait for the gateway's attachment. Add the attachment to the "
        "route's DependsOn."]


def test_waiting_by_another_resource_counts(found):
    table = "  RouteTable:\n    Type: AWS::EC2::RouteTable\n"
    assert found((DEPENDS_ON, ""), (table, table + DEPENDS_ON)) == []


@pytest.mark.parametrize("gateway", ["!ImportValue gateway", "!Ref Image", "!GetAtt Attachment.InternetGatewayId"])
def test_gateways_from_elsewhere_and_those_that_refer_to_the_attachment_are_not_found(found, gateway):
    route = "0.0.0.0/0, GatewayId: !Ref Gateway}"
    assert found((DEPENDS_ON, ""), (route, route.replace("!Ref Gateway", gateway))) == []
